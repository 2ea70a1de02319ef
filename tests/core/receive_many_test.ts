import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ClosedError, SystemError } from "../../src/core/errors.ts";
import type { Message } from "../../src/core/message.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, ownName } from "../claim.ts";
import { countOpen, isCloseOnExec, targetOf } from "./open_descriptors.ts";
import { copies, TYPES, withPair } from "./pairs.ts";
import { result } from "./programs/run.ts";

const PACKETS = ["seqpacket", "dgram"] as const;

const SELF = { pid: Deno.pid, uid: Deno.uid()!, gid: Deno.gid()! };

function texts(messages: readonly Message[]): string[] {
  return messages.map(({ text }) => text);
}

async function sendNumbers(socket: UnixSocket, count: number): Promise<string[]> {
  const numbers = Array.from({ length: count }, (_, at) => `${at}`);
  for (const number of numbers) await socket.send(number);
  return numbers;
}

/** Sends the last words of a stream whose peer has sent something that nobody reads. */
async function breakOff(left: UnixSocket, right: UnixSocket, words: readonly string[]): Promise<void> {
  await right.send("unread");
  for (const word of words) await left.send(word, { fds: [right.fd] });
  left.close();
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

claim("each message owns its descriptors, all close-on-exec; those that nobody took are closed with it", async () => {
  for (const type of TYPES) {
    await withPair(type, async (left, right) => {
      const before = countOpen();
      for (const count of [1, 0, 3]) await left.send("x", { fds: copies(left, count) });
      const messages = await right.receiveMany();
      assertEquals(countOpen(), before + 4);
      const counts = messages.map(({ fds }) => fds.length);
      assertEquals(counts.filter((count) => count > 0), [1, 3]);
      for (const { number } of messages.flatMap(({ fds }) => fds)) {
        assert(isCloseOnExec(number));
        assertEquals(targetOf(number), targetOf(left.fd.number));
      }
      const last = messages.findLast(({ fds }) => fds.length === 3)!;
      const taken = last.takeFds();
      assertEquals(countOpen(), before + 4);
      for (const message of messages) message[Symbol.dispose]();
      assertEquals(countOpen(), before + 3);
      for (const fd of taken) fd.close();
      assertEquals(countOpen(), before);
    });
  }
});

claim("253 descriptors come with each of many messages", async () => {
  await withPair("seqpacket", async (left, right) => {
    for (let at = 0; at < 5; at++) await left.send(`${at}`, { fds: copies(left, 253) });
    const counts: number[] = [];
    while (counts.length < 5) {
      for (const message of await right.receiveMany()) {
        using received = message;
        counts.push(received.fds.length);
      }
    }
    assertEquals(counts, [253, 253, 253, 253, 253]);
  });
});

claim("descriptors beyond maxFds of each message are closed and told of, but were not lost", async () => {
  for (const type of PACKETS) {
    await withPair(type, async (left, right) => {
      const before = countOpen();
      for (const count of [2, 5, 0, 3]) await left.send("x", { fds: copies(left, count) });
      const messages = await right.receiveMany({ maxFds: 2 });
      assertEquals(
        messages.map(({ fds, controlTruncated, fdsLost }) => [fds.length, controlTruncated, fdsLost]),
        [[2, false, false], [2, true, false], [0, false, false], [2, true, false]],
      );
      assertEquals(countOpen(), before + 6);
      for (const message of messages) message[Symbol.dispose]();
      assertEquals(countOpen(), before);
    });
  }
});

claim("a message whose descriptors the kernel cannot install says so, and the others have theirs", async () => {
  const through = ["prlimit", "--nofile=100:100"];
  for (const type of TYPES) {
    const told = await result<object>("receive_many_at_limit.ts", [type], { through });
    assertEquals(told, {
      messages: [["a", 2, false, false], ["b", 0, true, true], ["c", 3, false, false]],
      leaked: 0,
    });
  }
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

claim("every message tells its sender, on packet and datagram sockets", async () => {
  for (const type of PACKETS) {
    await withPair(type, async (left, right) => {
      await left.send("before");
      right.setOption("passCredentials", true);
      right.setOption("passPidfd", true);
      await left.send("one");
      await left.send("two", { fds: [left.fd] });
      const [, ...messages] = await right.receiveMany();
      assertEquals(texts(messages), ["one", "two"]);
      for (const message of messages) {
        assertEquals(message.credentials, SELF);
        assert(isCloseOnExec(message.pidfd!.number));
        message[Symbol.dispose]();
      }
    });
  }
});

claim("datagrams from several senders come at once, without their names", async () => {
  using inbox = UnixSocket.bound(ownName());
  inbox.setOption("passCredentials", true);
  using one = UnixSocket.bound(ownName());
  using other = await UnixSocket.connect(inbox.address, { type: "dgram" });
  await one.send("one", { to: inbox.address });
  await other.send("other");
  const messages = await inbox.receiveMany();
  assertEquals(texts(messages), ["one", "other"]);
  for (const { from, credentials } of messages) assertEquals([from, credentials], [undefined, SELF]);
  await one.send("again", { to: inbox.address });
  assertEquals(`${(await inbox.receive())!.from}`, `${one.address}`);
});
