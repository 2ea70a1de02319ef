import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { acquireInstance, InstanceHeldError, instanceStatus } from "../../src/instance/mod.ts";
import { spawn } from "../../src/spawn/mod.ts";
import { claim, NEEDS_ROOT, ownName } from "../claim.ts";
import { stateOf, until } from "../cli/program.ts";
import { complaintOf, hex, pidsOf, programs, startHolder, startSockets, taken } from "./processes.ts";

/** The clock counts in hundredths of a second where processes are concerned. */
const SLACK_MS = 1000;

/** What a time in a message looks like. */
const TIME = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/;

claim("another process is told by id, user, program and time, and nobody else gets the lock meanwhile", async () => {
  const name = ownName();
  await using holder = await startHolder(name);
  const error = await assertRejects(() => acquireInstance(name), InstanceHeldError);
  const since = new Date(Number(/^holds (\d+)$/m.exec(holder.err)![1]));
  const command = Deno.readTextFileSync(`/proc/${holder.child.pid}/comm`).trimEnd();
  const { pid } = holder.child;
  assertEquals(error.holder, {
    pid,
    uid: Deno.uid()!,
    gid: Deno.gid()!,
    hasEnded: false,
    command,
    since,
    sinceIs: "taken",
  });
  assertEquals(error.keepers, []);
  const time = TIME.exec(error.message)![0];
  assertEquals(error.message, `${name} is held by process ${pid} (uid ${Deno.uid()}, ${command}) since ${time}`);
  assertEquals(new Date(time.replace(" ", "T")).getTime(), Math.floor(since.getTime() / 1000) * 1000);
  assertEquals(instanceStatus(name), { holder: error.holder!, keepers: [{ pid, command }] });
});

claim("kill -9 of the holder frees it at once", async () => {
  const name = ownName();
  for (let time = 0; time < 5; time++) {
    await using holder = await startHolder(name);
    holder.kill("SIGKILL");
    await holder.ended();
    using _instance = await acquireInstance(name);
  }
});

claim("a holder without a companion is told with the time of its start, and that this is what it is", async () => {
  const name = ownName();
  const before = Date.now();
  await using holder = await startSockets([`stream:${hex(name)}`, "listen"]);
  const error = await assertRejects(() => acquireInstance(name), InstanceHeldError);
  const { pid, since, sinceIs } = error.holder!;
  assertEquals([pid, sinceIs], [holder.child.pid, "started"]);
  assert(since!.getTime() >= before - SLACK_MS && since!.getTime() <= Date.now() + SLACK_MS);
  assertMatch(error.message, /is held by process \d+ \(uid \d+, python3\), which was started \d{4}-/);
});

claim("a companion that tells a time before its holder's start, or a time to come, is not believed", async () => {
  const name = ownName();
  const lies = [1000, Date.now() + 3_600_000].map((ms) => `dgram:${hex(name, `\0since\0${ms}`)}`);
  const nonsense = ["x", "", "-1", "1e3", "9".repeat(16)].map((text) => `dgram:${hex(name, `\0since\0${text}`)}`);
  await using _holder = await startSockets([`stream:${hex(name)}`, "listen", ...lies, ...nonsense]);
  assertEquals(instanceStatus(name)!.holder!.sinceIs, "started");
});

claim("the companion of a lock whose name only looks the same is none of this one", async () => {
  const name = ownName();
  const other = hex(`${name}@b`, `\0since\0${Date.now() + 1}`);
  await using _holder = await startSockets([`stream:${hex(`${name}\\x00b`)}`, "listen", `dgram:${other}`]);
  assertEquals(instanceStatus(`${name}\\x00b`)!.holder!.sinceIs, "started");
});

claim("of two times that can be true the last one is told", async () => {
  const name = ownName();
  using instance = await acquireInstance(name);
  const before = instance.takenAt.getTime() - 1;
  await using _other = await startSockets([`dgram:${hex(name, `\0since\0${before}`)}`]);
  assertEquals(instanceStatus(name)!.holder!.since, instance.takenAt);
});

claim("what a holder calls itself does nothing to a terminal", async () => {
  const name = ownName();
  await using _holder = await startSockets([`comm:${hex("@\\x1b[31m\\xff\\x0a)x(")}`, `stream:${hex(name)}`, "listen"]);
  const error = await assertRejects(() => acquireInstance(name), InstanceHeldError);
  assertEquals(error.holder!.command, "\\x1b[31m\\xff\\x0a)x(");
  assert(error.message.includes("\\x1b[31m\\xff\\x0a)x("), error.message);
});

claim("a line end in a name forges no line of the kernel's table", async () => {
  const name = `${ownName()}\\x0a0: 2 0 10000 0001 01 1 @x`;
  using instance = await acquireInstance(name);
  assertEquals(instanceStatus(name)!.keepers.map(({ pid }) => pid), [Deno.pid]);
  assertEquals(instanceStatus(name)!.holder!.since, instance.takenAt);
});

claim("a user other than the expected one is told as such, at once, although it was to be waited for", async () => {
  const name = ownName();
  const through = ["setpriv", "--reuid=65534", "--regid=65533", "--clear-groups"];
  await using holder = await startSockets([`stream:${hex(name)}`, "listen"], { through });
  const expected = await assertRejects(() => acquireInstance(name, { expectUid: 65534 }), InstanceHeldError);
  assertEquals([expected.isUnexpected, expected.holder!.uid, expected.holder!.gid], [false, 65534, 65533]);
  for (const options of [{}, { wait: true }, { timeout: 600_000 }]) {
    const error = await assertRejects(() => acquireInstance(name, { ...options, expectUid: 0 }), InstanceHeldError);
    assertEquals([error.isUnexpected, error.holder!.pid], [true, holder.child.pid]);
    assert(error.message.endsWith("; only uid 0 is expected there: somebody else has taken the name"), error.message);
  }
}, { skip: NEEDS_ROOT });

claim("a name that somebody has bound and does not listen at is held, and by whom is found all the same", async () => {
  const name = ownName();
  await using holder = await startSockets([`stream:${hex(name)}`]);
  const keepers = [{ pid: holder.child.pid, command: "python3" }];
  const reason = "the socket of that name does not listen, as that of a lock would";
  const error = await assertRejects(() => acquireInstance(name), InstanceHeldError);
  assertEquals([error.holder, error.keepers], [undefined, keepers]);
  assertEquals(
    error.message,
    `${name} is held; by whom cannot be told: ${reason}; it is open in process ${holder.child.pid} (python3)`,
  );
  assertEquals(instanceStatus(name), { keepers, unknown: reason });
  const late = await assertRejects(() => acquireInstance(name, { timeout: 20 }), InstanceHeldError);
  assertEquals(late.holder, undefined);
  const waiting = acquireInstance(name, { wait: true });
  await holder.closeInput();
  (await waiting).close();
});

claim("who may not connect is told that it is held, and waits for it all the same", async () => {
  const name = ownName();
  const instance = await acquireInstance(name);
  const how = { through: ["/usr/bin/python3", "-IS", `${programs}/without_connect.py`] };
  const { message, holder, keepers } = await complaintOf(name, {}, how);
  assertEquals([holder, keepers.map(({ pid }) => pid)], [undefined, [Deno.pid]]);
  const reason = "a security module lets nobody ask";
  assert(message.startsWith(`${name} is held; by whom cannot be told: ${reason}; it is open in process ${Deno.pid} (`));
  const waiting = startHolder(name, how, { wait: true });
  instance.close();
  await using _holder = await waiting;
});

claim("a child that was given the lock holds it on when it is closed here", async () => {
  const name = ownName();
  const instance = await acquireInstance(name);
  const child = spawn({ command: "sleep", args: ["1000"], fds: { 3: instance.fd } });
  instance.close();
  try {
    const { holder, keepers } = instanceStatus(name)!;
    assertEquals([holder!.pid, holder!.hasEnded], [Deno.pid, false]);
    assertEquals(keepers, [{ pid: child.pid, command: "sleep" }]);
    await assertRejects(() => acquireInstance(name), InstanceHeldError);
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
  (await acquireInstance(name)).close();
});

claim("with keepOnExec() any child inherits it, at a number that scripts do not choose", async () => {
  const name = ownName();
  const instance = await acquireInstance(name);
  instance.keepOnExec();
  assert(instance.fd.number >= 512 && instance.companion!.number >= 512);
  const child = new Deno.Command("sh", {
    args: ["-c", "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; read line"],
    stdin: "piped",
  }).spawn();
  const { takenAt } = instance;
  instance.close();
  const { holder, keepers } = instanceStatus(name)!;
  assertEquals([keepers.map(({ pid }) => pid), holder!.since], [[child.pid], takenAt]);
  await child.stdin.close();
  await child.status;
  assertEquals(instanceStatus(name), undefined);
});

for (const [what, verb] of [["was not reaped", "in-child"], ["is gone", "in-reaped-child"]]) {
  claim(`a taker who has ended and ${what} is told as such, with those who inherited the lock`, async () => {
    const name = ownName();
    await using heir = await startSockets([verb, `stream:${hex(name)}`, "listen", "comm:746d70", "leave"]);
    const [taker, pid] = pidsOf(heir);
    // Its end, or that of being a zombie, is nothing that it can tell of.
    const isZombie = (): boolean => stateOf(taker) === "Z";
    await until(verb === "in-child" ? isZombie : () => stateOf(taker) === undefined, "it does not end");
    const error = await assertRejects(() => acquireInstance(name), InstanceHeldError);
    const { gid } = error.holder!;
    assertEquals(error.holder, { pid: taker, uid: Deno.uid()!, gid, hasEnded: true });
    assertEquals(error.keepers, [{ pid, command: "tmp" }]);
    assertEquals(
      error.message,
      `${name} was taken by process ${taker} (uid ${Deno.uid()}), which has ended; ` +
        `others hold it that inherited it: process ${pid} (tmp)`,
    );
    await heir.closeInput();
    await heir.ended();
    assertEquals(instanceStatus(name), undefined);
  });
}

claim("a process takes a free lock while others are held", async () => {
  const name = ownName();
  using _other = await acquireInstance(ownName());
  const { status, err } = await taken(name);
  assertEquals(status, 0, err);
  assertMatch(err, /^holds \d+\n$/);
  using _instance = await acquireInstance(name);
  assertEquals((await complaintOf(name)).holder!.pid, Deno.pid);
});
