import { assert, assertEquals, assertRejects } from "@std/assert";
import { Fd } from "../../src/core/fd.ts";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { withPair } from "./pairs.ts";

claim("waiting for all takes as much as was asked for, however it comes", async () => {
  await withPair("stream", async (left, right) => {
    const receiving = right.receive({ maxBytes: 6, waitAll: true });
    for (const piece of ["one", "tw", "o", "rest"]) {
      await left.send(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assertEquals((await receiving)!.text, "onetwo");
    const buffer = new Uint8Array(4);
    assertEquals((await right.receive({ buffer, waitAll: true }))!.text, "rest");
    assertEquals(new TextDecoder().decode(buffer), "rest");
  });
});

claim("what is there at the end is taken, and null stands for nothing", async () => {
  await withPair("stream", async (left, right) => {
    await left.send("short");
    left.close();
    assertEquals((await right.receive({ maxBytes: 100, waitAll: true }))!.text, "short");
    assertEquals(await right.receive({ maxBytes: 100, waitAll: true }), null);
  });
});

claim("all descriptors that came in between are in the message, where the kernel would have stopped", async () => {
  await withPair("stream", async (left, right) => {
    for (const piece of ["a", "b", "c"]) await left.send(piece, { fds: [left.fd, right.fd] });
    using message = (await right.receive({ maxBytes: 3, waitAll: true }))!;
    assertEquals([message.text, message.fds.length, message.controlTruncated], ["abc", 6, false]);
    for (const piece of ["a", "b"]) await left.send(piece, { fds: [left.fd, right.fd] });
    using few = (await right.receive({ maxBytes: 2, waitAll: true, maxFds: 1 }))!;
    assertEquals([few.fds.length, few.controlTruncated], [1, true]);
    for (const piece of ["a", "b"]) await left.send(piece, { fds: [left.fd] });
    using none = (await right.receive({ maxBytes: 2, waitAll: true, maxFds: 0 }))!;
    assertEquals([none.text, none.fds.length, none.controlTruncated], ["ab", 0, true]);
  });
});

claim("who receives meanwhile comes after", async () => {
  await withPair("stream", async (left, right) => {
    const first = right.receive({ maxBytes: 4, waitAll: true });
    const second = right.receive();
    await left.send("ab");
    await left.send("cdef");
    assertEquals([(await first)!.text, (await second)!.text], ["abcd", "ef"]);
  });
});

claim("a signal ends it, and the descriptors that had come are closed", async () => {
  await withPair("stream", async (left, right) => {
    const reason = new Error("enough");
    const controller = new AbortController();
    await left.send("x", { fds: [left.fd] });
    const waiting = right.receive({ maxBytes: 2, waitAll: true, signal: controller.signal });
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort(reason);
    assertEquals(await assertRejects(() => waiting), reason);
    await left.send("y");
    assertEquals((await right.receive())!.text, "y");
  });
});

claim("packets, peeking and several buffers are refused", async () => {
  await withPair("seqpacket", async (_, right) => {
    await assertRejects(() => right.receive({ waitAll: true }), TypeError, "a packet comes whole anyway");
  });
  await withPair("stream", async (_, right) => {
    const message = "not with peek or several buffers";
    await assertRejects(() => right.receive({ waitAll: true, peek: true }), TypeError, message);
    await assertRejects(() => right.receive({ waitAll: true, buffers: [] }), TypeError, message);
    await assertRejects(() => right.receive({ waitAll: true, maxBytes: 0 }), RangeError, "maxBytes");
  });
});

claim("300 descriptors and more go over a stream in several messages, a byte with each", async () => {
  for (const count of [254, 506, 507, 600]) {
    await withPair("stream", async (left, right) => {
      const fds = Array.from({ length: count }, () => left.fd);
      const text = "these are many";
      const sending = left.send(text, { fds });
      using message = (await right.receive({ maxBytes: text.length, waitAll: true }))!;
      assertEquals(await sending, text.length);
      assertEquals([message.text, message.fds.length], [text, count]);
      assertEquals(message.fds.every((fd) => fd instanceof Fd && fd.isOpen), true);
    });
  }
  await withPair("stream", async (left, right) => {
    const fds = Array.from({ length: 300 }, () => left.fd);
    const parts = [new Uint8Array([1]), new Uint8Array([2, 3])];
    const [first, second] = [left.send(parts, { fds }), left.send("after")];
    using message = (await right.receive({ maxBytes: 8, waitAll: true }))!;
    await first;
    await second;
    assertEquals([Array.from(message.data.subarray(0, 3)), message.fds.length], [[1, 2, 3], 300]);
    await assertRejects(() => left.send("x", { fds }), RangeError, "300 descriptors on a stream need at least 2 bytes");
  });
});

claim("who waits for all of what comes in very small pieces lets others run in between", async () => {
  await withPair("stream", async (left, right) => {
    left.setOption("sendBuffer", 2 ** 20);
    let count = 0;
    // The kernel gives no more at once than what goes with one message's descriptors.
    while (left.trySend("x", { fds: [left.fd] }) !== undefined) count++;
    assert(count > 256, `${count} pieces`);
    let hasRun = false;
    setImmediate(() => hasRun = true);
    assertEquals((await right.receive({ maxBytes: count, waitAll: true, maxFds: 0 }))!.length, count);
    assert(hasRun);
  });
});

claim("what one has sent tells whose it is, and what several have put together is nobody's", async () => {
  const another = { pid: Deno.pid, uid: 65534, gid: 65534 };
  await withPair("stream", async (left, right) => {
    right.setOption("passCredentials", true);
    right.setOption("passPidfd", true);
    await left.send("a");
    await left.send("b", { fds: [left.fd] });
    using one = (await right.receive({ maxBytes: 2, waitAll: true }))!;
    assertEquals([one.text, one.credentials?.pid, one.pidfd?.isOpen], ["ab", Deno.pid, true]);
    await left.send("a");
    await left.send("b", { credentials: another });
    using both = (await right.receive({ maxBytes: 2, waitAll: true }))!;
    assertEquals([both.text, both.credentials, both.pidfd], ["ab", undefined, undefined]);
  });
}, { skip: NEEDS_ROOT });
