// SPDX-License-Identifier: LGPL-2.1-or-later
// The global `secrets`: those of the user who calls, then those of all functions. And what hides
// them in what clients are told.

import { requestSecrets } from "./context.ts";

type Values = Record<string, string>;

const SECRET_NAME = /SECRET|KEY|TOKEN|PASSWORD|CREDENTIAL|AUTH|PRIVATE/i;
const SHORTEST = 3;

let system: Values = {};
let environment: Values = {};

/** "openai.key" and "OPENAI_KEY" are one name. */
function fold(name: unknown): string {
  return String(name).toUpperCase().replaceAll(".", "_");
}

export function foldSecrets(values: Values): Values {
  const folded: Values = Object.create(null);
  for (const name in values) folded[fold(name)] = values[name];
  return folded;
}

/** In place of the caller's secrets: why they are not there. No secret has this name. */
const EXCUSE = "";

function getUser(name: string): string | undefined {
  const own = requestSecrets();
  if (own?.[EXCUSE] !== undefined) throw new Error(own[EXCUSE]);
  return own?.[fold(name)];
}

function getSystem(name: string): string | undefined {
  return system[fold(name)];
}

function get(name: string): string | undefined {
  return getUser(name) ?? getSystem(name);
}

function getRequired(name: string): string {
  const value = get(name);
  if (value === undefined) {
    throw new Error(`The secret ${name} is not set: weir secrets set ${name}`);
  }
  return value;
}

export function installSecrets(secrets: Values = {}, env: Values = {}): void {
  system = foldSecrets(secrets);
  environment = env;
  Object.defineProperty(globalThis, "secrets", {
    value: Object.freeze({ get, getRequired, getUser, getSystem }),
    writable: true,
    configurable: true,
  });
}

function* sensitive(): Generator<string> {
  yield* Object.values(system);
  for (const [name, value] of Object.entries(requestSecrets() ?? {})) {
    if (name !== EXCUSE) yield value;
  }
  for (const name in environment) if (SECRET_NAME.test(name)) yield environment[name];
}

export function mask(text: string): string {
  const values = [...sensitive()].filter((value) => value.length >= SHORTEST);
  values.sort((a, b) => b.length - a.length);
  for (const value of values) text = text.replaceAll(value, "***");
  return text;
}
