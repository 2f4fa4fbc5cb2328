interface Answer {
  hidden: boolean;
}

async function handler(req: Request): Promise<Answer> {
  if (req.url.endsWith("/throw")) {
    throw new Error("line eight");
  }
  await Promise.resolve();
  return { hidden: true };
}
