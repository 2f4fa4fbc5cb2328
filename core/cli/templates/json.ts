// curl http://127.0.0.1:9000/functions/v1/@NAME@ --json '{"name":"Ada"}'
export default {
  async fetch(req: Request): Promise<Response> {
    const { name = "world" } = await req.json().catch(() => ({}));
    return Response.json({ message: `Hello, ${name}!` });
  },
};
