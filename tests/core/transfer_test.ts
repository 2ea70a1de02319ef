import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { SystemError } from "../../src/core/errors.ts";
import { claim } from "../claim.ts";
import { TYPES, withPair } from "./pairs.ts";

claim("packets and datagrams keep their boundaries, a stream does not", async () => {
  for (const type of TYPES) {
    await withPair(type, async (left, right) => {
      await left.send("one");
      await left.send("two");
      const first = (await right.receive())!;
      if (type === "stream") return assertEquals(first.text, "onetwo");
      assertEquals([first.text, (await right.receive())!.text], ["one", "two"]);
    });
  }
});

claim("any bytes arrive as they were sent", async () => {
  for (const type of TYPES) {
    await withPair(type, async (left, right) => {
      await fc.assert(fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 5000 }), async (bytes) => {
        assertEquals(await left.send(new Uint8Array(bytes)), bytes.length);
        const message = (await right.receive())!;
        assertEquals(message.data, new Uint8Array(bytes));
        assertEquals([message.length, message.truncated, message.fds.length], [bytes.length, false, 0]);
      }));
    });
  }
});

claim("an empty packet is a message, the end of the connection is null", async () => {
  await withPair("seqpacket", async (left, right) => {
    await left.send("");
    await left.send("x");
    await left.send("");
    left.close();
    assertEquals((await right.receive())!.data.length, 0);
    assertEquals((await right.receive())!.text, "x");
    assertEquals((await right.receive())!.data.length, 0);
    assertEquals(await right.receive(), null);
    assertEquals(await right.receive(), null);
  });
  await withPair("dgram", async (left, right) => {
    await left.send("");
    assertEquals((await right.receive())!.data.length, 0);
  });
});

claim("sending nothing on a stream sends nothing", async () => {
  await withPair("stream", async (left, right) => {
    assertEquals(await left.send(""), 0);
    assertEquals(right.tryReceive(), undefined);
  });
});

claim("a packet that is cut tells its true length, and the rest of it is gone", async () => {
  for (const type of ["seqpacket", "dgram"] as const) {
    await withPair(type, async (left, right) => {
      for (const _ of [1, 2]) await left.send("x".repeat(100));
      const cut = (await right.receive({ maxBytes: 10 }))!;
      assertEquals([cut.text, cut.length, cut.truncated], ["x".repeat(10), 100, true]);
      const whole = (await right.receive({ maxBytes: 100 }))!;
      assertEquals([whole.data.length, whole.length, whole.truncated], [100, 100, false]);
    });
  }
});

claim("a stream is read in pieces of at most maxBytes, and nothing of it is lost", async () => {
  await withPair("stream", async (left, right) => {
    await left.send("abcdef");
    for (const [maxBytes, text] of [[1, "a"], [4, "bcde"], [65536, "f"]] as const) {
      const message = (await right.receive({ maxBytes }))!;
      assertEquals([message.text, message.length, message.truncated], [text, text.length, false]);
    }
  });
});

claim("a buffer of one's own is filled in place", async () => {
  for (const type of TYPES) {
    await withPair(type, async (left, right) => {
      const buffer = new Uint8Array(8);
      await left.send("abc");
      const message = (await right.receive({ buffer }))!;
      assertEquals(message.text, "abc");
      assert(message.data.buffer === buffer.buffer);
      await left.send("defghi");
      assertEquals((await right.receive({ buffer: buffer.subarray(4) }))!.text, "defg");
      assertEquals(buffer, new TextEncoder().encode("abc\0defg"));
    });
  }
});

claim("messages do not share memory unless asked to", async () => {
  await withPair("seqpacket", async (left, right) => {
    await left.send("first");
    await left.send("other");
    const first = (await right.receive())!;
    assertEquals((await right.receive())!.text, "other");
    assertEquals(first.text, "first");
  });
});

claim("limits out of their range are refused", async () => {
  await withPair("stream", async (left, right) => {
    await left.send("x", { fds: [left.fd] });
    for (const maxBytes of [0, -1, 1.5, NaN, 2 ** 31]) {
      const message = `maxBytes is a whole number from 1 to 2147483647, not ${maxBytes}`;
      await assertRejects(() => right.receive({ maxBytes }), RangeError, message);
    }
    for (const maxFds of [-1, 254, 0.5]) {
      const message = `maxFds is a whole number from 0 to 253, not ${maxFds}`;
      await assertRejects(() => right.receive({ maxFds }), RangeError, message);
    }
    await assertRejects(() => right.receive({ buffer: new Uint8Array() }), RangeError, "buffer");
    using message = await right.receive();
    assertEquals([message!.text, message!.fds.length], ["x", 1]);
  });
});

claim("a packet may be measured with a buffer of no bytes", async () => {
  await withPair("seqpacket", async (left, right) => {
    await left.send("measure me");
    const measured = (await right.receive({ buffer: new Uint8Array(), peek: true }))!;
    assertEquals([measured.length, measured.data.length, measured.truncated], [10, 0, true]);
    assertEquals((await right.receive())!.text, "measure me");
  });
});

claim("a packet larger than the send buffer is refused, and smaller ones go on", async () => {
  for (const type of ["seqpacket", "dgram"] as const) {
    await withPair(type, async (left, right) => {
      const most = left.getOption("sendBuffer") - 32;
      const error = await assertRejects(() => left.send(new Uint8Array(most + 1)), SystemError);
      assertEquals([error.code, error.syscall], ["EMSGSIZE", "sendmsg"]);
      await left.send(new Uint8Array(most));
      assertEquals((await right.receive({ maxBytes: most }))!.length, most);
    });
  }
});

claim("more bytes than the usual buffer are taken at once if asked for", async () => {
  await withPair("seqpacket", async (left, right) => {
    await left.send(new Uint8Array(200_000).fill(7));
    const message = (await right.receive({ maxBytes: 200_000 }))!;
    assertEquals([message.data.length, message.truncated], [200_000, false]);
    assert(message.data.every((byte) => byte === 7));
    await left.send(new Uint8Array(100_000));
    const usual = (await right.receive())!;
    assertEquals([usual.data.length, usual.length, usual.truncated], [65536, 100_000, true]);
  });
});

claim("what lies in a buffer of 2 GiB or more is sent like any other, and received into it", async () => {
  // Hardly anything is written to it, so it takes hardly any memory.
  for (const size of [2 ** 31, 2 ** 32 + 1]) {
    const large = new Uint8Array(size);
    await withPair("stream", async (left, right) => {
      const taken = left.trySend(large)!;
      assert(taken > 0);
      const message = (await right.receive({ buffer: large, maxFds: 0 }))!;
      assert(message.length > 0 && message.length <= taken);
    });
    await withPair("seqpacket", async (left, right) => {
      assertEquals(assertThrows(() => left.trySend(large), SystemError).code, "EMSGSIZE");
      await left.send("packet");
      assertEquals((await right.receive({ buffer: large }))!.text, "packet");
    });
  }
});
