/** Takes over a descriptor and tells what became of it. */
import { Fd } from "../../../src/core/fd.ts";
import { UnixSocket } from "../../../src/core/socket.ts";
import { isCloseOnExec, isOpen, targetOf } from "../open_descriptors.ts";

const number = Number(Deno.args[0]);
const fd = Fd.inherit(number);
// The next descriptors that are opened take the lowest free numbers.
const pair = number === 0 ? UnixSocket.pair() : [];
console.log(JSON.stringify({
  content: Deno.readTextFileSync(`/proc/self/fd/${fd.number}`),
  closeOnExec: isCloseOnExec(fd.number),
  stillOpen: isOpen(number),
  standardInput: targetOf(0),
}));
for (const socket of pair) socket.close();
fd.close();
