import { assert, assertEquals } from "@std/assert";
import { UnixSocket } from "../../src/core/socket.ts";
import { findSocketHolders } from "../../src/core/socket_holders.ts";
import { acquireInstance, instanceStatus } from "../../src/instance/mod.ts";
import { claim, NEEDS_ROOT, ownName } from "../claim.ts";
import { ipcx, runProgram } from "../cli/program.ts";
import { DENO, hex, programs, startSockets } from "./processes.ts";

/** A socket with a name whose line end makes it a second row of /proc/net/unix: that of a socket with the lock's name. */
function forge(lock: string, inode: number): UnixSocket {
  return UnixSocket.bound(`@\\x0a0: 2 0 0 0001 01 ${inode} ${lock}`);
}

function inodeOf(socket: UnixSocket): number {
  return Deno.statSync(`/proc/self/fd/${socket.fd.number}`).ino!;
}

const UNKNOWN = "no process that can be seen has the socket open: its name may be forged, and the lock free";

const WITHOUT_DIAG = ["/usr/bin/python3", "-IS", `${programs}/without_diag.py`];

/** What a process without sock_diag is told of a lock. */
async function statusWithoutDiag(lock: string, ...through: string[]): Promise<unknown> {
  const command = [...DENO, `${programs}/status.ts`, lock];
  const { out, err } = await runProgram(command, { through: [...through, ...WITHOUT_DIAG] });
  assertEquals(err, "");
  return JSON.parse(out);
}

claim("a name that looks like another row of the kernel's table makes no free lock a held one", async () => {
  const lock = ownName();
  using _forged = forge(lock, 1);
  assert(Deno.readTextFileSync("/proc/net/unix").includes(`\n0: 2 0 0 0001 01 1 ${lock}\n`));
  assertEquals(instanceStatus(lock), undefined);
  const { status, out } = await ipcx(["lock", "--status", lock]);
  assertEquals([status, out], [1, `${lock} is free\n`]);
  using _instance = await acquireInstance(lock);
});

claim("nor does one that has the inode of a socket that somebody does have open", () => {
  const lock = ownName();
  const [one, other] = UnixSocket.pair();
  using _one = one, _other = other;
  using _forged = forge(lock, inodeOf(one));
  assertEquals(instanceStatus(lock), undefined);
});

claim("it makes nobody a keeper of a lock that is held", async () => {
  const lock = ownName();
  await using holder = await startSockets([`stream:${hex(lock)}`, "listen"]);
  const [one, other] = UnixSocket.pair();
  using _one = one, _other = other;
  using _forged = forge(lock, inodeOf(one));
  assertEquals(instanceStatus(lock)!.keepers.map(({ pid }) => pid), [holder.child.pid]);
});

claim("a name that differs only in what the table does not show is another lock", async () => {
  const lock = ownName();
  await using _holder = await startSockets([`stream:${hex(lock)}40`]);
  assertEquals(instanceStatus(`${lock}\\x00`), undefined);
  assertEquals(instanceStatus(`${lock}@`)!.holder, undefined);
});

claim(
  "where the kernel tells nothing of sockets, a row of the table counts if somebody has that socket open",
  async () => {
    const lock = ownName();
    assertEquals(await statusWithoutDiag(lock), null);
    await using holder = await startSockets([`stream:${hex(lock)}`]);
    const unknown = "the socket of that name does not listen, as that of a lock would";
    const keepers = [{ pid: holder.child.pid, command: "python3" }];
    assertEquals(await statusWithoutDiag(lock), { keepers, unknown });
  },
);

claim("there, a row of a socket that nobody has open counts for nothing, if all processes can be seen", async () => {
  const lock = ownName();
  using _forged = forge(lock, 1);
  const seesAll = findSocketHolders().isComplete;
  assertEquals(await statusWithoutDiag(lock), seesAll ? null : { keepers: [], unknown: UNKNOWN });
}, { skip: NEEDS_ROOT });

claim("there, who cannot see all processes is told that it cannot be known", async () => {
  const lock = ownName();
  using _forged = forge(lock, 1);
  const status = await statusWithoutDiag(lock, "unshare", "--pid", "--fork", "--kill-child", "--mount-proc");
  assertEquals(status, { keepers: [], unknown: UNKNOWN });
}, { skip: NEEDS_ROOT });
