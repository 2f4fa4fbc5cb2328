// SPDX-License-Identifier: LGPL-2.1-or-later
// `/tmp` is the worker's own temporary folder, as on platforms that give each worker a `/tmp`.

const SHARED = "/tmp";

/** How many of the first arguments are paths. */
const TAKERS: Record<string, number> = {
  chmod: 1,
  copyFile: 2,
  create: 1,
  link: 2,
  lstat: 1,
  mkdir: 1,
  open: 1,
  readDir: 1,
  readFile: 1,
  readLink: 1,
  readTextFile: 1,
  realPath: 1,
  remove: 1,
  rename: 2,
  stat: 1,
  symlink: 2,
  truncate: 1,
  utime: 1,
  writeFile: 1,
  writeTextFile: 1,
};
/** Those whose options name a folder. */
const MAKERS = ["makeTempDir", "makeTempFile"];

type Call = (...values: unknown[]) => unknown;

// Kept before user code can replace them.
const { querySync } = Deno.permissions;
const mayRead = (path: string) =>
  querySync.call(Deno.permissions, { name: "read", path }).state === "granted";

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + "/");
}

function toText(path: unknown): string | undefined {
  if (typeof path === "string") return path;
  return path instanceof URL && path.protocol === "file:"
    ? decodeURIComponent(path.pathname)
    : undefined;
}

/** What the function was granted by name below `/tmp`, its own code for instance, stays that. */
function move(path: unknown, folder: string): unknown {
  const text = toText(path);
  if (text === undefined || !isIn(text, SHARED) || isIn(text, folder) || mayRead(text)) {
    return path;
  }
  return folder + text.slice(SHARED.length);
}

function replace(name: string, change: (values: unknown[]) => void): void {
  const space = Deno as unknown as Record<string, Call>;
  const original = space[name];
  if (original === undefined) return;
  const replacement = {
    [name](...values: unknown[]) {
      change(values);
      return original(...values);
    },
  };
  space[name] = replacement[name];
}

export function lendTemporary(folder: string): void {
  for (const name in TAKERS) {
    const change = (values: unknown[]) => {
      for (let i = 0; i < TAKERS[name] && i < values.length; i++) {
        values[i] = move(values[i], folder);
      }
    };
    replace(name, change);
    replace(name + "Sync", change);
  }
  for (const name of MAKERS) {
    const change = (values: unknown[]) => {
      const options = values[0] as { dir?: string } | undefined;
      if (options?.dir !== undefined) {
        values[0] = { ...options, dir: move(options.dir, folder) };
      }
    };
    replace(name, change);
    replace(name + "Sync", change);
  }
}
