// JSON in, JSON out, with a module from _shared.
//   curl http://127.0.0.1:9000/functions/v1/json --json '{"name":"Ada"}'
import { nameFrom } from "../_shared/name.ts";

export default {
  async fetch(req: Request): Promise<Response> {
    return Response.json({
      message: `Hello, ${await nameFrom(req)}!`,
      method: req.method,
      url: req.url,
    });
  },
};
