import { Beam, UnixSocket } from "ipcx";
import { assertEquals, assertRejects } from "@std/assert";
import { claim } from "../claim.ts";
import { countOpen, targetOf } from "../core/open_descriptors.ts";
import { copies } from "../core/pairs.ts";
import { pipe } from "./descriptors.ts";

const LIMIT = Number(/^Max open files\s+(\d+)/m.exec(Deno.readTextFileSync("/proc/self/limits"))![1]);

/** They are all open at once when they have arrived. */
const COUNTS = [0, 1, 252, 253, 254, 506, 507, LIMIT > 1200 ? 1000 : 800];

/** A pair of each kind that carries any number of descriptors. */
function pairs(options: { maxFds?: number; readAhead?: boolean } = {}): [Beam, Beam][] {
  return [Beam.pair({ framed: true, ...options }), Beam.pair({ type: "seqpacket", ...options })];
}

claim("any number of descriptors goes with a message of any size, in their order", async () => {
  const [reader, writer] = pipe();
  using _reader = reader;
  using _writer = writer;
  for (const [sender, receiver] of pairs()) {
    using _sender = sender;
    using _receiver = receiver;
    for (const count of COUNTS) {
      for (const size of [0, 5, 20_000, 100_000]) {
        // The last one is another one, so that the order shows.
        const fds = Array.from({ length: count }, (_, at) => at === count - 1 ? writer : reader);
        const before = countOpen();
        const sending = sender.send("x".repeat(size), fds);
        const message = (await receiver.receive())!;
        await sending;
        assertEquals([message.data.length, message.fds.length, message.controlTruncated], [size, count, false]);
        if (count > 1) assertEquals(targetOf(message.fds[0].number), targetOf(reader.number));
        if (count > 0) assertEquals(targetOf(message.fds[count - 1].number), targetOf(writer.number));
        if (size < 65_536) assertEquals(countOpen(), before + count);
        message[Symbol.dispose]();
      }
    }
    assertEquals(receiver.tryReceive(), undefined);
  }
});

claim("messages with many descriptors follow each other without mixing", async () => {
  for (const readAhead of [true, false]) {
    for (const [sender, receiver] of pairs({ readAhead })) {
      using _sender = sender;
      using _receiver = receiver;
      const counts = [254, 0, 1, 300, 253, 0, 507, 2];
      const sending = Promise.all(
        counts.map((count, at) => sender.send(`message ${at}`, Array.from({ length: count }, () => sender.fd))),
      );
      for (const [at, count] of counts.entries()) {
        using message = (await receiver.receive())!;
        assertEquals([message.text, message.fds.length], [`message ${at}`, count]);
      }
      await sending;
    }
  }
});

claim("what is beyond maxFds is closed and told of, whatever part of the message it came with", async () => {
  for (const maxFds of [0, 1, 253, 300]) {
    for (const [sender, receiver] of pairs({ maxFds })) {
      using _sender = sender;
      using _receiver = receiver;
      for (const count of [1, 253, 254, 600]) {
        for (const size of [0, 100_000]) {
          const fds = Array.from({ length: count }, () => sender.fd);
          const sending = sender.send("y".repeat(size), fds);
          using message = (await receiver.receive())!;
          await sending;
          assertEquals(message.data.length, size);
          assertEquals([message.fds.length, message.controlTruncated], [Math.min(count, maxFds), count > maxFds]);
        }
      }
      await sender.send("next");
      using next = (await receiver.receive())!;
      assertEquals([next.text, next.fds.length, next.controlTruncated], ["next", 0, false]);
    }
  }
});

claim("a descriptor that was closed before it could be sent ends nothing but its own message", async () => {
  const [left, right] = UnixSocket.pair();
  for (const [sender, receiver] of pairs()) {
    using _sender = sender;
    using _receiver = receiver;
    const fds = copies(left, 3);
    if (left.fd.isOpen) left.close();
    await assertRejects(() => sender.send("never sent", fds), Error, "closed");
    await sender.send("still good");
    using message = (await receiver.receive())!;
    assertEquals(message.text, "still good");
  }
  right.close();
});
