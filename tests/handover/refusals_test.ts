import { assert, assertEquals, assertRejects } from "@std/assert";
import { Handover, HandoverError, type HandoverOptions, UnixListener, UnixSocket } from "ipcx";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { IPCX, Process, ROOT, until } from "../cli/program.ts";
import { isSameUserOrRoot } from "../../src/handover/options.ts";
import { asNobody } from "../core/programs/run.ts";

/** A version that serves, and why others did not take over from it. */
async function serve(address: string, options: HandoverOptions = {}): Promise<
  Disposable & {
    readonly handover: Handover;
    readonly failures: [string, number][];
  }
> {
  const failures: [string, number][] = [];
  const handover = await Handover.begin(address, {
    onFailure: ({ reason }, { pid }) => void failures.push([reason, pid]),
    ...options,
  });
  await handover.ready();
  return { handover, failures, [Symbol.dispose]: () => handover.close() };
}

async function refusal(attempt: () => Promise<unknown>): Promise<[string, string]> {
  const error = await assertRejects(attempt, HandoverError) as HandoverError;
  return [error.reason, error.message];
}

claim("one at a time: who comes meanwhile is refused, and may come again", async () => {
  const address = ownName();
  using old = await serve(address);
  const candidate = await Handover.begin(address);
  assertEquals(await refusal(() => Handover.begin(address)), [
    "busy",
    `the old process refused: process ${Deno.pid} is taking over already`,
  ]);
  candidate.close();
  await until(() => old.failures.length === 2, "the old one is not told");
  assertEquals(old.failures, [["busy", Deno.pid], ["ended", Deno.pid]]);
  using next = await Handover.begin(address);
  await next.ready();
  assertEquals((await old.handover.replaced)?.pid, Deno.pid);
});

claim("a first version that is not ready yet has nothing to hand over", async () => {
  const address = ownName();
  using one = await Handover.begin(address);
  assertEquals(await refusal(() => Handover.begin(address)), [
    "not ready",
    `the old process refused: process ${Deno.pid} is not ready yet itself`,
  ]);
  await one.ready();
  using two = await Handover.begin(address);
  // The old one serves still, so it is whom a third one asks.
  assertEquals((await refusal(() => Handover.begin(address)))[0], "busy");
  await two.ready();
  using _three = await Handover.begin(address);
});

claim("a version that is ready too late is told so, and the old one serves on", async () => {
  const address = ownName();
  using old = await serve(address, { readyTimeout: 1000 });
  using slow = await Handover.begin(address);
  await until(() => old.failures.length === 1, "it is not too late");
  const [reason, message] = await refusal(() => slow.ready());
  assertEquals(reason, "late");
  assertEquals(message, `the old process refused: process ${Deno.pid} was not ready within 1000 ms`);
  assertEquals(old.failures, [["late", Deno.pid]]);
  // What it had was closed with it.
  assertEquals(await slow.replaced, undefined);
});

claim("who waits while state is computed is told when that takes too long, or fails", async () => {
  const forgetful = ownName();
  using slow = await serve(forgetful, { readyTimeout: 30, state: () => new Promise(() => {}) });
  assertEquals((await refusal(() => Handover.begin(forgetful)))[0], "late");
  assertEquals(slow.failures, [["late", Deno.pid]]);

  const address = ownName();
  let state = (): Promise<unknown> => Promise.reject(new Error("no memory of that"));
  using old = await serve(address, { state: () => state() });
  assertEquals(await refusal(() => Handover.begin(address)), ["failed", "the old process refused: no memory of that"]);
  state = () => Promise.reject("x".repeat(1_000_000));
  assertEquals((await refusal(() => Handover.begin(address)))[0], "failed");
  state = () => Promise.resolve("fine");
  using next = await Handover.begin(address);
  assertEquals(next.state, "fine");
  assertEquals(old.failures.map(([reason]) => reason), ["failed", "failed"]);
});

claim("an old version that hangs is waited for as long as was said", async () => {
  const address = ownName();
  using listener = UnixListener.listen(address, { type: "seqpacket" });
  assertEquals(await refusal(() => Handover.begin(address, { timeout: 20 })), [
    "timeout",
    "the old process did not answer within 20 ms",
  ]);
  // Its backlog may be full as well.
  using full = UnixListener.listen(ownName(), { type: "seqpacket", backlog: 0 });
  using _waiting = await UnixSocket.connect(full.address, { type: "seqpacket" });
  assertEquals((await refusal(() => Handover.begin(full.listensAt, { timeout: 20 })))[0], "timeout");
  listener.close();
});

claim("a signal ends the wait with its reason", async () => {
  const address = ownName();
  using _listener = UnixListener.listen(address, { type: "seqpacket" });
  const controller = new AbortController();
  const waiting = Handover.begin(address, { signal: controller.signal });
  controller.abort(new RangeError("enough"));
  await assertRejects(() => waiting, RangeError, "enough");
  await assertRejects(() => Handover.begin(ownName(), { signal: controller.signal }), RangeError, "enough");
});

claim("options out of their range are refused", async () => {
  for (
    const [options, message] of [
      [{ timeout: 0 }, "timeout is 1 to 2147483647 milliseconds, not 0"],
      [{ readyTimeout: NaN }, "readyTimeout is 1 to 2147483647 milliseconds, not NaN"],
      [{ readyTimeout: 2 ** 31 }, "readyTimeout is 1 to"],
      [{ maxStateBytes: -1 }, "maxStateBytes is a number of bytes, not -1"],
    ] as [HandoverOptions, string][]
  ) {
    await assertRejects(() => Handover.begin(ownName(), options), RangeError, message);
  }
});

claim("whoever may not take over is told so, on either side", async () => {
  const address = ownName();
  let isAllowed: () => boolean = () => false;
  using old = await serve(address, { allow: () => isAllowed() });
  assertEquals(await refusal(() => Handover.begin(address)), [
    "not allowed",
    `the old process refused: user ${Deno.uid()} may not take over from this process`,
  ]);
  isAllowed = () => {
    throw new Error("whom to allow?");
  };
  assertEquals(await refusal(() => Handover.begin(address)), ["failed", "the old process refused: whom to allow?"]);
  isAllowed = () => true;
  assertEquals(await refusal(() => Handover.begin(address, { allow: () => false })), [
    "not allowed",
    `user ${Deno.uid()} has listened there first, whom this one does not trust`,
  ]);
  assertEquals(old.failures.map(([reason]) => reason), ["not allowed", "failed"]);
});

claim("by default that is every other user but root", () => {
  const other = { pid: 1, gid: 0, uid: Deno.uid() === 65534 ? 65533 : 65534 };
  assertEquals([Deno.uid(), 0, other.uid].map((uid) => isSameUserOrRoot({ ...other, uid: uid! })), [true, true, false]);
});

claim("another user's process is turned away, and one that has squatted the address is not believed", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o777);
  const how = asNobody(directory.path);
  const begin = `${ROOT}tests/handover/programs/begin.ts`;
  const [deno, ...flags] = IPCX.slice(0, -1);
  const served = ownName(), squatted = ownName();
  using old = await serve(served);
  await using nobody = new Process([deno, ...flags, "--no-lock", begin, served, squatted], how);
  await nobody.says("squats");
  assert(nobody.err.includes("not allowed: the old process refused: user 65534 may not take over"), nobody.err);
  assertEquals(old.failures.map(([reason]) => reason), ["not allowed"]);
  assertEquals(await refusal(() => Handover.begin(squatted)), [
    "not allowed",
    "user 65534 has listened there first, whom this one does not trust",
  ]);
}, { skip: NEEDS_ROOT });
