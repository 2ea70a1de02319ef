/** In another network namespace than its listener: connects to that one's name, takes the name, and serves the listener. */
import type { SystemError } from "../../../src/core/errors.ts";
import { UnixListener } from "../../../src/core/listener.ts";
import { UnixSocket } from "../../../src/core/socket.ts";

const [name, number] = Deno.args;
using passed = UnixListener.listen(`fd:${number}`);
const { code, message } = await UnixSocket.connect(name).then(() => ({}) as SystemError, (error) => error);
using own = UnixListener.listen(name);
console.log(JSON.stringify({ code, message, listened: own.fd.isOpen }));
using client = await passed.accept();
console.log((await client.receive())!.text);
