import { assertEquals } from "@std/assert";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { IPCX, Process, type ProcessOptions, serving } from "../cli/program.ts";
import { missing } from "../spawn/compiled.ts";
import { portableIpcx } from "./binary.ts";
import { staticProgram } from "./static_program.ts";

/** What proc_pid_status(5) tells that a caller decides on. */
const CALLERS = /^(Umask|Uid|Gid|Groups|Sig(Blk|Ign)|Cap\w+|NoNewPrivs|Seccomp|Cpus_allowed|Mems_allowed):/;

/** proc_pid_stat(5): the session, the terminal, its foreground group, and how nice it is. */
const STAT = { session: 3, terminal: 4, foreground: 5, nice: 16 } as const;

function textOf(pid: number, name: string): string {
  return Deno.readTextFileSync(`/proc/${pid}/${name}`);
}

/** What a process has of its caller. */
function stateOf(pid: number): Record<string, unknown> {
  const fields = textOf(pid, "stat").replace(/^.*\) /, "").split(" ");
  return {
    status: textOf(pid, "status").split("\n").filter((line) => CALLERS.test(line)),
    limits: textOf(pid, "limits"),
    stat: Object.values(STAT).slice(1).map((at) => fields[at]),
    oom: textOf(pid, "oom_score_adj"),
    cwd: Deno.readLinkSync(`/proc/${pid}/cwd`),
    root: Deno.readLinkSync(`/proc/${pid}/root`),
  };
}

/** What is open, without numbers that differ from run to run. */
function openOf(pid: number): Map<number, string> {
  const names = Array.from(Deno.readDirSync(`/proc/${pid}/fd`), ({ name }) => Number(name));
  return new Map(
    names.toSorted((one, other) => one - other).map((number) => {
      return [number, Deno.readLinkSync(`/proc/${pid}/fd/${number}`)];
    }),
  );
}

/** `ipcx broker`, once it serves. */
async function brokerOf(command: readonly string[], options: ProcessOptions = {}): Promise<Process> {
  return await serving(new Process([...command, "broker", "--socket", ownName(), "--control", "none"], options));
}

/** What a process has of its caller, in either form. */
async function inBothForms(through: readonly string[]): Promise<Record<string, unknown>> {
  await using source = await brokerOf(IPCX, { through });
  await using portable = await brokerOf([await portableIpcx()], { through });
  const state = stateOf(portable.child.pid);
  assertEquals(state, stateOf(source.child.pid));
  return state;
}

claim("signals, limits, nice, umask and all else that a caller decides on are as they are from source", async () => {
  const limits = "ulimit -c 77; ulimit -Sn 200; ulimit -u 5000; umask 027";
  const through = ["bash", "-c", `${limits}; exec nice -n 5 "$@"`, "bash", staticProgram("tool"), "masked"];
  const state = await inBothForms(through);
  const [blocked, ignored] = ["SigBlk", "SigIgn"].map((name) =>
    BigInt(`0x${(state.status as string[]).find((line) => line.startsWith(name))!.split("\t")[1]}`)
  );
  const bit = (signal: number) => 1n << BigInt(signal - 1);
  // SIGHUP is what a broker waits for, whether it was ignored or not.
  assertEquals([blocked & bit(12), blocked & bit(37), ignored & bit(28)].includes(0n), false);
  assertEquals((state.status as string[])[0], "Umask:\t0027");
});

claim("rights that the caller gives are kept, as are those it has taken away", async () => {
  const drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=+net_admin"];
  const through = [...drop, "--ambient-caps=+net_admin", "--no-new-privs"];
  const program = await portableIpcx();
  await using process = await brokerOf([program], { through });
  const state = stateOf(process.child.pid).status as string[];
  assertEquals(state.find((line) => line.startsWith("CapEff")), "CapEff:\t0000000000001000");
  assertEquals(state.find((line) => line.startsWith("NoNewPrivs")), "NoNewPrivs:\t1");
}, { skip: NEEDS_ROOT || missing("setpriv") });

claim("of the binary's own nothing is open: not its file, not its libraries", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("callers");
  Deno.writeTextFileSync(file, "");
  const program = await portableIpcx();
  await using process = await brokerOf([program], { through: ["bash", "-c", `exec 9<${file}; exec "$@"`, "bash"] });
  const open = openOf(process.child.pid);
  assertEquals(open.get(9), file);
  const kinds = new Set(Array.from(open.values(), (target) => target.replace(/:\[\d+\]$/, "")));
  kinds.delete(file);
  assertEquals([...kinds].toSorted(), [
    "/dev/null",
    "anon_inode:[eventfd]",
    "anon_inode:[eventpoll]",
    "pipe",
    "socket",
  ]);
});

claim("it goes by its name: comm, cmdline, exe and environ are the caller's", async () => {
  const program = await portableIpcx();
  const name = ownName();
  await using process = new Process(["env", "-i", "A=b", program, "broker", "--socket", name, "--control=none"]);
  await process.says("serving");
  const { pid } = process.child;
  assertEquals(textOf(pid, "comm"), "ipcx\n");
  assertEquals(textOf(pid, "cmdline"), [program, "broker", "--socket", name, "--control=none", ""].join("\0"));
  assertEquals(textOf(pid, "environ"), "A=b\0");
  assertEquals(Deno.readLinkSync(`/proc/${pid}/exe`), program);
});

claim("SIGTERM and SIGINT end it in order, SIGKILL at once", async () => {
  const program = await portableIpcx();
  for (
    const [signal, status, by] of [["SIGTERM", 0, null], ["SIGINT", 0, null], ["SIGKILL", 137, "SIGKILL"]] as const
  ) {
    await using process = await brokerOf([program]);
    process.kill(signal);
    const ended = await process.ended();
    assertEquals([ended.status, ended.signal], [status, by], signal);
  }
});

claim("under nohup a hang-up does not end it, and at a terminal the terminal stays its own", async () => {
  const program = await portableIpcx();
  const name = ownName();
  await using kept = new Process(["nohup", program, "recv", "--verbose", "--listen", name], { input: "open" });
  await kept.says("listening");
  kept.kill("SIGHUP");
  const { status: sent } = await new Process([program, "send", name, "--data", "still here"]).ended();
  const { status: received, out: text } = await kept.ended();
  assertEquals([sent, received, text.includes("still here")], [0, 0, true]);
  const script = `stty -a <&0 >/dev/null && '${program}' spawn -- sh -c 'tty <&0; stty size'`;
  const terminal = new Process(["script", "-qec", `stty rows 7 cols 33; ${script}`, "/dev/null"]);
  const { status, out } = await terminal.ended();
  assertEquals(status, 0);
  assertEquals(out.trim().split(/\r?\n/).map((line) => line.replace(/\d+$/, "")), ["/dev/pts/", "7 "]);
}, { skip: missing("script") });
