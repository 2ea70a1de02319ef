import { assert, assertEquals, assertRejects } from "@std/assert";
import { UnixListener } from "../../src/core/listener.ts";
import { acquireInstance, InstanceHeldError, instanceStatus } from "../../src/instance/mod.ts";
import { claim, NEEDS_ROOT, ownName } from "../claim.ts";
import { Process, until, within } from "../cli/program.ts";
import { DENO, hex, pendingAt, programs, startHolder, startSockets } from "./processes.ts";

/** Waits until as many have asked for a lock, or wait for it. */
async function asked(name: string, count: number): Promise<void> {
  await until(() => pendingAt(name) >= count, `there are no ${count} connections to ${name}`);
}

claim("who waits gets the lock when its holder closes it", async () => {
  const name = ownName();
  const first = await acquireInstance(name);
  const waiting = acquireInstance(name, { wait: true });
  await asked(name, 1);
  first.close();
  using second = await within(waiting, "nobody gets it");
  assert(second.takenAt >= first.takenAt);
  await assertRejects(() => acquireInstance(name), InstanceHeldError);
});

claim("who waits gets the lock when its holder is killed, however long that takes", async () => {
  const name = ownName();
  await using holder = await startHolder(name);
  const waiting = acquireInstance(name, { timeout: Infinity });
  await asked(name, 1);
  holder.kill("SIGKILL");
  using instance = await within(waiting, "nobody gets it");
  assertEquals(instanceStatus(name)!.holder!.since, instance.takenAt);
});

claim("of many who wait each gets it, one after the other", async () => {
  const name = ownName();
  const first = await acquireInstance(name);
  let holders = 0, turns = 0;
  const take = async (): Promise<void> => {
    using _instance = await acquireInstance(name, { wait: true });
    assertEquals(++holders, 1);
    turns++;
    // Others who want it at this very moment must not get it.
    await assertRejects(() => acquireInstance(name), InstanceHeldError);
    holders--;
  };
  const all = Promise.all(Array.from({ length: 60 }, take));
  await asked(name, 60);
  first.close();
  await within(all, "they do not all get it");
  assertEquals(turns, 60);
});

claim("waiting processes get it one after the other, whichever is first", async () => {
  const name = ownName();
  const first = await acquireInstance(name);
  const starts = [1, 2, 3].map(() => startHolder(name, {}, { wait: true }));
  await asked(name, 3);
  first.close();
  const turns = await Promise.all(starts.map(async (start) => {
    await using holder = await start;
    const pid = instanceStatus(name)!.holder!.pid;
    holder.kill("SIGKILL");
    await holder.ended();
    return [pid, holder.child.pid];
  }));
  for (const [told, pid] of turns) assertEquals(told, pid);
  assertEquals(instanceStatus(name), undefined);
});

claim("when time is up the error tells who holds it", async () => {
  const name = ownName();
  using instance = await acquireInstance(name);
  for (const timeout of [0, 1, 50]) {
    const error = await assertRejects(() => acquireInstance(name, { timeout }), InstanceHeldError);
    assertEquals([error.holder!.pid, error.holder!.since], [Deno.pid, instance.takenAt]);
  }
  const unasked = await assertRejects(() => acquireInstance(name, { wait: true, timeout: 0 }), InstanceHeldError);
  assertEquals(unasked.isUnexpected, false);
  const unwanted = await assertRejects(
    () => acquireInstance(name, { wait: false, timeout: 60_000 }),
    InstanceHeldError,
  );
  assertEquals(unwanted.holder!.pid, Deno.pid);
});

claim("a signal ends the wait with its reason, before it, during it, and not after it", async () => {
  const name = ownName();
  const early = await assertRejects(() => acquireInstance(name, { signal: AbortSignal.abort(new Error("early")) }));
  assertEquals((early as Error).message, "early");
  assertEquals(instanceStatus(name), undefined);
  const first = await acquireInstance(name);
  const abort = new AbortController();
  const waiting = assertRejects(() => acquireInstance(name, { wait: true, signal: abort.signal }), Error, "enough");
  await asked(name, 1);
  abort.abort(new Error("enough"));
  await waiting;
  const { signal } = new AbortController();
  const later = acquireInstance(name, { wait: true, signal });
  await asked(name, 2);
  first.close();
  (await later).close();
});

claim("a signal ends a wait in which nothing tells of the end", async () => {
  const name = ownName();
  await using _holder = await startSockets([`stream:${hex(name)}`]);
  const abort = new AbortController();
  const waiting = assertRejects(() => acquireInstance(name, { wait: true, signal: abort.signal }), Error, "enough");
  await new Promise((resolve) => setTimeout(resolve, 10));
  abort.abort(new Error("enough"));
  await waiting;
});

claim("a server that accepts and hangs up is waited for, and not asked without pause", async () => {
  const name = ownName();
  await using server = await startSockets([`stream:${hex(name)}`, "listen", "serve"]);
  const error = await assertRejects(() => acquireInstance(name, { timeout: 300 }), InstanceHeldError);
  assertEquals(error.holder!.pid, server.child.pid);
  const waiting = acquireInstance(name, { wait: true });
  server.kill("SIGKILL");
  (await within(waiting, "nobody gets it")).close();
});

claim("a server that accepts, and half-closes, is waited for", async () => {
  const name = ownName();
  const server = UnixListener.listen(name);
  const waiting = acquireInstance(name, { wait: true });
  using connection = await server.accept();
  connection.shutdown("write");
  await connection.send("words that nobody reads").catch(() => {});
  server.close();
  // Neither is the end of the connection, although the name is free: somebody who is there may be at work.
  const first = await Promise.race([waiting, acquireInstance(`${name}-other`)]);
  assertEquals(`${first.address}`, `${name}-other`);
  first.close();
  connection.close();
  (await within(waiting, "nobody gets it")).close();
});

claim("a held lock keeps no process alive, and ends with it", async () => {
  const name = ownName();
  const { status, out } = await new Process([...DENO, `${programs}/take_and_end.ts`, name]).ended();
  assertEquals({ status, out }, { status: 0, out: `${name}\n` });
  assertEquals(instanceStatus(name), undefined);
});

claim("waiting keeps the process alive", async () => {
  const name = ownName();
  const first = await acquireInstance(name);
  const waiting = startHolder(name, {}, { wait: true });
  await asked(name, 1);
  first.close();
  await using holder = await within(waiting, "it has ended");
  await holder.closeInput();
  assertEquals((await holder.ended()).status, 0);
});

claim("a holder of another user is waited for", async () => {
  const name = ownName();
  const through = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  await using holder = await startSockets([`stream:${hex(name)}`, "listen"], { through });
  const waiting = acquireInstance(name, { wait: true, expectUid: 65534 });
  await asked(name, 1);
  await holder.closeInput();
  (await within(waiting, "nobody gets it")).close();
}, { skip: NEEDS_ROOT });
