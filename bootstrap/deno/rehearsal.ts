// SPDX-License-Identifier: LGPL-2.1-or-later
// What a standby does while nobody waits: it loads a function and answers requests for once.
// The first time takes ten times as long as the second one: what V8 has not compiled, what
// Deno has not loaded, what the processor has not seen.

import { type Command, CommandReader } from "../common/protocol.ts";
import { mute } from "./host.ts";
import { Loading } from "./loading.ts";
import { closeSocket, revokeReads } from "./permissions.ts";
import { listenEarly } from "./server.ts";
import { later } from "./timers.ts";

const BODY = '{"name":"rehearsal"}';
const REQUESTS = [
  "GET http://localhost/ HTTP/1.1\r\n",
  `POST http://localhost/ HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n`,
];
const FIELDS = "host: localhost\r\nx-request-id: 0\r\nx-deno-client-address: 127.0.0.1:1\r\n" +
  "connection: close\r\n\r\n";
const ROUNDS = 3;
const VARIABLE = "WEIR_REHEARSAL";

function makeCommand(socket: string): Command {
  const reader = new CommandReader();
  const command = {
    type: "load",
    name: "rehearsal",
    entry: new URL("./rehearsed.ts", import.meta.url).href,
    socket,
    env: { [VARIABLE]: "" },
    mode: "import",
    directory: Deno.cwd(),
    revoke: [],
    keep_socket: true,
  };
  reader.push(new TextEncoder().encode(JSON.stringify(command) + "\n"));
  return reader.next()!;
}

async function ask(socket: string, head: string): Promise<void> {
  const connection = await Deno.connect({ transport: "unix", path: socket });
  const buffer = new Uint8Array(512);
  const body = head.startsWith("POST") ? BODY : "";
  await connection.write(new TextEncoder().encode(head + FIELDS + body));
  while (await connection.read(buffer) !== null);
  connection.close();
}

/** To give a permission back drops whatever covers it, for good: so only one that is none. */
function giveBackNothing(): void {
  const path = "/weir-rehearsal";
  const isGranted = (name: "read" | "write") =>
    Deno.permissions.querySync({ name, path }).state === "granted";
  if (isGranted("read") || isGranted("write")) return;
  revokeReads([path]);
  closeSocket(path);
}

async function tryImport(name: string, options?: ImportCallOptions): Promise<void> {
  try {
    await import(name, options);
  } catch {
    // The function will find it, or say why not.
  }
}

/** Deno finds the packages that a module may ask for before it runs; this one never does ask, so
 * nothing of them is loaded. Then each is read for once, as a text, so that nothing of it runs: what
 * describes it takes longer to be understood than its modules to be loaded. */
export async function findPackages(names: string[]): Promise<void> {
  if (names.length === 0) return;
  const imports = names.map((name) => `import(${JSON.stringify(name)})`);
  await tryImport("data:text/javascript," + encodeURIComponent(`() => [${imports}];`));
  for (const name of names) await tryImport(name, { with: { type: "text" } });
}

export async function rehearse(socket: string): Promise<void> {
  const end = listenEarly(socket);
  mute(true);
  try {
    const command = makeCommand(socket);
    if (command.type !== "load") return;
    giveBackNothing();
    await new Promise<void>((resolve) => later(resolve, 0));
    const loading = new Loading(command, { ready() {}, fail() {} });
    await loading.prepare();
    await loading.evaluate();
    for (let round = 0; round < ROUNDS; round++) {
      for (const request of REQUESTS) await ask(socket, request);
    }
  } catch {
    // Without the permission to connect it stays a little colder.
  } finally {
    Deno.env.delete(VARIABLE);
    mute(false);
    end();
  }
}
