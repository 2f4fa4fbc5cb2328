// deno-lint-ignore-file no-explicit-any
declare const secrets: any;

const top = secrets.get("OPENAI_KEY");
let waiting: (() => void)[] = [];

/** Until four requests are here at once. */
function together(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length < 4) return;
    waiting.forEach((go) => go());
    waiting = [];
  });
}

function required(): string {
  try {
    return secrets.getRequired("none");
  } catch (error) {
    return (error as Error).message;
  }
}

export async function handler(req: any) {
  const { pathname } = new URL(req.url);
  if (pathname === "/throw") {
    throw new Error(`${secrets.get("none")} ${Deno.env.get("MY_TOKEN")} ${top} ${secrets.get("short")}`);
  }
  if (pathname === "/slow") await together();
  const later = await new Promise((resolve) => setTimeout(() => resolve(secrets.get("both")), 1));
  return {
    top,
    get: [secrets.get("openai.key"), secrets.get("BOTH"), secrets.get("none") ?? null],
    user: secrets.getUser("both") ?? null,
    system: secrets.getSystem("both"),
    required: required(),
    later,
    header: req.headers.get("x-deno-worker-user-secrets"),
  };
}
