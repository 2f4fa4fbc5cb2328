// deno-lint-ignore-file no-explicit-any
// Held on to before there is a server, as frameworks do.
const { listen, serveHttp } = Deno as any;

async function follow(conn: any): Promise<void> {
  for await (const { request, respondWith } of serveHttp(conn)) {
    const { pathname } = new URL(request.url);
    if (pathname === "/close") conn.close();
    else if (pathname === "/raw") await conn.read(new Uint8Array(1)).catch(() => {});
    else await respondWith(Promise.resolve(pathname === "/nothing" ? {} : new Response("looped"))).catch(() => {});
  }
}

async function accept(): Promise<void> {
  for await (const conn of listen({ port: 80 })) void follow(conn);
}

void accept();
