let heard: unknown = null;
const server = Deno.serve(
  { port: 4321, hostname: "127.0.0.9", onListen: (address) => heard = address },
  () => Response.json({ addr: server.addr, heard, members: Object.keys(server).sort() }),
);
