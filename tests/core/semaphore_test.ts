import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Semaphore } from "../../src/core/semaphore.ts";
import { claim } from "../claim.ts";

const never = new AbortController().signal;

claim("so many are let in at a time, the others in the order of their coming", async () => {
  const semaphore = new Semaphore(2);
  const order: string[] = [];
  const enter = async (name: string): Promise<() => void> => {
    const leave = await semaphore.take(never);
    order.push(name);
    return leave;
  };
  const [a, b] = await Promise.all([enter("a"), enter("b")]);
  const later = ["c", "d"].map(enter);
  await Promise.resolve();
  assertEquals(order, ["a", "b"]);
  b();
  b(); // The second time nothing happens.
  (await later[0])();
  (await later[1])();
  a();
  assertEquals(order, ["a", "b", "c", "d"]);
});

claim("whoever gives up waiting takes no place", async () => {
  const semaphore = new Semaphore(1);
  const leave = await semaphore.take(never);
  const stop = new AbortController();
  const waiting = semaphore.take(stop.signal);
  stop.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  await assertRejects(() => semaphore.take(stop.signal), Error, "enough");
  leave();
  (await semaphore.take(never))();
  assertThrows(() => stop.signal.throwIfAborted(), Error, "enough");
});
