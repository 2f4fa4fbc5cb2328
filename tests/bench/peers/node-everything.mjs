// SPDX-License-Identifier: LGPL-2.1-or-later
// The gateway of node-gateway.mjs with what Weir does for everything.py, as one would write it with
// nothing but Node: a token that is checked once, a bucket for each caller, CORS, request ids, and
// an access log in batches. Usage: SECRET=… PAGE=… node-everything.mjs PORT SOCKET
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import http from "node:http";

const [port, socketPath] = process.argv.slice(2);
const { SECRET, PAGE } = process.env;
const RATE = 150_000; // a second
const BURST = 10_000_000;
const MOST_TOKENS = 4096;
const LOG_MS = 3;
const LOG_LENGTH = 65_536;
const agent = new http.Agent({ keepAlive: true, maxSockets: 512, maxFreeSockets: 512 });

const tokens = new Map();

function check(token) {
  const [head, body, signature] = token.split(".");
  if (signature === undefined) return undefined;
  if (JSON.parse(Buffer.from(head, "base64url")).alg !== "HS256") return undefined;
  const expected = createHmac("sha256", SECRET).update(`${head}.${body}`).digest();
  const given = Buffer.from(signature, "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  return JSON.parse(Buffer.from(body, "base64url"));
}

function authenticate(header) {
  if (!header?.startsWith("Bearer ")) return undefined;
  const token = header.slice(7);
  let claims = tokens.get(token);
  if (claims === undefined) {
    try {
      claims = check(token);
    } catch {
      claims = undefined;
    }
    if (claims === undefined) return undefined;
    if (tokens.size >= MOST_TOKENS) tokens.clear();
    tokens.set(token, claims);
  }
  return claims.exp * 1000 > Date.now() ? claims : undefined;
}

const buckets = new Map();

function takeToken(caller, now) {
  let bucket = buckets.get(caller);
  if (bucket === undefined) buckets.set(caller, bucket = { level: BURST, at: now });
  bucket.level = Math.min(BURST, bucket.level + (now - bucket.at) / 1000 * RATE);
  bucket.at = now;
  if (bucket.level < 1) return undefined;
  return Math.floor(--bucket.level);
}

let lines = "";
let timer;

function flush() {
  clearTimeout(timer);
  timer = undefined;
  process.stdout.write(lines);
  lines = "";
}

function log(entry) {
  lines += JSON.stringify(entry) + "\n";
  if (lines.length >= LOG_LENGTH) flush();
  else timer ??= setTimeout(flush, LOG_MS);
}

function refuse(res, status, code, id) {
  res.writeHead(status, { "content-type": "application/json", "x-request-id": id });
  res.end(JSON.stringify({ error: { code, request_id: id } }));
}

const server = http.createServer((req, res) => {
  if (req.url === "/health") return void res.end("ok");
  const started = performance.now();
  const id = randomBytes(12).toString("hex");
  const claims = authenticate(req.headers.authorization);
  res.on("close", () =>
    log({
      type: "request",
      time: new Date().toISOString(),
      method: req.method,
      target: req.url,
      status: res.statusCode,
      ms: performance.now() - started,
      client: req.socket.remoteAddress,
      subject: claims?.sub,
      request_id: id,
    }));
  if (claims === undefined) return refuse(res, 401, "unauthorized", id);
  const remaining = takeToken(claims.sub, started);
  if (remaining === undefined) return refuse(res, 429, "rate-limited", id);
  const headers = { ...req.headers, "x-request-id": id };
  const upstream = http.request(
    { socketPath, agent, method: req.method, path: req.url, headers },
    (answer) => {
      const fields = { ...answer.headers, "x-request-id": id };
      fields["x-ratelimit-limit"] = BURST;
      fields["x-ratelimit-remaining"] = remaining;
      if (req.headers.origin === PAGE) {
        fields["access-control-allow-origin"] = PAGE;
        fields.vary = "Origin";
      }
      res.writeHead(answer.statusCode, fields);
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
server.listen(Number(port), "127.0.0.1");
