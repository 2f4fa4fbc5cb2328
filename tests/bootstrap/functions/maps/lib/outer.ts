import { inner } from "inner";
export const outer = "outer and " + inner;
