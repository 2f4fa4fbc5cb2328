// SPDX-License-Identifier: LGPL-2.1-or-later
// A gateway as one would write it in Node: http in front, a keep-alive agent on the worker's
// Unix socket behind. Usage: node-gateway.mjs PORT SOCKET
import http from "node:http";

const [port, socketPath] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 512, maxFreeSockets: 512 });

const server = http.createServer((req, res) => {
  const upstream = http.request(
    { socketPath, agent, method: req.method, path: req.url, headers: req.headers },
    (answer) => {
      res.writeHead(answer.statusCode, answer.headers);
      answer.pipe(res);
    },
  );
  upstream.on("error", () => {
    if (!res.headersSent) res.writeHead(502);
    res.end();
  });
  req.pipe(upstream);
});
server.keepAliveTimeout = 75_000;
server.listen(Number(port), "127.0.0.1", () => console.log("ready"));
