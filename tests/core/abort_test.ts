import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, ownName } from "../claim.ts";

const REASON = new Error("enough");

/** A signal that counts those who listen to it. */
function counted(): { controller: AbortController; signal: AbortSignal; listeners: () => number } {
  const controller = new AbortController();
  const { signal } = controller;
  const listening = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (type: string, listener: EventListenerOrEventListenerObject, options?: object) => {
    listening.add(listener);
    add(type, listener, options);
  };
  signal.removeEventListener = (type: string, listener: EventListenerOrEventListenerObject) => {
    listening.delete(listener);
    remove(type, listener);
  };
  return { controller, signal, listeners: () => listening.size };
}

async function fullListener(): Promise<{ listener: UnixListener; clients: UnixSocket[] }> {
  const listener = UnixListener.listen(ownName(), { backlog: 0 });
  return { listener, clients: [await UnixSocket.connect(listener.address)] };
}

function fill(socket: UnixSocket): void {
  while (socket.trySend(new Uint8Array(65536)) !== undefined);
}

claim("a signal that was aborted before prevents everything", async () => {
  const signal = AbortSignal.abort(REASON);
  const [left, right] = UnixSocket.pair();
  using listener = UnixListener.listen(ownName());
  using waiting = await UnixSocket.connect(listener.address);
  await left.send("there");
  for (
    const use of [
      () => left.send("never", { signal }),
      () => right.receive({ signal }),
      () => listener.accept({ signal }),
      () => UnixSocket.connect(listener.address, { signal }),
    ]
  ) assertStrictEquals(await assertRejects(use), REASON);
  assertEquals((await right.receive())!.text, "there");
  assertEquals(right.tryReceive(), undefined);
  (await listener.accept()).close();
  assertEquals(listener.tryAccept(), undefined);
  assertEquals(await waiting.receive(), null);
  left.close();
  right.close();
});

claim("a signal ends a wait with its reason, and the socket goes on", async () => {
  const [left, right] = UnixSocket.pair("seqpacket");
  const receiving = new AbortController();
  const aborted = right.receive({ signal: receiving.signal });
  const next = right.receive();
  receiving.abort(REASON);
  assertStrictEquals(await assertRejects(() => aborted), REASON);
  await left.send("for the next");
  assertEquals((await next)!.text, "for the next");

  fill(left);
  const sending = new AbortController();
  const stuck = left.send("never", { signal: sending.signal });
  sending.abort(REASON);
  assertStrictEquals(await assertRejects(() => stuck), REASON);
  left.close();
  for await (const message of right) assertEquals(message.length, 65536);
  right.close();
});

claim("a signal ends the wait for a turn too, and nobody else's", async () => {
  const [left, right] = UnixSocket.pair("seqpacket");
  const controller = new AbortController();
  const first = right.receive();
  const aborted = right.receive({ signal: controller.signal });
  const third = right.receive();
  controller.abort(REASON);
  assertStrictEquals(await assertRejects(() => aborted), REASON);
  await left.send("1");
  await left.send("2");
  assertEquals([(await first)!.text, (await third)!.text], ["1", "2"]);
  left.close();
  right.close();
});

claim("a signal ends the wait for a connection", async () => {
  using listener = UnixListener.listen(ownName());
  const controller = new AbortController();
  const accepting = listener.accept({ signal: controller.signal });
  controller.abort(REASON);
  assertStrictEquals(await assertRejects(() => accepting), REASON);
  using client = await UnixSocket.connect(listener.address);
  using server = await listener.accept();
  assertEquals(server.peerCredentials, client.peerCredentials);
});

claim("a signal ends an attempt to connect to a full listener, and leaves nothing open", async () => {
  const { listener, clients } = await fullListener();
  const controller = new AbortController();
  const connecting = UnixSocket.connect(listener.address, { signal: controller.signal });
  await new Promise((resolve) => setTimeout(resolve, 5));
  controller.abort(REASON);
  assertStrictEquals(await assertRejects(() => connecting), REASON);
  for (const socket of [...clients, listener]) socket.close();
});

claim("a signal can be used again and again: nobody goes on listening to it", async () => {
  const { controller, signal, listeners } = counted();
  const [left, right] = UnixSocket.pair("seqpacket");
  for (let at = 0; at < 100; at++) {
    const pending = [right.receive({ signal }), right.receive({ signal })];
    await left.send("1", { signal });
    await left.send("2", { signal });
    await Promise.all(pending);
    assertEquals(listeners(), 0);
  }
  fill(left);
  const sending = left.send("x", { signal });
  for (let done = false; !done;) done = (await right.receive({ signal }))!.text === "x";
  await sending;
  assertEquals(listeners(), 0);

  const { listener, clients } = await fullListener();
  const connecting = UnixSocket.connect(listener.address, { signal });
  const accepted = [await listener.accept({ signal })];
  accepted.push(await listener.accept({ signal }));
  clients.push(await connecting);
  const accepting = listener.accept({ signal });
  clients.push(await UnixSocket.connect(listener.address, { signal }));
  accepted.push(await accepting);
  assertEquals(listeners(), 0);

  const stuck = right.receive({ signal });
  assertEquals(listeners(), 1);
  controller.abort(REASON);
  await assertRejects(() => stuck);
  assertEquals(listeners(), 0);
  for (const socket of [left, right, listener, ...clients, ...accepted]) socket.close();
});

claim("a wait that ends by closing leaves nobody listening to its signal", async () => {
  const { signal, listeners } = counted();
  const [left, right] = UnixSocket.pair();
  const pending = [right.receive({ signal }), right.receive({ signal })];
  right.close();
  for (const receive of pending) await assertRejects(() => receive);
  assertEquals(listeners(), 0);
  left.close();
});

claim("a time-out is such a signal", async () => {
  const [left, right] = UnixSocket.pair();
  const error = await assertRejects(() => right.receive({ signal: AbortSignal.timeout(5) }));
  assertEquals((error as DOMException).name, "TimeoutError");
  left.close();
  right.close();
});
