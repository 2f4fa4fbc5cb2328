// Server-sent events: the time, once a second, until the client has seen enough.
//   curl -N http://127.0.0.1:9000/functions/v1/stream
Deno.serve((req) => {
  const encoder = new TextEncoder();
  let timer: ReturnType<typeof setInterval> | undefined;

  const body = new ReadableStream({
    start(controller) {
      const tick = () => {
        controller.enqueue(encoder.encode(`data: ${new Date().toISOString()}\n\n`));
      };
      tick();
      timer = setInterval(tick, 1000);
    },
    cancel() {
      clearInterval(timer);
    },
  });
  req.signal.addEventListener("abort", () => clearInterval(timer));

  return new Response(body, {
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" },
  });
});
