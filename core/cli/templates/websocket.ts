// deno eval 'const s = new WebSocket("ws://127.0.0.1:9000/functions/v1/@NAME@");
//   s.onopen = () => s.send("ahoy"); s.onmessage = (e) => { console.log(e.data); s.close(); }'
Deno.serve((req) => {
  if (req.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return new Response("This function wants a WebSocket.\n", { status: 426 });
  }
  const { socket, response } = Deno.upgradeWebSocket(req);
  socket.onmessage = (event) => socket.send(event.data);
  return response;
});
