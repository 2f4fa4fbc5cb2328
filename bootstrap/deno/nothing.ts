// SPDX-License-Identifier: LGPL-2.1-or-later
// What "@supabase/functions-js/edge-runtime.d.ts" resolves to: types are for editors, and not worth
// a download before a function may start.
export {};
