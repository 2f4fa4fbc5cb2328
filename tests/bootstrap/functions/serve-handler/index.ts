Deno.serve((request, info) =>
  Response.json({ url: request.url, method: request.method, peer: info.remoteAddr })
);
