import { defineFunction } from "@fluxbase/functions";
export default defineFunction({ name: "old", handler: ({ input }) => input });
