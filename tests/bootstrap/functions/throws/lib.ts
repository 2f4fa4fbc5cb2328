export function explode(): never {
  const reason: string = "at the top";
  throw new RangeError(reason, { cause: new Error("deeper") });
}
