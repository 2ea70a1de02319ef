import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import {
  adoptByteStreams,
  adoptMessageStreams,
  Beam,
  BeamError,
  type Fd,
  type Message,
  SystemError,
  UnixSocket,
} from "ipcx";
import { claim } from "../claim.ts";
import { openNumbers, targetOf } from "../core/open_descriptors.ts";
import { pipe, pipeWith, textsOf, write } from "./descriptors.ts";
import { KEEPING_BOUNDARIES, KINDS } from "./kinds.ts";

/** Waits until nobody has the reading end of a pipe open any more. */
async function untilBroken(writer: Fd): Promise<void> {
  for (;;) {
    try {
      write(writer, "x");
    } catch (error) {
      return assertEquals((error as SystemError).code, "EPIPE");
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** How many descriptors of this process are of the same pipe. */
function countOf(fd: Fd): number {
  return openNumbers().filter((number) => targetOf(number) === targetOf(fd.number)).length;
}

/** Waits until the connection has come to its end, whatever is sent until then. */
async function untilEnd(beam: Beam): Promise<void> {
  for await (const message of beam) message[Symbol.dispose]();
}

claim(
  "messages with descriptors go through streams, and a beam is closed when both directions have ended",
  async () => {
    for (const kind of Object.values(KINDS)) {
      const [left, right] = Beam.pair(kind);
      const one = adoptMessageStreams(left), other = adoptMessageStreams(right);
      const writer = one.writable.getWriter();
      const received: [string, string[]][] = [];
      const reading = other.readable.pipeTo(
        new WritableStream({ write: (message) => void received.push([message.text, textsOf(message)]) }),
      );
      const fd = pipeWith("for text");
      await writer.write({ data: "text", fds: [fd] });
      assert(!fd.isOpen);
      await writer.write({ data: new Uint8Array([65]), fds: [pipeWith("for bytes")] });
      await writer.write("only text");
      await writer.close();
      await reading;
      assertEquals(received, [["text", ["for text"]], ["A", ["for bytes"]], ["only text", []]]);
      assert(left.isOpen && right.isOpen);

      const back = other.writable.getWriter();
      await back.write(new Uint8Array([66]));
      await back.close();
      assert(left.isOpen && !right.isOpen);
      for await (const message of one.readable) assertEquals(message.text, "B");
      assert(!left.isOpen);
    }
  },
);

claim("any messages that are piped from beam to beam arrive as sent", async () => {
  const message = fc.tuple(fc.uint8Array({ maxLength: 2000, size: "max" }), fc.array(fc.nat(99), { maxLength: 2 }));
  const kept = fc.constantFrom(...KEEPING_BOUNDARIES);
  await fc.assert(
    fc.asyncProperty(kept, kept, fc.array(message, { maxLength: 20 }), async (from, to, messages) => {
      const [sender, source] = Beam.pair(from);
      const [target, receiver] = Beam.pair(to);
      const middle = adoptMessageStreams(source), next = adoptMessageStreams(target);
      const piped = middle.readable.pipeTo(next.writable);
      const received: [number[], string[]][] = [];
      const receiving = (async () => {
        for await (const message of receiver) received.push([[...message.data], textsOf(message)]);
      })();
      for (const [data, numbers] of messages) {
        using fds = new DisposableStack();
        await sender.send(new Uint8Array(data), numbers.map((number) => fds.use(pipeWith(`${number}`))));
      }
      sender.close();
      await Promise.all([piped, receiving]);
      assertEquals(received, messages.map(([data, numbers]) => [[...data], numbers.map(String)]));
      receiver.close();
      await Promise.all([middle.writable.close(), next.readable.cancel()]);
    }),
    { numRuns: 40 },
  );
});

claim("nothing is received before it is read", async () => {
  const [left, right] = Beam.pair({ type: "seqpacket", readAhead: false });
  const { readable, writable } = adoptMessageStreams(right);
  await left.send("first");
  await left.send("second");
  const reader = readable.getReader();
  await new Promise((resolve) => setTimeout(resolve));
  // Straight from the beam, which the streams have left alone.
  assertEquals(right.tryReceive()!.text, "first");
  assertEquals((await reader.read()).value!.text, "second");
  await reader.cancel();
  await writable.close();
  left.close();
});

claim(
  "who writes waits for a peer that reads nothing, and aborting closes the descriptors of all that waits",
  async () => {
    for (const kind of Object.values(KINDS)) {
      const [left, right] = Beam.pair(kind);
      const { readable, writable } = adoptMessageStreams(left);
      const writer = writable.getWriter();
      const fds: Fd[] = [];
      const writes: Promise<unknown>[] = [];
      // Far more than a send buffer takes; who does not wait for `ready` has them all in the queue.
      for (let at = 0; at < 3000; at++) {
        const fd = right.fd.duplicate();
        fds.push(fd);
        writes.push(writer.write({ data: "x".repeat(200), fds: [fd] }).then(() => "sent", (error) => error.message));
      }
      await writes[0];
      assert(writer.desiredSize! < 0);
      const reading = readable.getReader().read();
      await writer.abort(new Error("enough"));
      const outcomes = await Promise.all(writes);
      assertEquals(new Set(outcomes), new Set(["sent", "enough"]));
      assert(fds.every((fd) => !fd.isOpen));
      assert(!left.isOpen);
      assertEquals((await reading).done, true);
      right.close();
    }
  },
);

claim("a peer that dies fails what is written, and closes the descriptors of all that waits", async () => {
  for (const kind of Object.values(KINDS)) {
    const [left, right] = Beam.pair(kind);
    const { readable, writable } = adoptMessageStreams(left);
    const writer = writable.getWriter();
    const [reader, watched] = pipe();
    using _watched = watched;
    await right.send("before the end", _watched);
    right.close();
    const fds = [1, 2, 3].map(() => reader.duplicate());
    const writes = fds.map((fd) => assertRejects(() => writer.write({ data: "x", fds: [fd] }), SystemError));
    writer.closed.catch(() => {});
    await Promise.all(writes);
    assert(fds.every((fd) => !fd.isOpen));
    using late = reader;
    await assertRejects(() => writer.write({ data: "x", fds: [late] }), SystemError);
    assert(late.isOpen);

    const messages = readable.getReader();
    const { value } = await messages.read();
    assertEquals([value!.text, value!.takeFds().map((fd) => fd.close()).length], ["before the end", 1]);
    const { done } = await messages.read();
    assert(done && !left.isOpen);
  }
});

claim("cancelling discards what still comes, and closes the descriptors of it", async () => {
  for (const kind of Object.values(KINDS)) {
    const [left, right] = Beam.pair(kind);
    const { readable, writable } = adoptMessageStreams(right);
    const [reader, writer] = pipe();
    using watched = writer;
    using sent = reader;
    for (let at = 0; at < 10; at++) await left.send("unread", sent);
    const messages = readable.getReader();
    (await messages.read()).value![Symbol.dispose]();
    await messages.cancel();
    // More than the peer could send to somebody who does not read.
    for (let at = 0; at < 2000; at++) await left.send("x".repeat(1000), sent);
    sent.close();
    await untilBroken(watched);
    // The other direction goes on.
    const answers = writable.getWriter();
    await answers.write("an answer");
    assertEquals((await left.receive())!.text, "an answer");
    await answers.close();
    await untilEnd(left);
    assert(!right.isOpen);
    left.close();
  }
});

claim("cancelling ends a read that waits, and what comes at the same moment is not lost from sight", async () => {
  const [left, right] = Beam.pair({ framed: true });
  const { readable, writable } = adoptMessageStreams(right);
  const messages = readable.getReader();
  const reading = messages.read();
  using fd = pipeWith("late");
  await left.send("late", fd);
  await messages.cancel();
  const { value } = await reading;
  value?.[Symbol.dispose]();
  await writable.close();
  left.close();
});

claim(
  "a message that nobody reads, since its reader has let go, is the next reader's, or closed with the stream",
  async () => {
    for (const isRead of [true, false]) {
      const [left, right] = Beam.pair({ framed: true });
      const { readable, writable } = adoptMessageStreams(right);
      const first = readable.getReader();
      const abandoned = first.read();
      // The stream begins to pull only after it was started.
      await new Promise((resolve) => setTimeout(resolve));
      first.releaseLock();
      await assertRejects(() => abandoned, TypeError);
      const [reader, writer] = pipe();
      using watched = writer;
      {
        using sent = reader;
        await left.send("for whoever comes next", sent);
      }
      // The wait that the first reader began takes it.
      while (countOf(watched) < 2) await new Promise((resolve) => setTimeout(resolve, 1));
      if (isRead) {
        using value = (await readable.getReader().read()).value as Message;
        assertEquals(value.text, "for whoever comes next");
      } else await readable.cancel();
      await untilBroken(watched);
      await writable.close();
      left.close();
      right.close();
    }
  },
);

claim("what is no message fails the readable, and later writes", async () => {
  const [socket, far] = UnixSocket.pair();
  using peer = socket;
  const { readable, writable } = adoptMessageStreams(new Beam(far, { framed: true }));
  await peer.send(new Uint8Array([0x7f, 0xff, 0xff, 0xff, ...new Uint8Array(100)]));
  const error = await assertRejects(() => readable.getReader().read(), BeamError);
  assertEquals(error.code, "protocol");
  await assertRejects(() => writable.getWriter().write("x"), BeamError);
  assertEquals(await peer.receive(), null);
});

claim("bytes go through streams, whatever the chunks, and descriptors among them are closed", async () => {
  for (const kind of KEEPING_BOUNDARIES) {
    const [left, right] = Beam.pair({ ...kind, maxBytes: 5000 });
    const one = adoptByteStreams(left), other = adoptByteStreams(right);
    const bytes = new Uint8Array(123_456).map((_, at) => at * 7 + (at >> 8));
    const writer = one.writable.getWriter();
    const writing = (async () => {
      await writer.write(new Uint8Array());
      await writer.write(bytes);
      await writer.close();
    })();
    assertEquals(await new Response(other.readable).bytes(), bytes);
    await writing;
    await other.writable.close();
    assertEquals((await one.readable.getReader().read()).done, true);
    assert(!left.isOpen && !right.isOpen);
  }
  for (const kind of Object.values(KINDS)) {
    const [left, right] = Beam.pair(kind);
    const { readable, writable } = adoptByteStreams(right);
    using fd = pipeWith("nobody wants this");
    await left.send("only bytes", fd);
    left.end();
    const chunks = await Array.fromAsync(readable);
    assertEquals(chunks.map((chunk) => new TextDecoder().decode(chunk)), ["only bytes"]);
    await writable.close();
    left.close();
  }
});

claim("the buffer of one chunk of bytes can be transferred without the others", async () => {
  const [left, right] = Beam.pair({ type: "seqpacket" });
  const { readable, writable } = adoptByteStreams(right);
  for (const data of ["one", "two", "three"]) await left.send(data);
  left.close();
  const texts: string[] = [];
  for await (const chunk of readable) {
    const moved = structuredClone(chunk, { transfer: [chunk.buffer as ArrayBuffer] });
    texts.push(new TextDecoder().decode(moved));
  }
  assertEquals(texts, ["one", "two", "three"]);
  await writable.abort();
});
