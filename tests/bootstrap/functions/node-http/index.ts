import { createServer } from "node:http";

const server = createServer((request, response) => {
  if (request.url === "/throw") throw new Error("in listener");
  console.log("node saw", request.url);
  response.setHeader("x-peer", String(request.socket.remoteAddress));
  response.end("node " + request.url + " " + request.headers.host);
});
server.listen(3000);
