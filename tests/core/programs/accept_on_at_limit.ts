/** Accepts on and on, in the beginning without a descriptor to do so. */
import { Acceptor } from "../../../src/core/acceptor.ts";
import { UnixListener } from "../../../src/core/listener.ts";
import { UnixSocket } from "../../../src/core/socket.ts";
import { openRuntimesOwn } from "../open_descriptors.ts";

openRuntimesOwn();
const listener = UnixListener.listen(Deno.args[0]);
const clients = await Promise.all(Array.from({ length: 3 }, () => UnixSocket.connect(listener.address)));
const failures: string[] = [];
let accepted = 0;
const { promise, resolve } = Promise.withResolvers<void>();
const acceptor = new Acceptor(listener.fd.duplicate(), {
  onConnection(connection) {
    connection.close();
    if (++accepted === clients.length) resolve();
  },
  onFailure({ code }) {
    failures.push(code);
    // The second time shows that it has tried again.
    if (failures.length === 2) { for (const copy of copies) copy.close(); }
  },
});
const copies = [listener.fd.duplicate()];
try {
  for (;;) copies.push(listener.fd.duplicate());
} catch {
  // No descriptor is left.
}
await promise;
for (const owned of [...clients, acceptor, listener]) owned.close();
console.log(JSON.stringify({ accepted, failures }));
