import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ClosedError, SystemError } from "../../src/core/errors.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim } from "../claim.ts";
import { withPair } from "./pairs.ts";

/** Why there are no urgent bytes, or `false`. */
function withoutUrgent(): string | false {
  const [left, right] = UnixSocket.pair();
  try {
    right.tryReceiveUrgent();
    return false;
  } catch (error) {
    return `this kernel has no MSG_OOB on Unix sockets: ${(error as Error).message}`;
  } finally {
    left.close();
    right.close();
  }
}
const skip = withoutUrgent();

claim("an urgent byte is taken ahead of what was sent before it", async () => {
  await withPair("stream", async (left, right) => {
    await left.send("before");
    await left.sendUrgent(0x21);
    await left.send("after");
    assertEquals(await right.receiveUrgent(), 0x21);
    assertEquals(right.tryReceiveUrgent(), undefined);
    const whole = (await right.receive({ maxBytes: 11, waitAll: true }))!;
    assertEquals(whole.text, "beforeafter");
  });
}, { skip });

claim("an urgent byte is waited for, and data does not end the wait", async () => {
  await withPair("stream", async (left, right) => {
    const urgent = right.receiveUrgent();
    await left.send("data");
    assertEquals((await right.receive())!.text, "data");
    await left.sendUrgent(0);
    assertEquals(await urgent, 0);
    const next = right.receiveUrgent();
    await left.sendUrgent(255);
    assertEquals(await next, 255);
  });
}, { skip });

claim("receiving stops where an urgent byte is that nobody has taken", async () => {
  await withPair("stream", async (left, right) => {
    await left.send("one");
    await left.sendUrgent(0x21);
    await left.send("two");
    assertEquals((await right.receive())!.text, "one");
    assertEquals((await right.receive())!.text, "two");
  });
}, { skip });

claim("with urgentInline the byte stays in the data", async () => {
  await withPair("stream", async (left, right) => {
    right.setOption("urgentInline", true);
    assertEquals(right.getOption("urgentInline"), true);
    await left.send("one");
    await left.sendUrgent(0x21);
    assertEquals((await right.receive({ maxBytes: 4, waitAll: true }))!.text, "one!");
  });
}, { skip });

claim("an urgent byte that is awaited is not lost to those who receive data meanwhile", async () => {
  await withPair("stream", async (left, right) => {
    const data = right.receive();
    const urgent = right.receiveUrgent();
    await left.sendUrgent(1);
    assertEquals(await urgent, 1);
    await left.send("data");
    assertEquals((await data)!.text, "data");

    const next = right.receiveUrgent();
    await left.send("one");
    await left.sendUrgent(2);
    await left.send("two");
    const whole = (await right.receive({ maxBytes: 6, waitAll: true }))!;
    assertEquals([whole.text, await next], ["onetwo", 2]);

    await left.sendUrgent(3);
    await left.send("three");
    assertEquals((await right.receiveMany())[0].text, "three");
    assertEquals(right.tryReceiveUrgent(), 3);
  });
}, { skip });

claim("of urgent bytes that nobody took in time, the last counts", async () => {
  await withPair("stream", async (left, right) => {
    assertEquals(right.tryReceiveUrgent(), undefined);
    for (const byte of [1, 2, 3]) {
      await left.sendUrgent(byte);
      await left.send("data");
      assertEquals((await right.receive())!.text, "data");
    }
    assertEquals([right.tryReceiveUrgent(), right.tryReceiveUrgent()], [3, undefined]);
  });
}, { skip });

claim("who waits for an urgent byte is told when none can come any more, after the last one", async () => {
  for (const end of ["shutdown", "close"] as const) {
    await withPair("stream", async (left, right) => {
      const stop = (): void => end === "close" ? left.close() : left.shutdown("write");
      await left.sendUrgent(7);
      const both = [right.receiveUrgent(), right.receiveUrgent()];
      stop();
      assertEquals(await both[0], 7);
      const error = await assertRejects(() => both[1], SystemError);
      assertEquals([error.syscall, error.code], ["recv", "ENODATA"]);
      assertEquals((await assertRejects(() => right.receiveUrgent(), SystemError)).code, "ENODATA");
      assertEquals(await right.receive(), null);
    });
  }
}, { skip });

claim("with urgentInline there is no byte to take ahead of others", async () => {
  await withPair("stream", async (left, right) => {
    right.setOption("urgentInline", true);
    assertEquals((await assertRejects(() => right.receiveUrgent(), SystemError)).code, "EINVAL");
    const error = assertThrows(() => right.tryReceiveUrgent(), SystemError);
    assertEquals([error.syscall, error.code], ["recv", "EINVAL"]);
    await left.sendUrgent(0x21);
    assertEquals((await right.receive())!.text, "!");
  });
}, { skip });

claim("what is no byte, packets and datagrams, and a closed socket are refused", async () => {
  await withPair("stream", async (left, right) => {
    for (const byte of [-1, 256, 0.5]) {
      await assertRejects(() => left.sendUrgent(byte), RangeError, `a byte is 0–255, not ${byte}`);
    }
    const waiting = right.receiveUrgent();
    right.close();
    await assertRejects(() => waiting, ClosedError, "the socket was closed");
    const error = await assertRejects(() => left.sendUrgent(1), SystemError);
    assertEquals(error.code, "EPIPE");
  });
  for (const type of ["seqpacket", "dgram"] as const) {
    await withPair(type, async (left, right) => {
      assertEquals((await assertRejects(() => left.sendUrgent(1), SystemError)).code, "EOPNOTSUPP");
      assertEquals(assertThrows(() => right.tryReceiveUrgent(), SystemError).code, "EOPNOTSUPP");
    });
  }
}, { skip });
