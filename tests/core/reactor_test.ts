import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { SystemError } from "../../src/core/errors.ts";
import { EPOLL } from "../../src/core/linux.ts";
import { openPath } from "../../src/core/reach.ts";
import { expectEvent, expectNothing, Watch, whenPaused } from "../../src/core/reactor.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, ownName } from "../claim.ts";
import { result, run, Running } from "./programs/run.ts";

const BYTE = new Uint8Array(1);

/** Waits for the first event of a descriptor. */
function firstEvent(fd: number, events: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const watch = new Watch(fd, events, {
    onReady(events) {
      watch.close();
      resolve(events);
    },
  });
  watch.ref();
  return promise;
}

claim("10 000 round trips come back", async () => {
  const [left, right] = UnixSocket.pair("seqpacket");
  const echo = (async () => {
    for await (const message of right) await right.send(message.data);
  })();
  for (let at = 0; at < 10_000; at++) {
    await left.send(`${at}`);
    assertEquals((await left.receive())!.text, `${at}`);
  }
  left.close();
  await echo;
  right.close();
});

claim("what is ready already is told, and what becomes ready later", async () => {
  const [left, right] = UnixSocket.pair();
  assertEquals(await firstEvent(left.fd.number, EPOLL.OUT), EPOLL.OUT);
  const later = firstEvent(right.fd.number, EPOLL.IN);
  left.trySend(BYTE);
  assertEquals(await later, EPOLL.IN);
  assertEquals(await firstEvent(right.fd.number, EPOLL.IN), EPOLL.IN);
  const gone = firstEvent(right.fd.number, 0);
  left.close();
  assert(await gone & EPOLL.HUP);
  right.close();
});

claim("other events can be watched for from then on", async () => {
  const [left, right] = UnixSocket.pair();
  const seen: number[] = [];
  const watch = new Watch(left.fd.number, EPOLL.IN, { onReady: (events) => void (seen.push(events), watch.close()) });
  watch.change(EPOLL.OUT);
  await firstEvent(right.fd.number, EPOLL.OUT);
  assertEquals(seen, [EPOLL.OUT]);
  watch.change(EPOLL.IN);
  watch.close();
  left.close();
  right.close();
});

claim("a file that cannot be polled is refused, and so is a descriptor that is watched already", () => {
  using place = openPath("/");
  const handler = { onReady() {} };
  assertEquals(assertThrows(() => new Watch(place.number, EPOLL.IN, handler), SystemError).syscall, "epoll_ctl");
  assertEquals(assertThrows(() => new Watch(1_000_000, EPOLL.IN, handler), SystemError).code, "EBADF");
  const [left, right] = UnixSocket.pair();
  using _watch = new Watch(left.fd.number, EPOLL.IN, handler);
  assertEquals(assertThrows(() => new Watch(left.fd.number, EPOLL.IN, handler), SystemError).code, "EEXIST");
  left.close();
  right.close();
});

claim("a closed watch is told nothing, even if its descriptor lives on in a copy", async () => {
  const [left, right] = UnixSocket.pair();
  using copy = left.fd.duplicate();
  const number = left.fd.number;
  const stale: number[] = [];
  const watch = new Watch(number, EPOLL.IN, { onReady: (events) => void stale.push(events) });
  watch.close();
  watch.close();
  left.close();
  right.trySend(BYTE);

  const [reused, other] = UnixSocket.pair();
  assertEquals(reused.fd.number, number);
  const events: number[] = [];
  using _watch = new Watch(number, EPOLL.IN, { onReady: (bits) => void events.push(bits) });
  const [marker, peer] = UnixSocket.pair();
  peer.trySend(BYTE);
  await firstEvent(marker.fd.number, EPOLL.IN);
  assertEquals([stale, events], [[], []]);
  assert(copy.isOpen);
  for (const socket of [right, reused, other, marker, peer]) socket.close();
});

claim("a watch closed by a handler before its turn is not told in the same round", async () => {
  const pairs = Array.from({ length: 10 }, () => UnixSocket.pair());
  const told: number[] = [];
  const watches: Watch[] = [];
  for (const [at, [left]] of pairs.entries()) {
    watches.push(
      new Watch(left.fd.number, EPOLL.IN, {
        onReady() {
          told.push(at);
          for (const watch of watches) watch.close();
        },
      }),
    );
  }
  for (const [, right] of pairs) right.trySend(BYTE);
  const [left, right] = UnixSocket.pair();
  right.trySend(BYTE);
  await firstEvent(left.fd.number, EPOLL.IN);
  assertEquals(told.length, 1);
  for (const socket of [left, right, ...pairs.flat()]) socket.close();
});

claim("more descriptors than fit into one round are all told", async () => {
  const pairs = Array.from({ length: 300 }, () => UnixSocket.pair("dgram"));
  const receiving = pairs.map(([left]) => left.receive());
  for (const [at, [, right]] of pairs.entries()) right.trySend(new TextEncoder().encode(`${at}`));
  const texts = (await Promise.all(receiving)).map((message) => message!.text);
  assertEquals(texts, pairs.map((_, at) => `${at}`));
  for (const socket of pairs.flat()) socket.close();
});

claim("an exception in a handler is reported, and others are served", async () => {
  const [left, right] = UnixSocket.pair();
  const { promise: reported, resolve } = Promise.withResolvers<unknown>();
  const listen = (event: ErrorEvent): void => {
    event.preventDefault();
    resolve(event.error);
  };
  globalThis.addEventListener("error", listen);
  const failure = new Error("a faulty handler");
  const watch = new Watch(left.fd.number, EPOLL.OUT, {
    onReady() {
      watch.close();
      throw failure;
    },
  });
  watch.ref();
  assertEquals(await reported, failure);
  globalThis.removeEventListener("error", listen);
  const receiving = right.receive();
  await left.send("served");
  assertEquals((await receiving)!.text, "served");
  left.close();
  right.close();
});

claim("a task that was put off is done, whether the reactor is busy or not", async () => {
  await new Promise<void>(whenPaused);
  const [left, right] = UnixSocket.pair();
  const order: string[] = [];
  const watch = new Watch(left.fd.number, EPOLL.OUT, {
    onReady() {
      watch.close();
      whenPaused(() => order.push("paused"));
      order.push("served");
    },
  });
  watch.ref();
  while (order.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals(order, ["served", "paused"]);
  left.close();
  right.close();
});

/** What comes first when such descriptors are ready: what was put off, or what a handler gave to the runtime. */
async function orderAfter(...comeAlone: boolean[]): Promise<string[]> {
  await new Promise<void>(whenPaused);
  const pairs = comeAlone.map(() => UnixSocket.pair());
  const order: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const watches = pairs.map(([left], at) => {
    const watch = new Watch(left.fd.number, EPOLL.OUT, {
      comesAlone: comeAlone[at],
      onReady() {
        watch.close();
        if (at > 0) return;
        whenPaused(() => order.push("paused"));
        queueMicrotask(() => order.push("gone on"));
        setTimeout(resolve, 0);
      },
    });
    return watch;
  });
  watches[0].ref();
  await promise;
  while (order.length < 2) await new Promise((done) => setTimeout(done, 1));
  for (const socket of pairs.flat()) socket.close();
  return order;
}

claim("what comes alone is no reason to poll on, and what does not is, also beside it", async () => {
  assertEquals(await orderAfter(true), ["paused", "gone on"]);
  assertEquals(await orderAfter(false), ["gone on", "paused"]);
  assertEquals(await orderAfter(true, true), ["paused", "gone on"]);
  assertEquals(await orderAfter(true, false), ["gone on", "paused"]);
});

claim("what comes alone and stays ready is told again and again, and others in between", async () => {
  const [left, right] = UnixSocket.pair();
  let times = 0, ticks = 0;
  const watch = new Watch(left.fd.number, EPOLL.OUT, {
    comesAlone: true,
    onReady: () => {
      if (++times === 1000) watch.close();
    },
  });
  watch.ref();
  while (times < 1000) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    ticks++;
  }
  assert(ticks > 1);
  assertEquals(times, 1000);
  left.close();
  right.close();
});

claim("what is expected is told before any timer runs, and never while whoever expects it is at work", async () => {
  // The runner begins a test before what it has put off itself.
  await new Promise((resolve) => setTimeout(resolve, 0));
  const [left, right] = UnixSocket.pair();
  const order: string[] = [];
  const watch = new Watch(left.fd.number, EPOLL.IN, { onReady: () => void (order.push("told"), watch.close()) });
  watch.ref();
  right.trySend(BYTE);
  const timer = new Promise<void>((resolve) => setTimeout(() => (order.push("timer"), resolve()), 0));
  expectEvent(50);
  order.push("at work");
  await timer;
  assertEquals(order, ["at work", "told", "timer"]);
  left.close();
  right.close();
});

claim("what is expected and does not come stops nothing else, and is given up after its time", async () => {
  const [left, right] = UnixSocket.pair();
  let told = 0;
  const watch = new Watch(left.fd.number, EPOLL.IN, { onReady: () => void told++ });
  const began = performance.now();
  expectEvent(20);
  // A macrotask comes only after the polling.
  await new Promise((resolve) => setTimeout(resolve, 0));
  const polled = performance.now() - began;
  assert(polled >= 20, `it has polled for ${polled} ms only`);
  assertEquals(told, 0);
  // Then the thread waits as ever.
  const event = firstEvent(right.fd.number, EPOLL.IN);
  left.trySend(BYTE);
  assertEquals(await event, EPOLL.IN);
  watch.close();
  left.close();
  right.close();
});

claim("when what was expected has come, all else gets its turn at once", async () => {
  const [left, right] = UnixSocket.pair();
  const watch = new Watch(left.fd.number, EPOLL.IN, { onReady: () => (watch.close(), expectNothing()) });
  right.trySend(BYTE);
  const began = performance.now();
  expectEvent(20_000);
  await new Promise((resolve) => setTimeout(resolve, 0));
  const polled = performance.now() - began;
  assert(polled < 10_000, `it has polled for ${polled} ms`);
  watch.close();
  left.close();
  right.close();
});

/** The least processor time of three runs: what the runtime does by itself now and then is not in all of them. */
async function ticksOfIdling(enough: number, ...args: string[]): Promise<number> {
  let least = Infinity;
  for (let run = 0; run < 3 && least > enough; run++) {
    const { ticks, served } = await result<{ ticks: number; served: number }>("idle.ts", args);
    assertEquals(served, 100);
    least = Math.min(least, ticks);
  }
  return least;
}

claim("who expects something again and again, in vain, uses the processor for that time only", async () => {
  const ticks = await ticksOfIdling(6, "expecting");
  // 50 times 0.4 ms are 2 ticks.
  assert(ticks <= 6, `${ticks} ticks of 10 ms in a second`);
});

for (const load of ["messages", "connections", "events"] as const) {
  claim(`timers run under a sustained load of ${load}`, async () => {
    const [left, right] = UnixSocket.pair("seqpacket");
    using listener = UnixListener.listen(ownName());
    using busy = new Watch(left.fd.number, EPOLL.OUT, { onReady() {} });
    if (load !== "events") busy.close();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const deadline = performance.now() + 30_000;
    while (ticks < 5) {
      assert(performance.now() < deadline, "no timer has run for 30 s");
      if (load === "messages") {
        await left.send("x");
        await right.receive();
      } else if (load === "connections") {
        using _client = await UnixSocket.connect(listener.address);
        using _server = await listener.accept();
      } else await firstEvent(right.fd.number, EPOLL.OUT);
    }
    clearInterval(timer);
    busy.close();
    left.close();
    right.close();
  });
}

claim("100 sockets that are awaited use no processor", async () => {
  const ticks = await ticksOfIdling(1);
  assert(ticks <= 1, `${ticks} ticks of 10 ms in a second`);
});

claim("a process ends by itself if nothing is awaited on its sockets", async () => {
  const { code, out, err } = await run("open_sockets.ts", ["nothing awaited"]);
  assertEquals([code, out, err], [0, "the end\n", ""]);
});

claim("a process that awaits something stays alive until it comes, and then ends", async () => {
  for (const what of ["message", "connection", "room"]) {
    await using program = new Running("open_sockets.ts", [what]);
    assertEquals(await program.line(), "awaiting");
    assertMatch(Deno.readTextFileSync(`/proc/${program.child.pid}/comm`), /deno/);
    await program.say("go on");
    assertEquals(await program.line(), "got it");
    assertEquals((await program.end()).code, 0);
  }
});
