import Fastify from "npm:fastify@5";
const app = Fastify();
app.get("/hello", () => ({ framework: "fastify" }));
await app.listen({ port: 3000 });
