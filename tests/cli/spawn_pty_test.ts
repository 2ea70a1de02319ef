import { assert, assertEquals } from "@std/assert";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { compiled } from "../spawn/compiled.ts";
import { Target } from "../spawn/target.ts";
import { IPCX, runProgram, until } from "./program.ts";
import { openIn, spawned, startSpawn, waits } from "./spawning.ts";
import { SHELL, Terminal } from "./terminal.ts";

const MEBIBYTE = 1 << 20;

claim("CMD has a terminal of its own, which controls its session, and nothing else open", async () => {
  const { out } = await spawned(["--pty", "sh", "-c", `tty; stty -F /dev/tty size; ${compiled("look.c")}`]);
  const lines = out.split("\r\n");
  assert(/^\/dev\/pts\/\d+$/.test(lines[0]), out);
  assert(lines.includes("fds=0 1 2"), out);
  const { out: alone } = await spawned(["--pty", compiled("look.c")]);
  const seen = Object.fromEntries(alone.split("\r\n").map((line) => line.split("=")));
  assertEquals([seen.session, seen.group], [seen.pid, seen.pid]);
});

claim("the end is CMD's: its status, or its signal", async () => {
  assertEquals((await spawned(["--pty", "sh", "-c", "exit 7"])).status, 7);
  assertEquals((await spawned(["--pty", "sh", "-c", "kill -TERM $$"])).signal, "SIGTERM");
});

claim("all output arrives, also what is written last", async () => {
  const { out } = await spawned(["--pty", "sh", "-c", `stty -opost; head -c ${MEBIBYTE} /dev/zero | tr '\\0' x`]);
  assertEquals([out.length, out.replaceAll("x", "")], [MEBIBYTE, ""]);
});

claim("the terminal is CMD's own, whoever it is: it can be opened again", async () => {
  const write = "echo mine >/dev/stdout; stat -Lc %u:%A /dev/stdin";
  const { out } = await spawned(["--pty", "--uid", "65534", "--gid", "65534", "sh", "-c", write]);
  assert(out.startsWith("mine\r\n65534:crw"), out);
  await using target = await Target.start(["user"]);
  const { out: there } = await spawned([
    "--pty",
    `--user=${target.pid}`,
    "--uid",
    "0",
    "stat",
    "-Lc",
    "%u",
    "/dev/stdin",
  ]);
  // Root's here, who is root there.
  assertEquals(there, "0\r\n");
}, { skip: NEEDS_ROOT });

claim("when nobody reads the output any more, CMD's terminal hangs up", async () => {
  const command = [...IPCX, "spawn", "--pty", "sh", "-c", "while :; do echo line; done"];
  const script = '"$@" | head -n 1; echo ${PIPESTATUS[0]}';
  assertEquals((await runProgram(["bash", "-c", script, "bash", ...command])).out, "line\r\n129\n");
});

claim("a reader that never reads does not keep ipcx from ending when it is to end", async () => {
  using directory = new OwnDirectory();
  const pipe = directory.file("pipe");
  await runProgram(["mkfifo", pipe]);
  const through = ["bash", "-c", 'exec 5<>"$1"; shift; exec "$@" >&5 5>&-', "bash", pipe];
  // As much as a pipe holds, and more than a terminal.
  const options = ["--pty", "--timeout", "0.5", "--grace", "0.1"];
  const { status } = await spawned([...options, "sh", "-c", "stty -opost; yes"], { through });
  assertEquals(status, 124);
});

claim("all input arrives, and its end is the end of input", async () => {
  const lines = "0123456789abcdef\n".repeat(2000);
  const read = "stty -echo; echo ready; sum=$(cat | sha256sum); echo ${sum%% *}";
  const { out, status } = await spawned(["--pty", "sh", "-c", read], { input: lines });
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(lines)));
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  assertEquals([status, out.split("\r\n").at(-2)], [0, hex]);
});

claim("a last line without an end is read, and the end behind it", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("heard");
  for (const input of ["", "a\n", "a", "a\nb"]) {
    const { status } = await spawned(["--pty", "sh", "-c", `cat >${file}`], { input });
    assertEquals([status, Deno.readTextFileSync(file)], [0, input]);
  }
});

claim("a CMD that closes its terminal and opens it again is still heard, and hears", async () => {
  await using terminal = new Terminal(
    [
      ...IPCX,
      "spawn",
      "--pty",
      "sh",
      "-c",
      "echo up; exec <&- >&- 2>&-; sleep 0.1; exec </dev/tty >/dev/tty; echo back; read line; echo got $line",
    ],
  );
  await terminal.shows(/back\s/);
  await terminal.type("a line\r");
  await terminal.shows(/got a line\s/);
  assertEquals((await terminal.ended()).status, 0);
});

claim("while a CMD has its terminal closed, no processor time is used", async () => {
  await using run = startSpawn(["--pty", "sh", "-c", "echo $$; exec <&- >&- 2>&-; sleep 60"], { input: "open" });
  await waits(run.child.pid);
  await until(() => Object.values(openIn(run.child.pid)).includes("/dev/ptmx"), "no terminal");
  const used = (): number => Number(Deno.readTextFileSync(`/proc/${run.child.pid}/stat`).split(" ")[13]);
  await run.write("typed ahead\n");
  const before = used();
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert(used() - before <= 2, `${used() - before} ticks`);
});

claim("the window's size is handed on, and each new one with SIGWINCH", async () => {
  const script = "trap 'stty size' WINCH; stty size; echo up; while :; do sleep 0.01; done";
  await using terminal = new Terminal([...IPCX, "spawn", "--pty", "sh", "-c", script], { rows: 33, columns: 101 });
  await terminal.shows(/^33 101\s+up\s/m);
  for (const [rows, columns] of [[40, 120], [10, 20]]) {
    await terminal.resize(rows, columns);
    await terminal.shows(new RegExp(`^${rows} ${columns}\\s`, "m"));
  }
});

claim("what is typed goes to CMD as it is: Ctrl-C is for its terminal", async () => {
  await using terminal = new Terminal(SHELL);
  const script = 'trap "echo caught; exit 6" INT; echo up; while :; do sleep 0.01; done';
  await terminal.type(`$SPAWN --pty sh -c '${script}'; echo status $?\n`);
  await terminal.shows(/up\s/);
  await terminal.type("\x03");
  await terminal.shows(/caught\s/);
  assertEquals((await terminal.shows(/status (\d+)/))[1], "6");
  await terminal.type("exit\n");
  await terminal.ended();
});

claim("the caller's terminal is as before in the end, also when CMD is killed", async () => {
  await using terminal = new Terminal(SHELL);
  await terminal.type("before=$(stty -g); echo begun\n");
  await terminal.shows(/begun\s/);
  for (const end of ["exit 0", "kill -KILL $$"]) {
    const raw = "until stty -F /proc/$PPID/fd/0 -a | grep -q -e -icanon; do :; done";
    await terminal.type(`$SPAWN --pty sh -c '${raw}; ${end}'; [ "$before" = "$(stty -g)" ]; echo same $?\n`);
    assertEquals((await terminal.shows(/same (\d)/))[1], "0");
  }
  await terminal.type("exit\n");
  await terminal.ended();
});

claim("in the background it leaves the caller's terminal alone until it is brought to the front", async () => {
  await using terminal = new Terminal(SHELL);
  await terminal.type("before=$(stty -g); $SPAWN --pty sh -c 'read line; echo got $line' &\n");
  await until(async () => {
    await terminal.type("jobs; echo asked\n");
    return /Stopped/.test((await terminal.shows(/[^]*?asked\s/))[0]);
  }, "it is not stopped");
  await terminal.type('[ "$before" = "$(stty -g)" ]; echo same $?\n');
  assertEquals((await terminal.shows(/same (\d)/))[1], "0");
  await terminal.type("fg\n");
  await terminal.shows(/got \$line'\s/);
  await terminal.type("a line\r");
  await terminal.shows(/got a line\s+\$ /);
  await terminal.type("exit\n");
  await terminal.ended();
});

claim("job control works in an interactive shell there, in another pid namespace as well", async () => {
  await using target = Deno.uid() === 0 ? await Target.start(["pid"]) : undefined;
  for (const options of [[], ...(target ? [[`--pid=${target.pid}`]] : [])]) {
    await using terminal = new Terminal([...IPCX, "spawn", "--pty", ...options, ...SHELL]);
    await terminal.type("stty -echo; echo be''gun\n");
    await terminal.shows(/begun\r/);
    await terminal.type("cat\none\n");
    // What answers is in front.
    await terminal.shows(/one\r/);
    await terminal.type("\x1a");
    await terminal.shows(/Stopped\s+cat\s+\$ /);
    await terminal.type("fg\ntwo\n");
    await terminal.shows(/two\r/);
    await terminal.type("\x03");
    await terminal.shows(/\$ /);
    await terminal.type("echo ended $?\n");
    assertEquals((await terminal.shows(/ended (\d+)/))[1], "130");
    await terminal.type("exit 5\n");
    const { status, shown } = await terminal.ended();
    assertEquals(status, 5, shown);
    assert(!/no job control|cannot set/.test(shown), shown);
  }
}, { skip: NEEDS_ROOT });

claim("when the caller's terminal hangs up, CMD hears of it", async () => {
  const terminal = new Terminal([...IPCX, "spawn", "--pty", "sh", "-c", "echo up $$; while :; do sleep 0.01; done"]);
  const pid = Number((await terminal.shows(/up (\d+)\s/))[1]);
  await terminal.hangUp();
  await until(() => {
    try {
      Deno.statSync(`/proc/${pid}`);
      return false;
    } catch {
      return true;
    }
  }, "it goes on");
  await terminal[Symbol.asyncDispose]();
});
