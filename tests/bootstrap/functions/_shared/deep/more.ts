import { word } from "../words.ts";
export const more = word + " more";
