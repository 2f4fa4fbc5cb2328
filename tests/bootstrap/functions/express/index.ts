import express from "npm:express@4";
const app = express();
app.get("/hello", (request, response) => response.json({ ip: request.ip, query: request.query }));
app.listen(3000);
