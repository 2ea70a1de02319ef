import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { areOthersDue, letOthersRun } from "../../src/core/fairness.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim } from "../claim.ts";

claim("others are due after a streak of operations, and then after the next one", () => {
  while (!areOthersDue());
  for (const _ of [1, 2]) {
    let streak = 1;
    while (!areOthersDue()) streak++;
    assertEquals(streak, 256);
  }
});

claim("timers run while others are let run", async () => {
  let ran = false;
  setTimeout(() => ran = true, 0);
  const deadline = performance.now() + 30_000;
  while (!ran && performance.now() < deadline) await letOthersRun();
  assert(ran);
});

claim("a signal that is aborted meanwhile ends it with its reason", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const waiting = letOthersRun(controller.signal);
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => waiting), reason);
});

claim("letting others run changes no order, whoever asks at the same time", async () => {
  const [left, right] = UnixSocket.pair("seqpacket");
  for (let round = 0; round < 20; round++) {
    const sending = Array.from({ length: 60 }, (_, at) => left.send(`${at}`));
    const receiving = Array.from({ length: 60 }, () => right.receive());
    const texts = (await Promise.all(receiving)).map((message) => message!.text);
    await Promise.all(sending);
    assertEquals(texts, Array.from({ length: 60 }, (_, at) => `${at}`));
  }
  left.close();
  right.close();
});
