import { assert, assertEquals, assertRejects } from "@std/assert";
import { acquireInstance, InstanceHeldError, instanceStatus } from "../../src/instance/mod.ts";
import { claim, ownName } from "../claim.ts";
import { within } from "../cli/program.ts";
import { hex, pendingAt, startHolder, startSockets } from "./processes.ts";

/** As many connections wait as the backlog says, and one more. */
const most = Math.min(4096, Number(Deno.readTextFileSync("/proc/sys/net/core/somaxconn"))) + 1;

claim("5000 who have asked take nothing from the holder, and who it is is found in another way", async () => {
  const name = ownName();
  await using holder = await startHolder(name);
  await using crowd = await startSockets([`probe:${hex(name)}:5000`]);
  assertEquals(pendingAt(name), Math.min(most, 5000));
  const { pid } = holder.child;
  const error = await assertRejects(() => acquireInstance(name), InstanceHeldError);
  assertEquals([error.holder, error.keepers.map((keeper) => keeper.pid)], [undefined, [pid]]);
  const reason = "as many have asked already as can (net.core.somaxconn)";
  assert(
    error.message.startsWith(`${name} is held; by whom cannot be told: ${reason}; it is open in process ${pid} (`),
  );
  assertEquals(instanceStatus(name)!.unknown, reason);
  holder.kill("SIGKILL");
  await holder.ended();
  assertEquals(pendingAt(name), 0);
  using _instance = await acquireInstance(name);
  await crowd.closeInput();
});

claim("whoever waits beside 5000 who have asked gets the lock, as do those who asked too late to be told", async () => {
  const name = ownName();
  const first = await acquireInstance(name);
  const early = acquireInstance(name, { wait: true });
  await using _crowd = await startSockets([`probe:${hex(name)}:5000`]);
  const late = [1, 2, 3].map(() => acquireInstance(name, { wait: true }));
  first.close();
  let turns = 0;
  const pass = async (waiting: Promise<Disposable>): Promise<void> => {
    using _instance = await waiting;
    turns++;
  };
  await within(Promise.all([early, ...late].map(pass)), "they do not all get it");
  assertEquals(turns, 4);
});

claim("a backlog of one connection is enough", async () => {
  const name = ownName();
  await using holder = await startSockets([`stream:${hex(name)}`, "listen:0"]);
  const all = Array.from({ length: 5 }, async () => {
    using _instance = await acquireInstance(name, { wait: true });
  });
  await holder.closeInput();
  await within(Promise.all(all), "they do not all get it");
});
