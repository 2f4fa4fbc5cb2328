// SPDX-License-Identifier: LGPL-2.1-or-later
// What a standby does while nobody waits: everything once that its function will need first.

import { serveEarly, textResponse } from "./server.ts";

const REQUEST = "GET http://localhost/ HTTP/1.1\r\nhost: localhost\r\n" +
  "x-request-id: 0\r\nx-deno-client-address: 127.0.0.1:1\r\nconnection: close\r\n\r\n";

/** The first request of a process takes ten times as long as the second one. */
async function answerOnce(socket: string): Promise<void> {
  const connection = await Deno.connect({ transport: "unix", path: socket });
  const buffer = new Uint8Array(512);
  await connection.write(new TextEncoder().encode(REQUEST));
  while (await connection.read(buffer) !== null);
  connection.close();
}

export async function warmUp(socket: string): Promise<void> {
  serveEarly(socket, () => textResponse(200, ""));
  try {
    for (let round = 0; round < 3; round++) await answerOnce(socket);
  } catch {
    // Without the permission to connect it stays a little colder.
  }
}
