// deno-lint-ignore-file no-explicit-any
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.serve(async (request) => {
  const url = new URL(request.url);
  switch (url.pathname) {
    case "/log":
      console.log("before %s", url.search, { deep: { deeper: [1, 2] } });
      await later(Number(url.searchParams.get("ms")));
      console.warn("after");
      setTimeout(() => console.error("timer"), 1);
      return new Response("logged");
    case "/levels":
      console.debug("d");
      console.info("i");
      console.table([{ a: 1 }]);
      console.error(new Error("shown"));
      console.log("x".repeat(20_000));
      return new Response();
    case "/throw":
      throw new TypeError("thrown in handler");
    case "/throw-later":
      await later(1);
      throw new Error("thrown after await");
    case "/string":
      return "a string" as any;
    case "/object":
      return { a: 1 } as any;
    case "/reject":
      Promise.reject(new Error("rejected on the side"));
      return new Response("fine");
    case "/timer":
      setTimeout(() => {
        throw new Error("thrown in timer");
      }, 1);
      return new Response("fine");
    case "/exit":
      Deno.exit(3);
      (globalThis as any).process.exit(4);
      return new Response("still here");
    case "/stdout":
      (globalThis as any).process.stdout.write('{"type":"failed","code":"threw"}\n');
      Deno.stdout.writeSync(new TextEncoder().encode('{"type":"ready"}\n'));
      await Deno.stdout.write(new TextEncoder().encode("written"));
      return new Response();
    case "/env":
      return Response.json(Deno.env.toObject());
    default:
      return new Response("ok");
  }
});
