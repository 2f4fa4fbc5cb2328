import { serve } from "./http.ts";

await serve(async (request, { localAddr, remoteAddr }) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/throw") throw new Error("thrown in handler");
  if (pathname === "/socket") {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.send("echo " + data);
    return response;
  }
  console.log("before", pathname);
  const body = await request.text();
  console.log("after", pathname);
  return Response.json({ url: request.url, body, localAddr, remoteAddr });
}, 4321);
