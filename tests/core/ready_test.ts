import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { ClosedError } from "../../src/core/errors.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, ownName } from "../claim.ts";
import { TYPES, withPair } from "./pairs.ts";

/** Waits for what is sure to come: if it does not, the test fails instead of hanging. */
function soon(waiting: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("nobody was told that the socket is ready")), 30_000);
  return Promise.race([waiting, late.promise]).finally(() => clearTimeout(timer));
}

/** Lets the event loop take note of all that has happened. */
async function settle(): Promise<void> {
  for (let at = 0; at < 5; at++) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Whether a wait goes on although everything that has happened is known. */
async function goesOn(waiting: Promise<void>): Promise<boolean> {
  let ended = false;
  waiting.finally(() => ended = true).catch(() => {});
  await settle();
  return !ended;
}

/** Whether a wait that begins now goes on; it is ended then. */
async function hasToWait(begin: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
  const end = new AbortController();
  const hasTo = await goesOn(begin(end.signal));
  end.abort();
  return hasTo;
}

function fill(socket: UnixSocket): void {
  while (socket.trySend(new Uint8Array(4096)) !== undefined);
}

claim("a socket is ready to receive once a message is there, and not before", async () => {
  for (const type of TYPES) {
    await withPair(type, async (left, right) => {
      for (const text of ["one", "two"]) {
        assertEquals(right.tryReceive(), undefined);
        const ready = right.ready("readable");
        assert(await goesOn(ready));
        await left.send(text);
        await soon(ready);
        assertEquals(right.tryReceive()!.text, text);
      }
    });
  }
});

claim("what came while nobody waited is not waited for", async () => {
  for (const type of TYPES) {
    await withPair(type, async (left, right) => {
      await soon(right.ready("writable"));
      await left.send("meanwhile");
      await settle();
      await soon(right.ready("readable"));
      assertEquals(right.tryReceive()!.text, "meanwhile");
      assertEquals(right.tryReceive(), undefined);
      assert(await hasToWait((signal) => right.ready("readable", { signal })));
    });
  }
});

claim("a socket stays ready until nothing is left", async () => {
  for (const type of ["seqpacket", "dgram"] as const) {
    await withPair(type, async (left, right) => {
      const ready = right.ready("readable");
      for (const text of ["1", "2", "3", "4", "5"]) await left.send(text);
      await soon(ready);
      assertEquals(right.tryReceive()!.text, "1");
      await settle();
      await soon(right.ready("readable"));
      assertEquals(right.tryReceiveMany({ maxMessages: 2 })!.map(({ text }) => text), ["2", "3"]);
      await soon(right.ready("readable"));
      await soon(right.ready("readable"));
      assertEquals(right.tryReceiveMany()!.map(({ text }) => text), ["4", "5"]);
      assertEquals(right.tryReceiveMany(), undefined);
      assert(await hasToWait((signal) => right.ready("readable", { signal })));
    });
  }
});

claim("who waits for a socket that stays ready keeps nobody else waiting", async () => {
  await withPair("stream", async (left, right) => {
    await left.send("x");
    let elsewhere = false;
    setTimeout(() => elsewhere = true, 0);
    const deadline = performance.now() + 30_000;
    while (!elsewhere && performance.now() < deadline) await soon(right.ready("readable"));
    assert(elsewhere);
  });
});

claim("a socket is ready to send while there is room, and again once some was made", async () => {
  for (const type of TYPES) {
    await withPair(type, async (left, right) => {
      await soon(left.ready("writable"));
      await soon(left.ready("writable"));
      fill(left);
      const ready = left.ready("writable");
      assert(await goesOn(ready));
      while (right.tryReceive() !== undefined);
      await soon(ready);
      assertEquals(left.trySend(new Uint8Array(1)), 1);
    });
  }
});

claim("the end, and a failure behind messages that were received, are something to receive", async () => {
  await withPair("stream", async (left, right) => {
    await right.ready("writable");
    left.close();
    await settle();
    for (const _ of [1, 2]) {
      await soon(right.ready("readable"));
      assertEquals(right.tryReceive(), null);
    }
  });
  await withPair("stream", async (left, right) => {
    await right.ready("writable");
    await right.send("unread");
    await left.send("last words");
    left.close();
    await settle();
    assertEquals(right.tryReceiveMany()!.length, 1);
    await soon(right.ready("readable"));
    await assertRejects(() => right.receiveMany(), Error, "ECONNRESET");
  });
});

claim("a listener is ready while connections wait, and not for longer", async () => {
  using listener = UnixListener.listen(ownName());
  const ready = listener.ready("readable");
  assert(await goesOn(ready));
  using _first = await UnixSocket.connect(listener.address);
  using _second = await UnixSocket.connect(listener.address);
  await soon(ready);
  for (const _ of [1, 2]) {
    await soon(listener.ready("readable"));
    listener.tryAccept()!.close();
  }
  assertEquals(listener.tryAccept(), undefined);
  assert(await hasToWait((signal) => listener.ready("readable", { signal })));
});

claim("a signal ends a wait for readiness with its reason, and prevents one", async () => {
  await withPair("stream", async (left, right) => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const waiting = right.ready("readable", { signal: controller.signal });
    controller.abort(reason);
    assertStrictEquals(await assertRejects(() => waiting), reason);
    await left.send("x");
    await soon(right.ready("readable"));
    assertStrictEquals(await assertRejects(() => right.ready("readable", { signal: controller.signal })), reason);
    assertEquals(right.tryReceive()!.text, "x");
  });
});

claim("nobody waits for a socket that was closed or given away", async () => {
  for (const type of TYPES) {
    await withPair(type, async (left, right) => {
      await left.send("x");
      await soon(right.ready("readable"));
      const waiting = left.ready("readable");
      left.close();
      await assertRejects(() => waiting, ClosedError);
      await assertRejects(() => left.ready("writable"), ClosedError);
      right.release().close();
      await assertRejects(() => right.ready("readable"), ClosedError);
    });
  }
});
