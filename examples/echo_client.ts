/**
 * Sends a packet with an open file in it to examples/echo_server.ts, and reads
 * from the file that comes back: `deno run -A examples/echo_client.ts @echo`.
 *
 * @module
 */

import { adoptStreams, UnixSocket } from "ipcx";

using server = await UnixSocket.connect(Deno.args[0] ?? "@echo", { type: "seqpacket" });
const [near, far] = UnixSocket.pair();
await server.send("one socket, please keep it open", { fds: [far.fd] });
far.close();

using reply = (await server.receive())!;
console.log(`back came "${reply.text}" and ${reply.fds.length} descriptor`);

await near.send("the way is the same as before");
near.close();
const { readable, writable } = adoptStreams(UnixSocket.fromFd(reply.takeFds()[0]));
await writable.close();
console.log(await new Response(readable).text());
