import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { ClosedError, SystemError } from "../../src/core/errors.ts";
import type { Message } from "../../src/core/message.ts";
import type { UnixSocket } from "../../src/core/socket.ts";
import { claim } from "../claim.ts";
import { withPair } from "./pairs.ts";

function texts(messages: readonly Message[]): string[] {
  return messages.map(({ text }) => text);
}

/** Sends the last words of a stream whose peer has sent something that nobody reads. */
async function breakOff(left: UnixSocket, right: UnixSocket, words: readonly string[]): Promise<void> {
  await right.send("unread");
  for (const word of words) await left.send(word, { fds: [right.fd] });
  left.close();
}

claim("the end of the connection is no messages, behind those before it, as often as one asks", async () => {
  for (const type of ["stream", "seqpacket"] as const) {
    await withPair(type, async (left, right) => {
      await left.send("last");
      left.close();
      assertEquals(texts(await right.receiveMany()), ["last"]);
      assertEquals(await right.receiveMany(), []);
      assertEquals(right.tryReceiveMany(), []);
      assertEquals(await right.receive(), null);
    });
  }
  await withPair("stream", async (left, right) => {
    const receiving = right.receiveMany();
    left.close();
    assertEquals(await receiving, []);
  });
});

claim("empty packets are messages, also between others and before the end", async () => {
  await withPair("seqpacket", async (left, right) => {
    for (const text of ["", "x", "", ""]) await left.send(text);
    left.close();
    assertEquals(texts(await right.receiveMany()), ["", "x", "", ""]);
    assertEquals(await right.receiveMany(), []);
  });
  await withPair("dgram", async (left, right) => {
    for (const text of ["a", "", "b"]) await left.send(text);
    const received = [...await right.receiveMany(), ...await right.receiveMany()];
    assertEquals(texts(received), ["a", "", "b"]);
    assertEquals(right.tryReceiveMany(), undefined);
  });
});

claim("a failure behind messages is told by the next call, once, and then the end", async () => {
  const next: ((socket: UnixSocket) => unknown)[] = [
    (socket) => socket.receiveMany(),
    (socket) => socket.tryReceiveMany(),
    (socket) => socket.receive(),
    (socket) => socket.tryReceive(),
    (socket) => socket[Symbol.asyncIterator]().next(),
  ];
  for (const call of next) {
    await withPair("stream", async (left, right) => {
      await breakOff(left, right, ["one", "two"]);
      const messages = await right.receiveMany();
      assertEquals(texts(messages), ["one", "two"]);
      for (const message of messages) message[Symbol.dispose]();
      const error = await assertRejects(async () => await call(right), SystemError);
      assertEquals([error.code, error.syscall], ["ECONNRESET", "recvmsg"]);
      assertEquals(await right.receiveMany(), []);
    });
  }
});

claim("a failure that nothing comes before is told at once", async () => {
  await withPair("stream", async (left, right) => {
    await breakOff(left, right, []);
    assertEquals((await assertRejects(() => right.receiveMany(), SystemError)).code, "ECONNRESET");
    assertEquals(await right.receiveMany(), []);
  });
});

claim("limits that are refused do not use up a failure, and a closed socket is a closed one first", async () => {
  await withPair("stream", async (left, right) => {
    await breakOff(left, right, ["one"]);
    for (const message of await right.receiveMany()) message[Symbol.dispose]();
    assertThrows(() => right.tryReceiveMany({ maxMessages: 0 }), RangeError);
    assertThrows(() => right.tryReceive({ maxBytes: 0 }), RangeError);
    right.close();
    assertThrows(() => right.tryReceive(), ClosedError);
    assertThrows(() => right.tryReceiveMany(), ClosedError);
  });
});

claim("a signal that was aborted before takes nothing, and one that is aborted later ends the wait", async () => {
  await withPair("seqpacket", async (left, right) => {
    const reason = new Error("enough");
    await left.send("there");
    assertStrictEquals(await assertRejects(() => right.receiveMany({ signal: AbortSignal.abort(reason) })), reason);
    assertEquals(texts(await right.receiveMany()), ["there"]);
    const controller = new AbortController();
    const waiting = right.receiveMany({ signal: controller.signal });
    const waitingForTurn = right.receiveMany({ signal: controller.signal });
    const next = right.receiveMany();
    controller.abort(reason);
    assertStrictEquals(await assertRejects(() => waiting), reason);
    assertStrictEquals(await assertRejects(() => waitingForTurn), reason);
    await left.send("for the next");
    assertEquals(texts(await next), ["for the next"]);
  });
});

claim("closing the socket ends the wait for messages", async () => {
  await withPair("stream", async (_left, right) => {
    const waiting = right.receiveMany();
    right.close();
    await assertRejects(() => waiting, ClosedError);
    await assertRejects(() => right.receiveMany(), ClosedError);
  });
});

claim("messages are received in the order in which they were asked for, one or many at a time", async () => {
  await withPair("seqpacket", async (left, right) => {
    const asked = [
      right.receive(),
      right.receiveMany({ maxMessages: 2 }),
      right.receive(),
      right.receiveMany({ maxMessages: 3 }),
      right.receive(),
    ];
    for (let at = 0; at < 8; at++) assertEquals(left.trySend(new TextEncoder().encode(`${at}`)), 1);
    const received = (await Promise.all(asked)).map((answer) => Array.isArray(answer) ? texts(answer) : answer!.text);
    assertEquals(received, ["0", ["1", "2"], "3", ["4", "5", "6"], "7"]);
  });
});

claim("timers run although there is no end of messages, as soon as with messages one by one", async () => {
  await withPair("seqpacket", async (left, right) => {
    const packet = new Uint8Array(1);
    let elsewhere = false;
    let received = 0;
    const deadline = performance.now() + 5000;
    setImmediate(() => elsewhere = true);
    while (!elsewhere && performance.now() < deadline) {
      while (left.trySend(packet) !== undefined);
      received += (await right.receiveMany()).length;
    }
    assert(received <= 256 + 64, `${received} messages were received before anybody else had a turn`);
  });
});
