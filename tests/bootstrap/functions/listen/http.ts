// As the standard library had it before Deno.serve.
// deno-lint-ignore-file no-explicit-any
type Handler = (request: Request, info: any) => Response | Promise<Response>;

async function answer(event: any, handler: Handler, info: unknown): Promise<void> {
  let response: Response;
  try {
    response = await handler(event.request, info);
  } catch (error) {
    console.error(error);
    response = new Response("caught", { status: 500 });
  }
  await event.respondWith(response).catch(() => {});
}

async function follow(conn: any, handler: Handler): Promise<void> {
  const connection = (Deno as any).serveHttp(conn);
  const info = { localAddr: conn.localAddr, remoteAddr: conn.remoteAddr };
  for (;;) {
    const event = await connection.nextRequest().catch(() => null);
    if (event === null) break;
    void answer(event, handler, info);
  }
  connection.close();
}

export async function serve(handler: Handler, port = 8000): Promise<void> {
  const listener = Deno.listen({ port, hostname: "0.0.0.0", transport: "tcp" });
  console.log("listens on", (listener.addr as Deno.NetAddr).port);
  for (;;) void follow(await listener.accept(), handler);
}
