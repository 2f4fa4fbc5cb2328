// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls functions as an application does, and prints what came back as one JSON object.
// Usage: supabase.mjs URL KEY
import { createClient } from "@supabase/supabase-js";
import ws from "ws"; // Node has a WebSocket of its own from version 22 on

const [url, key] = process.argv.slice(2);
const supabase = createClient(url, key, { realtime: { transport: ws } });
const seen = {};

async function call(label, name, options, read) {
  const { data, error, response } = await supabase.functions.invoke(name, options);
  seen[label] = {
    data: read && data ? await read(data) : data,
    error: error && { name: error.name, message: error.message },
    status: response?.status,
  };
  if (error?.context?.text) seen[label].body = await error.context.text();
}

await call("json", "hello-world", { body: { name: "Ada" } });
await call("text", "restful/tasks/7?x=1", { method: "GET" });
await call("put", "restful/tasks/7", { method: "PUT", body: { done: true } });
await call("delete", "restful/tasks/7", { method: "DELETE" });
await call("string", "kinds", { body: "plain text" });
await call("form", "kinds", { body: form() });
await call("buffer", "kinds", { body: new TextEncoder().encode("bytes").buffer });
await call("blob", "binary", { method: "GET" }, async (blob) => [...new Uint8Array(await blob.arrayBuffer())]);
await call("events", "events", { method: "GET" }, (response) => response.text());
await call("own error", "hello-world", { body: {} });
await call("unknown", "no-such-function", {});
await call("broken", "broken", {});
await call("throws", "throws", {});
await call("not a response", "not-a-response", {});
await call("region", "hello-world", { body: { name: "R" }, region: "eu-west-1" });

const response = await fetch(`${url}/functions/v1/hello-world`, { method: "POST", body: "{}" });
seen["no key"] = { status: response.status };

console.log(JSON.stringify(seen));

function form() {
  const data = new FormData();
  data.set("field", "value");
  data.set("file", new Blob(["content"], { type: "text/plain" }), "f.txt");
  return data;
}
