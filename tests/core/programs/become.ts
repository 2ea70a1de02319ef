/** Becomes another program, with a connection in which "hello" waits. */
import { exec } from "../../../src/core/exec.ts";
import { startReactor } from "../../../src/core/reactor.ts";
import { UnixSocket } from "../../../src/core/socket.ts";

startReactor();
const [number, command, ...args] = Deno.args;
const [left, right] = UnixSocket.pair();
await left.send("hello");
exec(command, args, { fds: { [Number(number)]: right.fd }, env: { ...Deno.env.toObject(), ODD: "grüße=\n" } });
