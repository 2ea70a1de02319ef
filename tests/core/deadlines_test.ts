import { assert, assertEquals } from "@std/assert";
import { Deadlines } from "../../src/core/deadlines.ts";
import { claim } from "../claim.ts";

/** Keeps the process alive until a promise settles: the deadlines themselves do not. */
async function keepingAwake<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 1000);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
  }
}

function untilAll(names: readonly string[], ms: number, matters: (name: string) => boolean = () => true) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const expired: { name: string; at: number }[] = [];
  const deadlines = new Deadlines<string>(ms, matters, (name) => {
    expired.push({ name, at: performance.now() });
    if (expired.length === names.length) resolve();
  });
  return { deadlines, expired, done: () => keepingAwake(promise) };
}

claim("deadlines expire in the order of being set, none before its time", async () => {
  const { deadlines, expired, done } = untilAll(["a", "b", "c"], 40);
  using _deadlines = deadlines;
  const set = new Map<string, number>();
  for (const name of ["a", "b", "c"]) {
    set.set(name, performance.now());
    deadlines.set(name, set.get(name)!);
    await new Promise((resolve) => setTimeout(resolve, 7));
  }
  await done();
  assertEquals(expired.map(({ name }) => name), ["a", "b", "c"]);
  for (const { name, at } of expired) assert(at - set.get(name)! >= 40, `${name} after ${at - set.get(name)!} ms`);
  assertEquals(deadlines.size, 0);
});

claim("a deadline that matters no longer does not expire", async () => {
  const over = new Set(["b"]);
  const { deadlines, expired, done } = untilAll(["a", "c"], 10, (name) => !over.has(name));
  using _deadlines = deadlines;
  for (const name of ["a", "b", "c"]) deadlines.set(name, performance.now());
  await done();
  assertEquals(expired.map(({ name }) => name), ["a", "c"]);
});

claim("a deadline may be set while another expires", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let rounds = 0;
  using deadlines: Deadlines<string> = new Deadlines<string>(5, () => true, (name) => {
    if (++rounds === 3) resolve();
    else deadlines.set(name, performance.now());
  });
  deadlines.set("again", performance.now());
  await keepingAwake(promise);
  assertEquals(rounds, 3);
});

claim("a time of 0 means never", () => {
  using deadlines = new Deadlines<string>(0, () => true, () => {
    throw new Error("expired");
  });
  deadlines.set("a", 0);
  assertEquals(deadlines.size, 0);
});

claim("those who came and went are not remembered until their time would have been up", () => {
  const staying = 100;
  using deadlines = new Deadlines<number>(3_600_000, (number) => number < staying, () => {});
  for (let number = 0; number < 1_000_000; number++) deadlines.set(number, number);
  assert(deadlines.size <= 1024 + staying, `${deadlines.size} are`);
});

claim("nothing expires after the end", async () => {
  const deadlines = new Deadlines<string>(5, () => true, () => {
    throw new Error("expired");
  });
  deadlines.set("a", performance.now());
  deadlines[Symbol.dispose]();
  await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals(deadlines.size, 0);
});
