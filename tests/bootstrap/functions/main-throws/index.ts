if (import.meta.main) {
  throw new Error("as main");
}
