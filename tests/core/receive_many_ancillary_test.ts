import { assert, assertEquals } from "@std/assert";
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

claim(
  "a message whose descriptors the kernel cannot install says so and ends the call: the next one finds room",
  async () => {
    const through = ["prlimit", "--nofile=100:100"];
    for (const type of TYPES) {
      const told = await result<object>("receive_many_at_limit.ts", [type], { through });
      assertEquals(told, {
        calls: [[["a", 2, false, false], ["b", 0, true, true]], [["c", 3, false, false]]],
        leaked: 0,
      });
    }
  },
);

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
