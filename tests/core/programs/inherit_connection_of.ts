/** Takes over a connection if it was made by the expected user. */
import type { SystemError } from "../../../src/core/errors.ts";
import { UnixSocket } from "../../../src/core/socket.ts";
import { countOpen } from "../open_descriptors.ts";

const [number, uid] = Deno.args;
const before = countOpen();
try {
  using socket = await UnixSocket.connect(`fd:${number}`, { peerUid: Number(uid) });
  console.log(JSON.stringify({ received: (await socket.receive())!.text }));
} catch (error) {
  console.log(JSON.stringify({ refused: (error as SystemError).code, isOpen: countOpen() >= before }));
}
