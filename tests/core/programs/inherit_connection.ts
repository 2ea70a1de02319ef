/** Takes over a connection and tells what waits in it. */
import { UnixSocket } from "../../../src/core/socket.ts";
import { isCloseOnExec, isNonblocking } from "../open_descriptors.ts";

using socket = await UnixSocket.connect(`fd:${Deno.args[0]}`);
const received = (await socket.receive())!.text;
console.log(JSON.stringify({
  received,
  nonblocking: isNonblocking(socket.fd.number),
  closeOnExec: isCloseOnExec(socket.fd.number),
}));
