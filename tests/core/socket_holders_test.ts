import { assert, assertEquals } from "@std/assert";
import { UnixSocket } from "../../src/core/socket.ts";
import { findSocketHolders } from "../../src/core/socket_holders.ts";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { Process, runProgram } from "../cli/program.ts";
import { PYTHON } from "../cli/spawning.ts";

/** Has a socket open three times, in two processes, the first with an odd name. */
const HOLD = `
import os, socket, sys
one = socket.socket(socket.AF_UNIX)
os.dup2(one.fileno(), 200)
os.dup2(one.fileno(), 9)
child = os.fork()
if child == 0:
    os.close(9)
    os.close(200)
    sys.stdin.read()
    os._exit(0)
with open("/proc/self/comm", "wb") as comm:
    comm.write(b"a b\\x1b\\xff)")
print("held", os.fstat(one.fileno()).st_ino, one.fileno(), child, file=sys.stderr)
sys.stdin.read()
`;

claim("each descriptor of each process that has a socket is found, in the order of their numbers", async () => {
  await using holder = new Process([...PYTHON, HOLD], { input: "open" });
  await holder.says("held ");
  await holder.says("\n");
  const [, inode, fd, child] = holder.err.trim().split(" ").map(Number);
  const found = findSocketHolders().byInode.get(inode)!;
  const own = found.filter(({ pid }) => pid === holder.child.pid);
  assertEquals(own.map((one) => one.fd), [fd, 9, 200].sort((one, other) => one - other));
  assertEquals(new Set(own.map(({ command }) => command)), new Set(["a b\\x1b\\xff)"]));
  const others = found.filter(({ pid }) => pid !== holder.child.pid);
  assertEquals(others.map((one) => [one.pid, one.fd, one.command]), [[child, fd, "python3"]]);
  assertEquals(found.map(({ pid }) => pid), found.map(({ pid }) => pid).sort((one, other) => one - other));
});

claim("whoever may not look at every process does not claim to know all holders", async () => {
  const program = `${import.meta.dirname}/programs/find_holders.ts`;
  const through = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const [left, right] = UnixSocket.pair();
  using _left = left, _right = right;
  const inode = Deno.statSync(`/proc/self/fd/${left.fd.number}`).ino!;
  const command = [Deno.execPath(), "run", "--quiet", "--allow-all", program, `${inode}`];
  const { out, err } = await runProgram(command, { through });
  assertEquals([JSON.parse(out), err], [{ isComplete: false, found: [] }, ""]);
}, { skip: NEEDS_ROOT });

claim("processes of other pid namespaces are known to be out of sight", async () => {
  const program = `${import.meta.dirname}/programs/find_holders.ts`;
  const through = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const command = [Deno.execPath(), "run", "--quiet", "--allow-all", program, "1"];
  const { out, err } = await runProgram(command, { through });
  assertEquals([JSON.parse(out), err], [{ isComplete: false, found: [] }, ""]);
}, { skip: NEEDS_ROOT });

claim("processes that come and go meanwhile disturb nobody", async () => {
  await using busy = new Process(["sh", "-c", "echo begun >&2; while :; do true & true; wait; done"]);
  await busy.says("begun");
  for (let at = 0; at < 30; at++) assert(findSocketHolders().byInode.size >= 0);
});
