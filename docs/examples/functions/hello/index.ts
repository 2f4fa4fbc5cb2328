// The shortest function there is.
//   curl http://127.0.0.1:9000/functions/v1/hello
Deno.serve((req) => {
  console.log("saying hello to", req.headers.get("user-agent") ?? "somebody");
  return new Response("Hello from Weir!\n");
});
