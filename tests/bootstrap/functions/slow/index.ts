Deno.serve(async () => {
  console.log("begun");
  await new Promise((resolve) => setTimeout(resolve, 200));
  return new Response("slow but whole");
});
