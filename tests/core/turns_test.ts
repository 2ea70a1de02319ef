import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { delay } from "../../src/core/delay.ts";
import { Turns } from "../../src/core/turns.ts";
import { claim } from "../claim.ts";

claim("operations run one at a time, in the order of asking", async () => {
  await fc.assert(fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 10 }), async (scheduler, count) => {
    const turns = new Turns();
    const order: string[] = [];
    const runs = Array.from({ length: count }, (_, at) =>
      turns.run(async () => {
        order.push(`${at} begins`);
        await scheduler.schedule(Promise.resolve(), `${at}`);
        order.push(`${at} ends`);
        return at;
      }));
    await scheduler.waitFor(Promise.all(runs));
    assertEquals(order, Array.from({ length: count }, (_, at) => [`${at} begins`, `${at} ends`]).flat());
    assert(turns.isFree);
  }));
});

claim("the first operation begins at once", async () => {
  const turns = new Turns();
  let begun = false;
  assert(turns.isFree);
  const run = turns.run(() => {
    begun = true;
    return Promise.resolve("result");
  });
  assert(begun && !turns.isFree);
  assertEquals(await run, "result");
  assert(turns.isFree);
});

claim("a failed operation passes the turn on", async () => {
  const turns = new Turns();
  const failure = new Error("failed");
  const first = turns.run(() => Promise.reject(failure));
  const second = turns.run(() => Promise.resolve("served"));
  assertStrictEquals(await assertRejects(() => first), failure);
  assertEquals(await second, "served");
  assert(turns.isFree);
});

claim("a signal ends the wait for a turn, which the next one gets", async () => {
  const turns = new Turns();
  const { promise, resolve } = Promise.withResolvers<void>();
  const reason = new Error("enough");
  const controller = new AbortController();
  const first = turns.run(() => promise);
  let ran = false;
  const aborted = turns.run(() => Promise.resolve(ran = true), controller.signal);
  const third = turns.run(() => Promise.resolve("served"));
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => aborted), reason);
  resolve();
  await first;
  assertEquals(await third, "served");
  assertEquals([ran, turns.isFree], [false, true]);
  assertStrictEquals(await assertRejects(() => turns.run(() => Promise.resolve(), controller.signal)), reason);
  assert(turns.isFree);
});

claim("a delay takes its time, and ends early with its signal's reason", async () => {
  const start = performance.now();
  await delay(10);
  assert(performance.now() - start >= 9);
  const reason = new Error("enough");
  const controller = new AbortController();
  const long = delay(60_000, controller.signal);
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => long), reason);
  assertStrictEquals(await assertRejects(() => delay(60_000, controller.signal)), reason);
  assert(performance.now() - start < 5000);
});
