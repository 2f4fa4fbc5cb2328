// The form that Fluxbase knows: a function called handler, exported or not. What it returns is
// the answer: an object with a status, or any value, which becomes JSON.
//   curl http://127.0.0.1:9000/fluxbase --json '{"price":20,"count":3}'
// deno-lint-ignore no-explicit-any
async function handler(req: any) {
  const { price = 0, count = 1 } = await req.json().catch(() => ({}));
  if (typeof price !== "number" || typeof count !== "number") {
    return { status: 400, body: JSON.stringify({ error: "price and count are numbers" }) };
  }
  return { total: price * count };
}
