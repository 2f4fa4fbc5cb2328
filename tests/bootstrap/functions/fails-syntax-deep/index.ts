import "../fails-syntax/index.ts";
