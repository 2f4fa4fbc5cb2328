export default async function (request: Request): Promise<Response> {
  return new Response("default " + await request.text());
}
