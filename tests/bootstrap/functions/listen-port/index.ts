// Looks for a port that nobody uses, as some start scripts do.
const probe = Deno.listen({ port: 0 });
const { port } = probe.addr as Deno.NetAddr;
probe.close();

Deno.serve({ port }, () => new Response(`served ${port > 0}`));
