// deno-lint-ignore-file no-explicit-any
export async function handler(req: any, fluxbase: any, fluxbaseService: any, utils: any) {
  const { pathname } = new URL(req.url);
  switch (pathname) {
    case "/status":
      return { status: 201, headers: { "x-count": 3 }, body: { made: true } };
    case "/text":
      return { status: 200, body: "text" };
    case "/response":
      return new Response(new Uint8Array([0, 255, 1]), { status: 202 });
    case "/undefined":
      return undefined;
    case "/throw":
      throw new Error("handler failed");
    default:
      return {
        method: req.method,
        body: req.body,
        json: await req.clone().json().catch(() => null),
        plain: req.headers["x-one"],
        got: req.headers.get("X-One"),
        has: req.headers.has("x-two"),
        params: req.params,
        user: req.user,
        legacy: req.legacy.body,
        isRequest: req instanceof Request,
        clients: [fluxbase, fluxbaseService],
        context: utils.getExecutionContext(),
        cancelled: await utils.isCancelled(),
        payload: utils.getPayload(),
      };
  }
}
