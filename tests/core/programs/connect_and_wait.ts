/** Connects, and stays until its standard input ends. */
import { UnixSocket } from "../../../src/core/socket.ts";

using _socket = await UnixSocket.connect(Deno.args[0]);
for await (const _chunk of Deno.stdin.readable);
