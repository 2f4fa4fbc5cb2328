async function attempt(action: () => unknown): Promise<string> {
  try {
    await action();
    return "allowed";
  } catch (error) {
    return (error as Error).name;
  }
}

const directory = Deno.env.get("OUTSIDE");
// The way round the /tmp that is its own.
const socket = "/." + Deno.env.get("OWN_SOCKET");

const atLoad = {
  look: await attempt(() => Deno.lstatSync(socket)),
  connect: await attempt(() => Deno.connect({ transport: "unix", path: socket })),
  listen: await attempt(() => Deno.listen({ transport: "unix", path: socket })),
  remove: await attempt(() => Deno.removeSync(socket)),
};

Deno.serve(async () =>
  Response.json({
    passwd: await attempt(() => Deno.readTextFile("/etc/passwd")),
    proc: await attempt(() => Deno.readTextFile("/proc/self/environ")),
    spawn: await attempt(() => new Deno.Command("/bin/true").output()),
    ffi: await attempt(() => Deno.dlopen("/lib/x86_64-linux-gnu/libc.so.6", {})),
    writeOwn: await attempt(() => Deno.writeTextFile(new URL("made.txt", import.meta.url), "")),
    kill: await attempt(() => Deno.kill(1, "SIGTERM")),
    readOwn: await attempt(() => Deno.readTextFile(new URL("index.ts", import.meta.url))),
    temporary: await attempt(async () => Deno.remove(await Deno.makeTempFile())),
    hostname: await attempt(() => Deno.hostname()),
    ...atLoad,
    outside: await attempt(() => Deno.readTextFile(directory + "/page.html")),
  })
);
