/** Leaves sockets open; awaits something on one of them, or nothing. */
import { UnixAddress } from "../../../src/core/address.ts";
import { UnixListener } from "../../../src/core/listener.ts";
import { UnixSocket } from "../../../src/core/socket.ts";

const [what] = Deno.args;
const [left, right] = UnixSocket.pair();
const listener = UnixListener.listen(UnixAddress.unnamed);

/** Has been waited for and served once, so that it is registered. */
async function serveOnce(): Promise<void> {
  const receiving = right.receive();
  await left.send("x");
  await receiving;
}

async function afterLine(task: () => unknown): Promise<void> {
  await Deno.stdin.read(new Uint8Array(100));
  await task();
}

await serveOnce();
if (what === "message") {
  const receiving = right.receive();
  console.log("awaiting");
  afterLine(() => left.send("x"));
  await receiving;
} else if (what === "connection") {
  const accepting = listener.accept();
  console.log("awaiting");
  afterLine(() => UnixSocket.connect(listener.address));
  await accepting;
} else if (what === "room") {
  while (left.trySend(new Uint8Array(65536)) !== undefined);
  const sending = left.send("x");
  console.log("awaiting");
  afterLine(async () => {
    while (right.tryReceive());
    await sending;
  });
  await sending;
}
console.log(what === "nothing awaited" ? "the end" : "got it");
