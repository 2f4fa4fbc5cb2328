const there = await import("./nowhere.ts").then(() => true, () => false);
Deno.serve(() => new Response(String(there)));
