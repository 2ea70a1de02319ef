/** Tells a service manager something when no descriptor is left, and again when there is one. */
import { notify } from "../../../src/core/notify.ts";
import { startReactor } from "../../../src/core/reactor.ts";
import { UnixSocket } from "../../../src/core/socket.ts";
import { openRuntimesOwn } from "../open_descriptors.ts";

openRuntimesOwn();
startReactor();
const [left, right] = UnixSocket.pair();
const copies = [];
try {
  for (;;) copies.push(left.fd.duplicate());
} catch {
  // No descriptor is left.
}
const atLimit = notify({ STATUS: "at the limit" });
for (const owned of [...copies, left, right]) owned.close();
console.log(JSON.stringify({ atLimit, afterwards: notify({ STATUS: "afterwards" }) }));
