/** Receives more descriptors than the process may have, and tells what stays of them. */
import type { SocketType } from "../../../src/core/options.ts";
import { startReactor } from "../../../src/core/reactor.ts";
import { UnixSocket } from "../../../src/core/socket.ts";
import { countOpen, openRuntimesOwn } from "../open_descriptors.ts";

openRuntimesOwn();
startReactor();
const [left, right] = UnixSocket.pair(Deno.args[0] as SocketType);
await left.send("x", { fds: Array.from({ length: 50 }, () => left.fd) });
await left.send("y", { fds: [left.fd, left.fd, left.fd] });
const copies = [];
try {
  for (;;) copies.push(left.fd.duplicate());
} catch {
  // No descriptor is left.
}
for (const copy of copies.splice(0, 10)) copy.close();
const before = countOpen();
const message = (await right.receive())!;
const leaked = countOpen() - before - message.fds.length;
const next = (await right.receive())!;
console.log(JSON.stringify({
  data: message.text,
  fds: message.fds.length,
  controlTruncated: message.controlTruncated,
  fdsLost: message.fdsLost,
  leaked,
  afterwards: next.fds.length,
}));
for (const fd of [...copies, ...next.takeFds()]) fd.close();
left.close();
right.close();
