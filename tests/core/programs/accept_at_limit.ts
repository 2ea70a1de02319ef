/** Accepts when no descriptor is left, and again when there is one. */
import type { SystemError } from "../../../src/core/errors.ts";
import { UnixListener } from "../../../src/core/listener.ts";
import { UnixSocket } from "../../../src/core/socket.ts";
import { openRuntimesOwn } from "../open_descriptors.ts";

openRuntimesOwn();
const listener = UnixListener.listen(Deno.args[0]);
const client = await UnixSocket.connect(listener.address);
const copies = [];
try {
  for (;;) copies.push(listener.fd.duplicate());
} catch {
  // No descriptor is left.
}
const error = await listener.accept().then(() => undefined, (error) => error as SystemError);
copies.pop()!.close();
const server = await listener.accept();
for (const owned of [...copies, server, client, listener]) owned.close();
console.log(JSON.stringify({
  code: error?.code,
  syscall: error?.syscall,
  advised: error?.message.includes("RLIMIT_NOFILE is reached"),
  acceptedAfterwards: true,
}));
