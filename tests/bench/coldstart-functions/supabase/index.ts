// SPDX-License-Identifier: LGPL-2.1-or-later
import { createClient } from "npm:@supabase/supabase-js@2";

const client = createClient("http://127.0.0.1:1", "no-key");
Deno.serve(() => new Response(client ? "Hello from a function\n" : ""));
