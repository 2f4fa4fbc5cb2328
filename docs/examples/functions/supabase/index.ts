// Made for supabase.functions.invoke("supabase", { body: { name: "Ada" } }) in a browser.
import { corsHeaders } from "_shared/cors.ts";
import { nameFrom } from "../_shared/name.ts";

Deno.serve(async (req) => {
  if (req.method === "OPTIONS") {
    return new Response("ok", { headers: corsHeaders });
  }
  return Response.json({ message: `Hello, ${await nameFrom(req)}!` }, { headers: corsHeaders });
});
