/** Receives several messages, one of them with more descriptors than the process may have. */
import type { SocketType } from "../../../src/core/options.ts";
import { startReactor } from "../../../src/core/reactor.ts";
import { UnixSocket } from "../../../src/core/socket.ts";
import { countOpen, openRuntimesOwn } from "../open_descriptors.ts";

openRuntimesOwn();
startReactor();
const [left, right] = UnixSocket.pair(Deno.args[0] as SocketType);
for (const [text, count] of [["a", 2], ["b", 50], ["c", 3]] as const) {
  await left.send(text, { fds: Array.from({ length: count }, () => left.fd) });
}
const copies = [];
try {
  for (;;) copies.push(left.fd.duplicate());
} catch {
  // No descriptor is left.
}
for (const copy of copies.splice(0, 10)) copy.close();
const before = countOpen();
const calls = [];
for (let call = 0; call < 2; call++) {
  const messages = await right.receiveMany();
  calls.push(
    messages.map(({ text, fds, fdsLost, controlTruncated }) => [text, fds.length, fdsLost, controlTruncated]),
  );
  for (const message of messages) message[Symbol.dispose]();
}
console.log(JSON.stringify({ calls, leaked: countOpen() - before }));
for (const fd of copies) fd.close();
left.close();
right.close();
