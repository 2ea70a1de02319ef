/**
 * A server that sends every packet back, with the descriptors that came in it:
 * `deno run -A examples/echo_server.ts @echo`. It serves one client and ends.
 *
 * @module
 */

import { UnixListener } from "ipcx";

using listener = UnixListener.listen(Deno.args[0] ?? "@echo", { type: "seqpacket" });
console.log(`listening at ${listener.listensAt}`);

using client = await listener.accept();
const { pid, uid } = client.peerCredentials;
console.log(`process ${pid} of user ${uid} has come`);
for await (const message of client) {
  using received = message;
  await client.send(received.data, { fds: received.fds });
}
console.log("and has gone");
