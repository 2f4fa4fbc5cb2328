// SPDX-License-Identifier: LGPL-2.1-or-later
// Gives back what this process needed to become any function, before the function runs.

// Kept before user code can replace them.
const permissions = Deno.permissions;
const chdir = Deno.chdir;
const revoke = permissions.revokeSync.bind(permissions);
const connectsAnywhere = permissions.querySync({ name: "net" }).state === "granted";

/** Each path was granted by itself: Deno drops every grant that covers a path which is revoked. */
export function revokeReads(paths: string[] = []): void {
  for (const path of paths) revoke({ name: "read", path });
}

/** The server goes on listening; nothing else can be done with its socket. */
export function closeSocket(path: string): void {
  revoke({ name: "read", path });
  revoke({ name: "write", path });
  if (connectsAnywhere) return;
  try {
    revoke({ name: "net", host: "unix:" + path });
  } catch {
    // A Deno to which a socket is no host.
  }
}

/** Everything that was needed of it has been read. */
export function concealEnvironment(): void {
  revoke({ name: "env" });
}

/** A standby was started before it was known where. */
export function enterFolder(directory: string): void {
  try {
    chdir(directory);
  } catch {
    // Not a folder of the function's own: it is there already.
  }
}
