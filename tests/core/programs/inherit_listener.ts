/** Serves one client on a listener that it was started with. */
import { UnixListener } from "../../../src/core/listener.ts";
import { UnixSocket } from "../../../src/core/socket.ts";

const [address] = Deno.args;
const listener = UnixListener.listen("fd:3");
const client = await UnixSocket.connect(address);
const server = await listener.accept();
await server.send("yes");
const served = (await client.receive())!.text;
const { type, listensAt } = listener;
for (const socket of [client, server, listener]) socket.close();
const fileStays = await Deno.lstat(address).then(() => true, () => false);
console.log(JSON.stringify({ type, listensAt: `${listensAt}`, served, fileStays }));
