import { explode } from "./lib.ts";

explode();
