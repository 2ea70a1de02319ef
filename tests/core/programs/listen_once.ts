/** Listens at a path, for an owner if one is given, and tells how that went. */
import type { SystemError } from "../../../src/core/errors.ts";
import { UnixListener } from "../../../src/core/listener.ts";

const [path, uid] = Deno.args;
try {
  UnixListener.listen(path, uid === undefined ? {} : { uid: Number(uid) }).close();
  console.log(JSON.stringify({ error: "none" }));
} catch (error) {
  const { code, message } = error as SystemError;
  console.log(JSON.stringify({ error: code ?? String(error), message }));
}
