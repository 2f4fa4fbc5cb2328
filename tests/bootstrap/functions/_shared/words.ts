export const word: string = "shared";
