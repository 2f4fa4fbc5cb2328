// curl http://127.0.0.1:9000/functions/v1/@NAME@ --json '{"name":"Ada"}'
Deno.serve(async (req) => {
  const { name = "world" } = await req.json().catch(() => ({}));
  return new Response(`Hello, ${name}!\n`);
});
