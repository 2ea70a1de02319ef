/** Connects once and tells how that failed. */
import type { SystemError } from "../../../src/core/errors.ts";
import { UnixSocket } from "../../../src/core/socket.ts";

try {
  (await UnixSocket.connect(Deno.args[0])).close();
  console.log(JSON.stringify({ code: "none" }));
} catch (error) {
  const { code, message } = error as SystemError;
  console.log(JSON.stringify({ code, message }));
}
