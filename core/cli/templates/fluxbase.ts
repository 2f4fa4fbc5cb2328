// curl http://127.0.0.1:9000/functions/v1/@NAME@ --json '{"name":"Ada"}'
// What it returns is the answer: an object with a status, or any value, which becomes JSON.
// deno-lint-ignore no-explicit-any
async function handler(req: any) {
  const { name = "world" } = await req.json().catch(() => ({}));
  return { message: `Hello, ${name}!` };
}
