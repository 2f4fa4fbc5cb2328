async function attempt(action: () => unknown): Promise<unknown> {
  try {
    return await action() ?? null;
  } catch (error) {
    return (error as Error).name;
  }
}

Deno.serve(async () => {
  const own = Deno.env.get("TMPDIR")!;
  return Response.json({
    write: await attempt(() => Deno.writeTextFile("/tmp/note.txt", "hello")),
    read: await attempt(() => Deno.readTextFileSync(new URL("file:///tmp/note.txt"))),
    rename: await attempt(() => Deno.rename("/tmp/note.txt", "/tmp/note.md")),
    make: await attempt(async () =>
      (await Deno.makeTempFile({ dir: "/tmp", prefix: "made-" })).startsWith(own + "/made-")
    ),
    list: await attempt(() => [...Deno.readDirSync("/tmp")].map(({ name }) => name.slice(0, 5)).sort()),
    byName: await attempt(() => Deno.readTextFile(own + "/note.md")),
    elsewhere: await attempt(() => Deno.writeTextFile("/tmpfile", "")),
    above: await attempt(() => Deno.readTextFile("/tmp/../etc/passwd")),
    others: await attempt(() => Deno.readTextFile(Deno.env.get("OUTSIDE")! + "/page.html")),
    code: await attempt(() => Deno.readTextFile(import.meta.filename!).then(() => "read")),
  });
});
