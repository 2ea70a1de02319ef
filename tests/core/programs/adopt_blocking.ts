/** Adopts a descriptor without O_NONBLOCK, from which nothing more comes, and tells whether the event loop went on. */
import { adoptSocket } from "../../../src/core/adoption.ts";
import { UnixSocket } from "../../../src/core/socket.ts";

const socket = adoptSocket(await UnixSocket.connect("fd:5"));
const first = await new Promise((resolve) =>
  socket.once("data", (chunk: Uint8Array) => resolve(new TextDecoder().decode(chunk)))
);
await new Promise((resolve) => setTimeout(resolve, 20));
console.log(JSON.stringify({ first, timersRan: true }));
socket.destroy();
