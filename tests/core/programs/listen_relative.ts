/** Serves one client at a relative path and tells whether the file is left behind. */
import { UnixListener } from "../../../src/core/listener.ts";
import { UnixSocket } from "../../../src/core/socket.ts";

const [path] = Deno.args;
const listener = UnixListener.listen(path);
const client = await UnixSocket.connect(path);
const server = await listener.accept();
await client.send("x");
const served = (await server.receive())?.text === "x";
for (const socket of [client, server, listener]) socket.close();
const isLeft = await Deno.lstat(path).then(() => true, () => false);
console.log(JSON.stringify({ served, isLeft }));
