import data from "./data.json" with { type: "json" };
import { add } from "./add.wasm";
const fetched = await WebAssembly.instantiateStreaming(fetch(new URL("add.wasm", import.meta.url)));
const text = await Deno.readTextFile(new URL("./note.txt", import.meta.url));
const relative = Deno.readTextFileSync("note.txt");
const sum = (fetched.instance.exports.add as (a: number, b: number) => number)(20, 22);
Deno.serve(() =>
  Response.json({ answer: data.answer, add: add(1, 2), sum, text, same: text === relative })
);
