async function main() {
  await new Promise((resolve) => setTimeout(resolve, 20));
  Deno.serve(() => new Response("late"));
}
main();
