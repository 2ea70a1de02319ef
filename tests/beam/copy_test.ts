import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { type Beam, BeamError, type BeamPairOptions, ClosedError, copy, type Fd, SystemError } from "ipcx";
import { claim } from "../claim.ts";
import { Chain, sendWith, textsFrom } from "./chain.ts";
import { pipeWith, textsOf } from "./descriptors.ts";
import { KEEPING_BOUNDARIES, KINDS } from "./kinds.ts";

/** Sends until nothing more is taken; returns how many sends have begun, and the last of them, which waits. */
async function fill(send: () => Promise<void>): Promise<{ begun: number; last: Promise<void> }> {
  for (let begun = 1;; begun++) {
    let isSent = false;
    const last = send();
    const sent = last.then(() => void (isSent = true));
    // Several looks: one may be late because the whole process was kept waiting, and what has come is not seen yet.
    for (let look = 0; look < 10 && !isSent; look++) {
      const { promise: later, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, 30);
      await Promise.race([sent, later]);
      clearTimeout(timer);
    }
    if (!isSent) return { begun, last };
  }
}

for (const [source, from] of Object.entries(KINDS)) {
  for (const [target, to] of Object.entries(KINDS)) {
    claim(`messages with descriptors go on from ${source} to ${target}`, async () => {
      using chain = new Chain(from, to);
      const [[middle, next]] = chain.hops;
      const copied = copy(middle, next);
      const received = textsFrom(chain.receiver);
      for (const data of ["one", "two", "three"]) await sendWith(chain.sender, data, `for ${data}`);
      chain.sender.end();
      assertEquals(await copied, { messages: 3, bytes: 11, descriptors: 3 });
      assertEquals(await received, ["one", "two", "three"].map((data) => [data, [`for ${data}`]]));
      assert(middle.isOpen && next.isOpen);
    });
  }
}

claim("a chain of every kind of wire delivers what was sent", async () => {
  using chain = new Chain(KINDS.framed, KINDS.packets, KINDS.plain, KINDS.plain, KINDS.packets, KINDS.framed);
  const copied = chain.copy();
  const received = textsFrom(chain.receiver);
  const sent = Array.from({ length: 500 }, (_, at): [string, string[]] => [`message ${at}`, [`${at}`]]);
  for (const [data, texts] of sent) await sendWith(chain.sender, data, ...texts);
  chain.sender.close();
  assertEquals(await received, sent);
  await copied;
});

claim("any messages arrive through a chain as sent", async () => {
  const kept = fc.constantFrom<BeamPairOptions>(...KEEPING_BOUNDARIES, { framed: true, memoryThreshold: 1000 });
  const message = fc.tuple(fc.uint8Array({ maxLength: 3000, size: "max" }), fc.array(fc.nat(99), { maxLength: 3 }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(kept, { minLength: 2, maxLength: 5 }),
      fc.array(message, { maxLength: 20 }),
      async ([first, ...others], messages) => {
        using chain = new Chain(first, ...others);
        const copied = chain.copy();
        const received: [number[], string[]][] = [];
        const receiving = (async () => {
          for await (const message of chain.receiver) received.push([[...message.data], textsOf(message)]);
        })();
        for (const [data, numbers] of messages) {
          const fds = numbers.map((number) => pipeWith(`${number}`));
          await chain.sender.send(new Uint8Array(data), fds);
          for (const fd of fds) fd.close();
        }
        chain.sender.close();
        await Promise.all([copied, receiving]);
        assertEquals(received, messages.map(([data, numbers]) => [[...data], numbers.map(String)]));
      },
    ),
    { numRuns: 50 },
  );
});

claim("empty messages, large ones and many descriptors go on where both sides keep boundaries", async () => {
  for (const from of KEEPING_BOUNDARIES) {
    for (const to of KEEPING_BOUNDARIES) {
      using chain = new Chain(from, to);
      const copied = copy(...chain.hops[0]);
      const large = new Uint8Array(3_000_000).map((_, at) => at * 7 + (at >> 8));
      using fd = pipeWith("shared");
      const fds: Fd[] = Array.from({ length: 300 }, () => fd);
      const sending = (async () => {
        await chain.sender.send("");
        await chain.sender.send(large);
        await chain.sender.send("", fds);
        chain.sender.end();
      })();
      assertEquals((await chain.receiver.receive())!.data.length, 0);
      assertEquals((await chain.receiver.receive())!.data, large);
      using last = (await chain.receiver.receive())!;
      assertEquals([last.data.length, last.fds.length], [0, 300]);
      assertEquals(await chain.receiver.receive(), null);
      await sending;
      assertEquals(await copied, { messages: 3, bytes: large.length, descriptors: 300 });
    }
  }
});

claim(
  "what a target without frames cannot carry is told with the message, and its descriptors are closed",
  async () => {
    const cases: [send: (beam: Beam) => Promise<void>, kind: ErrorConstructor | typeof BeamError, text: string][] = [
      [(beam) => sendWith(beam, "two", "a", "b"), RangeError, "message 2 of 3 bytes and 2 descriptors: 2 descriptors"],
      [
        (beam) => sendWith(beam, "", "a"),
        RangeError,
        "message 2 of 0 bytes and 1 descriptors: a stream without frames",
      ],
      [
        (beam) => sendWith(beam, "x".repeat(4097), "a"),
        BeamError,
        "message 2 of 4097 bytes and 1 descriptors: a message",
      ],
    ];
    for (const from of KEEPING_BOUNDARIES) {
      for (const [send, kind, text] of cases) {
        using chain = new Chain(from, KINDS.plain);
        const [[middle, next]] = chain.hops;
        await chain.sender.send("fits");
        await send(chain.sender);
        await chain.sender.send("still there");
        await assertRejects(() => copy(middle, next), kind as ErrorConstructor, text);
        assertEquals((await chain.receiver.receive())!.text, "fits");
        chain.sender.end();
        assertEquals((await copy(middle, next)).messages, 1);
        assertEquals((await chain.receiver.receive())!.text, "still there");
      }
    }
  },
);

claim("descriptors that the source may not keep are an error, not lost in silence", async () => {
  using chain = new Chain({ framed: true, maxFds: 1 }, KINDS.framed);
  await sendWith(chain.sender, "two", "a", "b");
  const error = await assertRejects(() => copy(...chain.hops[0]), BeamError, "maxFds, 1, were closed");
  assertEquals(error.code, "too-large");
});

claim("the end is passed on as a half-close, unless that is not wanted", async () => {
  for (const kind of Object.values(KINDS)) {
    using chain = new Chain(kind, kind);
    const [[middle, next]] = chain.hops;
    await chain.sender.send("last");
    chain.sender.end();
    await copy(middle, next);
    assertEquals((await chain.receiver.receive())!.text, "last");
    assertEquals(await chain.receiver.receive(), null);
    await chain.receiver.send("back");
    assertEquals((await next.receive())!.text, "back");

    using other = new Chain(kind, kind);
    other.sender.close();
    await copy(...other.hops[0], { end: false });
    await other.hops[0][1].send("more");
    assertEquals((await other.receiver.receive())!.text, "more");
  }
});

claim("a peer that closed without reading all resets the connection, and all it sent goes on", async () => {
  for (const kind of Object.values(KINDS)) {
    using chain = new Chain(kind, kind);
    const [[middle, next]] = chain.hops;
    await middle.send("unread");
    await sendWith(chain.sender, "first", "one");
    await sendWith(chain.sender, "second", "two");
    chain.sender.close();
    assertEquals((await copy(middle, next)).messages, 2);
    assertEquals(await textsFrom(chain.receiver), [["first", ["one"]], ["second", ["two"]]]);
  }
});

claim("a receiver that stops reading stops the sender, and all arrives once it goes on", async () => {
  for (const kind of Object.values(KINDS)) {
    using chain = new Chain(kind, kind, kind);
    const copied = chain.copy();
    // The send buffer of each hop takes about a thousand of these; what is read ahead, a few dozen.
    const payload = new Uint8Array(1000).fill(1);
    // Without a descriptor each, messages on a plain stream would be glued.
    using fd = pipeWith("along");
    const { begun, last } = await fill(() => chain.sender.send(payload, fd));
    assert(begun < 3000, `${begun} messages were taken`);
    const receiving = (async () => {
      let bytes = 0;
      for await (const message of chain.receiver) {
        bytes += message.data.length;
        message[Symbol.dispose]();
      }
      return bytes;
    })();
    await last;
    chain.sender.end();
    assertEquals(await receiving, begun * payload.length);
    await copied;
  }
});

claim("a target that dies while nothing comes ends the copying at once", async () => {
  for (const kind of Object.values(KINDS)) {
    using chain = new Chain(kind, kind);
    const copied = copy(...chain.hops[0]);
    await sendWith(chain.sender, "first", "one");
    (await chain.receiver.receive())![Symbol.dispose]();
    chain.receiver.close();
    const error = await assertRejects(() => copied, SystemError);
    assertEquals(error.code, "EPIPE");
    assert(chain.hops[0].every((beam) => beam.isOpen));
  }
});

claim("a target that dies with messages on their way leaks none of their descriptors", async () => {
  for (const kind of Object.values(KINDS)) {
    using chain = new Chain(kind, kind, kind);
    const copied = chain.hops.map(([from, to]) => assertRejects(() => copy(from, to), SystemError));
    const sending = (async () => {
      for (;;) await sendWith(chain.sender, "x", "y");
    })();
    for (let at = 0; at < 20; at++) (await chain.receiver.receive())![Symbol.dispose]();
    chain.receiver.close();
    await copied[1];
    chain.hops[1][0].close();
    await copied[0];
    chain.hops[0][0].close();
    await assertRejects(() => sending, SystemError);
  }
});

claim("a beam that is closed meanwhile ends the copying", async () => {
  for (const which of [0, 1]) {
    using chain = new Chain(KINDS.framed, KINDS.framed);
    const copied = copy(...chain.hops[0]);
    chain.hops[0][which].close();
    await assertRejects(() => copied, ClosedError);
  }
  using chain = new Chain(KINDS.framed, KINDS.framed);
  chain.hops[0][1].close();
  await assertRejects(() => copy(...chain.hops[0]), ClosedError);
});

claim("a signal ends the copying, and no message is lost to it", async () => {
  const reason = new Error("enough");
  for (const kind of Object.values(KINDS)) {
    using chain = new Chain(kind, kind);
    const stop = new AbortController();
    const copied = copy(...chain.hops[0], { signal: stop.signal });
    await sendWith(chain.sender, "first", "one");
    (await chain.receiver.receive())![Symbol.dispose]();
    stop.abort(reason);
    assertStrictEquals(await assertRejects(() => copied), reason);
    assertStrictEquals(await assertRejects(() => copy(...chain.hops[0], { signal: stop.signal })), reason);
    await sendWith(chain.sender, "second", "two");
    chain.sender.end();
    await copy(...chain.hops[0]);
    assertEquals(await textsFrom(chain.receiver), [["second", ["two"]]]);
  }
});

claim("a signal ends the wait for a target that takes nothing", async () => {
  using chain = new Chain(KINDS.packets, KINDS.packets);
  const stop = new AbortController();
  const copied = copy(...chain.hops[0], { signal: stop.signal });
  const { last } = await fill(() => sendWith(chain.sender, "x".repeat(1000), "y"));
  stop.abort();
  const error = await assertRejects(() => copied);
  assertEquals((error as Error).name, "AbortError");
  chain.hops[0][0].close();
  await assertRejects(() => last, SystemError);
});
