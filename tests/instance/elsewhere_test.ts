import { assert, assertEquals } from "@std/assert";
import { acquireInstance, instanceStatus } from "../../src/instance/mod.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { complaintOf, hex, startHolder, startSockets, taken } from "./processes.ts";

const skip = NEEDS_ROOT;

claim("in another network namespace the same name is another lock", async () => {
  const name = ownName();
  using _instance = await acquireInstance(name);
  const { status, err } = await taken(name, { through: ["unshare", "--net"] });
  assertEquals(status, 0, err);
  assert(err.startsWith("holds "), err);
}, { skip });

claim("a holder in another network namespace is not seen here", async () => {
  const name = ownName();
  await using _holder = await startHolder(name, { through: ["unshare", "--net"] });
  assertEquals(instanceStatus(name), undefined);
  using _instance = await acquireInstance(name);
}, { skip });

claim("a process without a file system sees who holds the lock, but not what only /proc tells", async () => {
  const name = ownName();
  using directory = new OwnDirectory();
  using _instance = await acquireInstance(name);
  const { holder, message } = await complaintOf(name, {}, { root: directory.path });
  const [uid, gid] = [Deno.uid()!, Deno.gid()!];
  assertEquals(holder, { pid: Deno.pid, uid, gid, hasEnded: false });
  assertEquals(message, `${name} is held by process ${Deno.pid} (uid ${uid})`);
}, { skip });

claim("a process without a file system holds the lock for all", async () => {
  const name = ownName();
  using directory = new OwnDirectory();
  await using holder = await startSockets([`chroot:${directory.path}`, `stream:${hex(name)}`, "listen"]);
  const { pid, command } = instanceStatus(name)!.holder!;
  assertEquals([pid, command], [holder.child.pid, "python3"]);
}, { skip });

claim("a holder in a pid namespace above has no number, and no other process is taken for it", async () => {
  const name = ownName();
  using _instance = await acquireInstance(name);
  for (const proc of [[], ["--mount-proc"]]) {
    const through = ["unshare", "--pid", "--fork", "--kill-child", ...proc];
    const { holder, message } = await complaintOf(name, {}, { through });
    const { since, ...rest } = holder!;
    assertEquals(rest, { pid: 0, uid: 0, gid: 0, hasEnded: false, sinceIs: "taken" });
    assert(message.startsWith(`${name} is held by a process of another pid namespace (uid 0) since `), message);
    assert(since !== undefined);
  }
}, { skip });

claim("a holder in a pid namespace below is told by its number here", async () => {
  const name = ownName();
  const through = ["unshare", "--pid", "--fork", "--kill-child"];
  await using _holder = await startSockets([`stream:${hex(name)}`, "listen"], { through });
  const { holder, keepers } = instanceStatus(name)!;
  assertEquals([holder!.command, keepers], ["python3", [{ pid: holder!.pid, command: "python3" }]]);
}, { skip });

claim("another user is told of root's lock, and whose it is, but not who has it open", async () => {
  const name = ownName();
  using instance = await acquireInstance(name);
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o777);
  const how = {
    through: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
    env: { DENO_DIR: `${directory.path}/deno`, HOME: directory.path },
  };
  const { holder, isUnexpected } = await complaintOf(name, { expectUid: 65534 }, how);
  assertEquals([holder!.pid, holder!.uid, isUnexpected], [Deno.pid, 0, true]);
  assertEquals(new Date(holder!.since!), instance.takenAt);
}, { skip });
