import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, ownName } from "../claim.ts";
import { TYPES, withPair } from "./pairs.ts";

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => Array.from(part)));
}

claim("bytes from several places are one message", async () => {
  const some = fc.array(fc.uint8Array({ maxLength: 100 }), { minLength: 1, maxLength: 20 });
  for (const type of TYPES) {
    await withPair(type, async (left, right) => {
      await fc.assert(
        fc.asyncProperty(some, async (parts) => {
          const whole = joined(parts);
          if (type === "stream" && whole.length === 0) return;
          assertEquals(await left.send(parts.map((part) => new Uint8Array(part))), whole.length);
          assertEquals((await right.receive())!.data, whole);
        }),
        { numRuns: 50 },
      );
    });
  }
});

claim("large parts are gathered by the kernel, of a stream piece by piece", async () => {
  const parts = [1, 2, 3, 4].map((value) => new Uint8Array(40_000).fill(value));
  for (const type of TYPES) {
    await withPair(type, async (left, right) => {
      await left.send(parts);
      const message = (await right.receive({ maxBytes: 200_000, waitAll: false }))!;
      assertEquals(message.length, 160_000);
      assertEquals([message.data[39_999], message.data[40_000], message.data[159_999]], [1, 2, 4]);
    });
  }
  await withPair("stream", async (left, right) => {
    const many = Array.from({ length: 50 }, (_, at) => new Uint8Array(100_001).fill(at));
    const sending = left.send(many, { fds: [left.fd] });
    using message = (await right.receive({ maxBytes: 50 * 100_001, waitAll: true }))!;
    assertEquals(await sending, 50 * 100_001);
    for (let at = 0; at < 50; at++) {
      assert(message.data.subarray(at * 100_001, (at + 1) * 100_001).every((byte) => byte === at));
    }
    assertEquals(message.fds.length, 1);
  });
});

claim("datagrams are gathered as well, wherever they go", async () => {
  using receiver = UnixSocket.bound(ownName());
  using sender = UnixSocket.bound(ownName());
  for (const size of [10, 50_000]) {
    const parts = [new Uint8Array(size).fill(1), new Uint8Array(size).fill(2)];
    await sender.send(parts, { to: receiver.address });
    assertEquals((await receiver.receive({ maxBytes: 200_000 }))!.data, new Uint8Array(joined(parts)));
  }
});

claim("a message is scattered over several buffers, and tells its true length", async () => {
  for (const type of TYPES) {
    await withPair(type, async (left, right) => {
      const [head, body] = [new Uint8Array(4), new Uint8Array(8)];
      await left.send("headbody", { fds: [left.fd] });
      using message = (await right.receive({ buffers: [head, body] }))!;
      assertEquals(new TextDecoder().decode(head), "head");
      assertEquals(new TextDecoder().decode(body.subarray(0, 4)), "body");
      assertEquals([message.length, message.data.length, message.truncated, message.fds.length], [8, 0, false, 1]);
      if (type === "stream") return;
      await left.send("0123456789abcdef");
      const cut = (await right.receive({ buffers: [head, body] }))!;
      assertEquals([cut.length, cut.truncated], [16, true]);
    });
  }
});

claim("more than 1024 parts or buffers are refused", async () => {
  await withPair("stream", async (left, right) => {
    const parts = Array.from({ length: 1025 }, () => new Uint8Array(1));
    await assertRejects(() => left.send(parts), RangeError, "1025 parts of one message; 1024 is the most");
    await assertRejects(() => right.receive({ buffers: parts }), RangeError, "1025 buffers; 1024 is the most");
    assertEquals(await left.send(parts.slice(1)), 1024);
    assertEquals((await right.receive({ buffers: parts.slice(1) }))!.length, 1024);
    await assertRejects(() => right.receive({ buffers: [new Uint8Array()] }), RangeError, "an empty buffer");
  });
});
