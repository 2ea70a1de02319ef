import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim } from "../claim.ts";
import { countOpen, isCloseOnExec, targetOf } from "./open_descriptors.ts";
import { copies, TYPES, withPair } from "./pairs.ts";
import { result } from "./programs/run.ts";

claim("0, 1 and 253 descriptors go with one message, all close-on-exec and of the same file", async () => {
  for (const type of TYPES) {
    for (const count of [0, 1, 253]) {
      await withPair(type, async (left, right) => {
        const before = countOpen();
        await left.send("x", { fds: copies(left, count) });
        {
          using message = (await right.receive())!;
          assertEquals([message.fds.length, message.controlTruncated], [count, false]);
          assertEquals(countOpen(), before + count);
          for (const fd of message.fds) {
            assert(isCloseOnExec(fd.number));
            assertEquals(targetOf(fd.number), targetOf(left.fd.number));
          }
        }
        assertEquals(countOpen(), before);
      });
    }
  }
});

claim(
  "254 descriptors in a packet, or on a stream with a single byte, are refused before the kernel sees them",
  async () => {
    for (const type of TYPES) {
      await withPair(type, async (left, right) => {
        const fds = copies(left, 254);
        const message = "254 descriptors in one message; 253 is the most";
        const ofStream = "254 descriptors on a stream need at least 2 bytes, one for each 253";
        await assertRejects(() => left.send("x", { fds }), RangeError, type === "stream" ? ofStream : message);
        assertThrows(() => left.trySend(new Uint8Array(1), { fds }), RangeError, message);
        assertEquals(right.tryReceive(), undefined);
      });
    }
  },
);

claim("descriptors without a byte are refused on a stream and arrive in a packet", async () => {
  await withPair("stream", async (left, right) => {
    const message = "descriptors on a stream need at least one byte: the kernel loses them otherwise";
    await assertRejects(() => left.send("", { fds: [left.fd] }), RangeError, message);
    assertThrows(() => left.trySend(new Uint8Array(), { fds: [left.fd] }), RangeError, message);
    assertEquals(right.tryReceive(), undefined);
  });
  for (const type of ["seqpacket", "dgram"] as const) {
    await withPair(type, async (left, right) => {
      assertEquals(await left.send("", { fds: [left.fd] }), 0);
      using message = (await right.receive())!;
      assertEquals([message.data.length, message.fds.length], [0, 1]);
    });
  }
});

claim("descriptors beyond maxFds are closed and told of", async () => {
  for (const type of TYPES) {
    for (const maxFds of [0, 1, 4, 5]) {
      await withPair(type, async (left, right) => {
        const before = countOpen();
        await left.send("x", { fds: copies(left, 5) });
        {
          using message = (await right.receive({ maxFds }))!;
          assertEquals([message.fds.length, message.controlTruncated, message.fdsLost], [maxFds, maxFds < 5, false]);
          assertEquals(countOpen(), before + maxFds);
        }
        assertEquals(countOpen(), before);
      });
    }
  }
});

claim("descriptors that the kernel cannot install are told of, and none stays open", async () => {
  const through = ["prlimit", "--nofile=100:100"];
  for (const type of TYPES) {
    const told = await result<object>("exhaust_descriptors.ts", [type], { through });
    assertEquals(told, { data: "x", fds: 0, controlTruncated: true, fdsLost: true, leaked: 0, afterwards: 3 });
  }
});

claim("a stream stops at each message with descriptors, which come with its first byte", async () => {
  await withPair("stream", async (left, right) => {
    await left.send("AAAA");
    await left.send("BB", { fds: [left.fd] });
    await left.send("CCC");
    await left.send("DD", { fds: copies(left, 2) });
    await left.send("E", { fds: copies(left, 3) });
    const seen: [string, number][] = [];
    while (seen.map(([text]) => text).join("").length < 12) {
      using message = (await right.receive({ maxBytes: 65536 }))!;
      seen.push([message.text, message.fds.length]);
    }
    // Bytes without descriptors may stand before or after those with, never two messages with descriptors together.
    assertEquals(seen.map(([text]) => text).join(""), "AAAABBCCCDDE");
    assertEquals(seen.map(([, count]) => count).filter((count) => count > 0), [1, 2, 3]);
  });
  await withPair("stream", async (left, right) => {
    await left.send("abcd", { fds: [left.fd] });
    using first = (await right.receive({ maxBytes: 1 }))!;
    assertEquals([first.text, first.fds.length], ["a", 1]);
    using rest = (await right.receive())!;
    assertEquals([rest.text, rest.fds.length], ["bcd", 0]);
  });
});

claim("what is peeked at stays, and its descriptors are duplicated each time", async () => {
  for (const type of TYPES) {
    await withPair(type, async (left, right) => {
      const before = countOpen();
      await left.send("look", { fds: [left.fd] });
      for (const _ of [1, 2, 3]) {
        using message = (await right.receive({ peek: true }))!;
        assertEquals([message.text, message.fds.length], ["look", 1]);
        assert(isCloseOnExec(message.fds[0].number));
      }
      using message = (await right.receive())!;
      assertEquals([message.text, message.fds.length, countOpen()], ["look", 1, before + 1]);
      assertEquals(right.tryReceive(), undefined);
    });
  }
});

claim("descriptors that were taken outlive their message", async () => {
  await withPair("seqpacket", async (left, right) => {
    await left.send("x", { fds: [left.fd] });
    let taken;
    {
      using message = (await right.receive())!;
      taken = message.takeFds();
      assertEquals(message.fds.length, 0);
    }
    using socket = UnixSocket.fromFd(taken[0]);
    await socket.send("through the copy");
    assertEquals((await right.receive())!.text, "through the copy");
  });
});

claim("a closed descriptor cannot be sent", async () => {
  await withPair("seqpacket", async (left, right) => {
    const fd = right.fd.duplicate();
    fd.close();
    await assertRejects(() => left.send("x", { fds: [fd] }), Error, "the descriptor was closed");
    assertEquals(right.tryReceive(), undefined);
  });
});
