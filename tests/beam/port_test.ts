import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Beam, type BeamCloseEvent, BeamError, BeamPort, ClosedError, type Fd, UnixSocket } from "ipcx";
import { claim } from "../claim.ts";
import { pipeWith, textOf, textsOf } from "./descriptors.ts";
import { KEEPING_BOUNDARIES } from "./kinds.ts";
import { closeAll, closing, next, portPair } from "./ports.ts";

claim("any values arrive as posted, in their order", async () => {
  const values = fc.array(fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value))), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...KEEPING_BOUNDARIES), values, async (kind, values) => {
      const [left, right] = portPair(kind);
      const received: unknown[] = [];
      right.onmessage = ({ data }) => received.push(data);
      const closed = [closing(left), closing(right)];
      for (const value of values) left.postMessage(value);
      left.close();
      assertEquals(await Promise.all(closed), [undefined, undefined]);
      assertEquals(received, values);
    }),
  );
});

claim("descriptors are given away with a message, taken by its listener, and closed otherwise", async () => {
  for (const kind of KEEPING_BOUNDARIES) {
    const [left, right] = portPair(kind);
    const fds = [pipeWith("one"), pipeWith("two")];
    left.postMessage("both", fds);
    assert(fds.every((fd) => !fd.isOpen));
    const texts: string[] = [];
    let seen: readonly Fd[] = [];
    const events = [next(right)];
    right.addEventListener("message", (event) => {
      assertEquals(event.fds.length, 2);
      seen = [...event.fds];
      texts.push(textOf(event.fds[1]));
    }, { once: true });
    right.start();
    await Promise.all(events);
    assertEquals(texts, ["two"]);
    await new Promise((resolve) => setTimeout(resolve));
    assert(seen.every((fd) => !fd.isOpen));

    right.onmessage = (event) => texts.push(...textsOf(event));
    const taken = next(right);
    left.postMessage("one", pipeWith("taken"));
    assertEquals((await taken).fds, []);
    assertEquals(texts, ["two", "taken"]);

    right.onmessage = (event) => {
      using fd = event.takeFd()!;
      texts.push(textOf(fd));
    };
    const first = next(right);
    left.postMessage("the first", [pipeWith("first"), pipeWith("second")]);
    await first;
    assertEquals(texts, ["two", "taken", "first"]);
    await closeAll(left, right);
  }
});

claim("what is refused leaves its descriptors with the caller", async () => {
  const [left, right] = portPair({ framed: true, maxBytes: 100 });
  using fd = pipeWith("kept");
  const closed = pipeWith("");
  closed.close();
  assertThrows(() => left.postMessage(undefined, fd), TypeError, "undefined has no JSON form");
  assertThrows(() => left.postMessage(1n, fd), TypeError, "a bigint has no JSON form");
  assertThrows(() => left.postMessage("x".repeat(100), fd), BeamError, "maxBytes is 100");
  assertThrows(() => left.postMessage("twice", [fd, fd]), TypeError, "only once");
  assertThrows(() => left.postMessage("closed", [fd, closed]), ClosedError, "a descriptor was closed");
  assertEquals(textOf(fd), "kept");
  assertEquals(left.bufferedAmount, 0);
  await closeAll(left, right);
  assertThrows(() => left.postMessage("late", fd), ClosedError, "the port was closed");
  assert(fd.isOpen);
});

claim("messages wait until the port is started, by setting onmessage or by start", async () => {
  const [left, right] = portPair();
  const received: unknown[] = [];
  right.addEventListener("message", ({ data }) => received.push(data));
  left.postMessage("early");
  await left.drained;
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(received, []);
  const event = next(right);
  right.start();
  right.start();
  await event;
  assertEquals(received, ["early"]);

  const answer = new Promise<unknown>((resolve) => left.onmessage = ({ data }) => resolve(data));
  right.postMessage("answer");
  assertEquals(await answer, "answer");
  await closeAll(left, right);
});

claim("handlers can be replaced, removed and read", async () => {
  const [left, right] = portPair();
  const told: string[] = [];
  const first = (): void => void told.push("first");
  const second = (): void => void told.push("second");
  assertStrictEquals(right.onmessage, null);
  right.onmessage = first;
  assertStrictEquals(right.onmessage, first);
  right.onmessage = second;
  const listener = (): void => void told.push("listener");
  right.addEventListener("message", listener);
  let event = next(right);
  left.postMessage(1);
  await event;
  right.removeEventListener("message", listener);
  right.onmessage = null;
  event = next(right);
  left.postMessage(2);
  await event;
  assertEquals(told, ["second", "listener"]);
  const closed = new Promise<BeamCloseEvent>((resolve) => right.onclose = resolve);
  assert(right.onclose !== null);
  left.close();
  assertEquals((await closed).error, undefined);
});

claim("what is no value is a messageerror, whose descriptors are closed, and the next message is told", async () => {
  for (const kind of KEEPING_BOUNDARIES) {
    const [beam, other] = Beam.pair(kind);
    const port = new BeamPort(other);
    const errors: unknown[] = [];
    port.onmessageerror = ({ data, fds }) => errors.push([(data as Error).name, fds.length]);
    using fd = pipeWith("never taken");
    await beam.send("{", fd);
    await beam.send(new Uint8Array([0x22, 0xff, 0x22]));
    await beam.send("");
    await beam.send('"valid"');
    const event = next(port);
    port.start();
    assertEquals((await event).data, "valid");
    assertEquals(errors, [["SyntaxError", 0], ["TypeError", 0], ["SyntaxError", 0]]);
    beam.close();
    await closing(port);
  }
});

claim("a message with more descriptors than are kept, or of more bytes, is a messageerror", async () => {
  const [socket, far] = UnixSocket.pair("seqpacket");
  const beam = new Beam(socket);
  const port = new BeamPort(new Beam(far, { maxFds: 1, maxBytes: 10 }));
  const errors: unknown[] = [];
  port.onmessageerror = ({ data }) => errors.push((data as Error).message);
  using fd = pipeWith("twice");
  await beam.send("1", [fd, fd]);
  await beam.send("x".repeat(11));
  await beam.send("2", fd);
  const event = next(port);
  port.start();
  assertEquals((await event).data, 2);
  assertEquals(errors, [
    "a message with more than 1 descriptors; the rest were closed",
    "a message of 11 bytes; maxBytes is 10",
  ]);
  beam.close();
  await closing(port);
});

claim("a custom codec carries what JSON cannot", async () => {
  const codec = {
    encode: (value: unknown) => new Uint8Array(value as Uint8Array),
    decode: (data: Uint8Array<ArrayBuffer>) => data.slice().reverse(),
  };
  const [left, right] = portPair(KEEPING_BOUNDARIES[1], { codec });
  const event = next(right);
  right.start();
  left.postMessage(new Uint8Array([1, 2, 3]));
  assertEquals((await event).data, new Uint8Array([3, 2, 1]));
  await closeAll(left, right);
});

claim("a port refuses a plain stream and options out of range, and leaves the beam", () => {
  const [left, right] = Beam.pair();
  assertThrows(() => new BeamPort(left), TypeError, "needs frames or packets");
  const [framed, other] = Beam.pair({ framed: true });
  for (const maxQueued of [0, -1, 1.5, NaN]) {
    assertThrows(() => new BeamPort(framed, { maxQueued }), RangeError, "maxQueued is a whole number");
    assertThrows(() => new BeamPort(framed, { maxQueuedBytes: maxQueued }), RangeError, "maxQueuedBytes");
  }
  for (const beam of [left, right, framed, other]) {
    assert(beam.isOpen);
    beam.close();
  }
});
