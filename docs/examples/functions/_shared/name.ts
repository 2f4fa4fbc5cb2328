// The name somebody wants to be called by: from ?name=, else from a JSON body, else the world.
export async function nameFrom(req: Request): Promise<string> {
  const asked = new URL(req.url).searchParams.get("name");
  if (asked) return asked;
  const body = await req.json().catch(() => null);
  return typeof body?.name === "string" && body.name !== "" ? body.name : "world";
}
