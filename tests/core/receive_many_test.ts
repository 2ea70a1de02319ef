import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { Message } from "../../src/core/message.ts";
import type { UnixSocket } from "../../src/core/socket.ts";
import { claim } from "../claim.ts";
import { copies, TYPES, withPair } from "./pairs.ts";

const PACKETS = ["seqpacket", "dgram"] as const;

function texts(messages: readonly Message[]): string[] {
  return messages.map(({ text }) => text);
}

async function sendNumbers(socket: UnixSocket, count: number): Promise<string[]> {
  const numbers = Array.from({ length: count }, (_, at) => `${at}`);
  for (const number of numbers) await socket.send(number);
  return numbers;
}

claim("all packets that are there come at once, in their order and with their lengths", async () => {
  for (const type of PACKETS) {
    await withPair(type, async (left, right) => {
      assertEquals(right.tryReceiveMany(), undefined);
      const numbers = await sendNumbers(left, 40);
      await left.send(new Uint8Array(1000).fill(7));
      const messages = await right.receiveMany();
      assertEquals(texts(messages.slice(0, 40)), numbers);
      assertEquals(messages[40].data, new Uint8Array(1000).fill(7));
      for (const { data, length, truncated, fdsLost, controlTruncated, fds } of messages) {
        assertEquals([data.length, truncated, fdsLost, controlTruncated, fds], [length, false, false, false, []]);
      }
      assertEquals(right.tryReceiveMany(), undefined);
    });
  }
});

claim("what is there on a stream is divided where descriptors came along", async () => {
  await withPair("stream", async (left, right) => {
    await left.send("AAAA");
    await left.send("BB", { fds: [left.fd] });
    await left.send("CC", { fds: copies(left, 2) });
    await left.send("DDD");
    await left.send("EE");
    const messages = await right.receiveMany();
    assertEquals(texts(messages).join(""), "AAAABBCCDDDEE");
    assertEquals(messages.map(({ fds }) => fds.length), [1, 2, 0]);
    for (const message of messages) message[Symbol.dispose]();
  });
});

claim("a message that is not there yet is awaited", async () => {
  for (const type of TYPES) {
    await withPair(type, async (left, right) => {
      const receiving = right.receiveMany();
      await new Promise((resolve) => setTimeout(resolve, 5));
      await left.send("late");
      assertEquals(texts(await receiving), ["late"]);
    });
  }
});

claim("any packets arrive as they were sent, however many are taken at a time", async () => {
  const packets = fc.array(
    fc.record({ bytes: fc.uint8Array({ maxLength: 3000 }), fds: fc.integer({ min: 0, max: 5 }) }),
    {
      minLength: 1,
      maxLength: 30,
    },
  );
  const limits = fc.record({
    maxMessages: fc.integer({ min: 1, max: 64 }),
    maxBytes: fc.integer({ min: 3000, max: 99999 }),
  });
  for (const type of PACKETS) {
    await withPair(type, async (left, right) => {
      await fc.assert(
        fc.asyncProperty(packets, limits, async (sent, options) => {
          for (const { bytes, fds } of sent) await left.send(new Uint8Array(bytes), { fds: copies(left, fds) });
          const arrived: [Uint8Array, number][] = [];
          while (arrived.length < sent.length) {
            const messages = await right.receiveMany(options);
            assert(messages.length > 0 && messages.length <= options.maxMessages);
            for (const message of messages) {
              using received = message;
              arrived.push([received.data, received.fds.length]);
            }
          }
          assertEquals(arrived, sent.map(({ bytes, fds }) => [new Uint8Array(bytes), fds]));
        }),
        { numRuns: 50 },
      );
    });
  }
});

claim("any bytes of a stream arrive as they were sent, however they are divided", async () => {
  const limits = fc.record({
    maxMessages: fc.integer({ min: 1, max: 64 }),
    maxBytes: fc.integer({ min: 1, max: 5000 }),
  });
  await withPair("stream", async (left, right) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 20000 }), limits, async (sent, options) => {
        const bytes = new Uint8Array(sent);
        await left.send(bytes, { fds: [left.fd] });
        const arrived = new Uint8Array(bytes.length);
        let fds = 0;
        for (let at = 0; at < bytes.length;) {
          for (const message of await right.receiveMany(options)) {
            using received = message;
            arrived.set(received.data, at);
            at += received.data.length;
            fds += received.fds.length;
          }
        }
        assertEquals(arrived, bytes);
        assertEquals([fds, right.tryReceiveMany()], [1, undefined]);
      }),
      { numRuns: 50 },
    );
  });
});

claim("what was received keeps its bytes, whatever comes or is changed afterwards", async () => {
  await withPair("seqpacket", async (left, right) => {
    for (const text of ["one", "two", "three"]) await left.send(text);
    const before = await right.receiveMany();
    before[1].data.fill(0x21);
    for (const text of ["444", "555", "66666"]) await left.send(text);
    const after = await right.receiveMany();
    assertEquals(texts(before), ["one", "!!!", "three"]);
    assertEquals(texts(after), ["444", "555", "66666"]);
  });
});

claim("no more messages are taken than asked for, and 64 at most", async () => {
  for (const type of PACKETS) {
    await withPair(type, async (left, right) => {
      const numbers = await sendNumbers(left, 150);
      assertEquals(texts(await right.receiveMany({ maxMessages: 1 })), numbers.slice(0, 1));
      assertEquals(texts(await right.receiveMany({ maxMessages: 5 })), numbers.slice(1, 6));
      assertEquals(texts(await right.receiveMany()), numbers.slice(6, 70));
      assertEquals(texts(await right.receiveMany({ maxMessages: 64 })), numbers.slice(70, 134));
      assertEquals(texts(await right.receiveMany()), numbers.slice(134));
    });
  }
});

claim("packets beyond maxBytes are cut one by one, and none because of those before it", async () => {
  for (const type of PACKETS) {
    await withPair(type, async (left, right) => {
      for (const length of [100, 3, 4, 5]) await left.send("x".repeat(length));
      const messages = await right.receiveMany({ maxBytes: 4 });
      assertEquals(
        messages.map(({ data, length, truncated }) => [data.length, length, truncated]),
        [[4, 100, true], [3, 3, false], [4, 4, false], [4, 5, true]],
      );
      // Together they are more than there is room for.
      left.setOption("sendBuffer", 2 ** 20);
      for (let at = 0; at < 4; at++) await left.send(new Uint8Array(50_000).fill(at));
      const large: Message[] = [];
      while (large.length < 4) large.push(...await right.receiveMany());
      assert(large.every(({ data, truncated }, at) => data.length === 50_000 && !truncated && data.at(-1) === at));
    });
  }
});

claim("limits out of their range are refused, and nothing is taken", async () => {
  await withPair("stream", async (left, right) => {
    await left.send("x", { fds: [left.fd] });
    for (const maxMessages of [0, -1, 65, 1.5, NaN, Infinity]) {
      const message = `maxMessages is a whole number from 1 to 64, not ${maxMessages}`;
      await assertRejects(() => right.receiveMany({ maxMessages }), RangeError, message);
      assertThrows(() => right.tryReceiveMany({ maxMessages }), RangeError, message);
    }
    for (const maxBytes of [0, -1, 1.5, NaN, 2 ** 31]) {
      const message = `maxBytes is a whole number from 1 to 2147483647, not ${maxBytes}`;
      await assertRejects(() => right.receiveMany({ maxBytes }), RangeError, message);
    }
    for (const maxFds of [-1, 254, 0.5]) {
      const message = `maxFds is a whole number from 0 to 253, not ${maxFds}`;
      await assertRejects(() => right.receiveMany({ maxFds }), RangeError, message);
    }
    const [message] = await right.receiveMany({ maxMessages: 1, maxBytes: 1, maxFds: 1 });
    assertEquals([message.text, message.fds.length], ["x", 1]);
    message[Symbol.dispose]();
  });
});
