import { assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { IPCX, stateOf as state, until } from "./program.ts";
import { waits } from "./spawning.ts";
import { SHELL, Terminal } from "./terminal.ts";

/** A program in Python, quoted for the shell; it knows `parent`, and what it says is seen at once. */
function python(...lines: string[]): string {
  const head =
    "import os, signal, sys, time; parent = os.getppid(); say = lambda *w: os.write(1, (' '.join(map(str, w)) + '\\n').encode())";
  return `/usr/bin/python3 -ISc "${[head, ...lines].join("\n")}"`;
}

/** Starts a command under an interactive shell, and waits until it has said who it is. */
async function started(terminal: Terminal, command: string): Promise<{ cmd: number; ipcx: number }> {
  await terminal.type(`${command}\n`);
  const [, cmd, ipcx] = await terminal.shows(/up (\d+) (\d+)\s/);
  return { cmd: Number(cmd), ipcx: Number(ipcx) };
}

const WAIT = `$SPAWN sh -c 'echo up $$ $PPID; exec sleep 60'`;

for (
  const [when, wait] of [["at once", ""], [
    "once there is a waiter",
    "while open(f'/proc/{parent}/comm').read() != 'ipcx\\n': pass",
  ]]
) {
  claim(`Ctrl-C reaches CMD once, ${when}`, async () => {
    await using terminal = new Terminal(SHELL);
    const program = python(
      "count = 0",
      "def interrupted(*_):",
      "  global count",
      "  count += 1",
      // Whatever ipcx forwards as well comes before this.
      "  if count == 1: os.kill(parent, signal.SIGUSR1)",
      "signal.signal(signal.SIGINT, interrupted)",
      "signal.signal(signal.SIGUSR1, lambda *_: (say('interrupted', count), os._exit(5)))",
      wait,
      "say('up', os.getpid(), parent)",
      "while True: time.sleep(0.01)",
    );
    await started(terminal, `$SPAWN ${program}`);
    await terminal.type("\x03");
    assertEquals((await terminal.shows(/interrupted (\d+)/))[1], "1");
    await terminal.type("echo status $?\n");
    assertEquals((await terminal.shows(/status (\d+)/))[1], "5");
    await terminal.type("exit\n");
    await terminal.ended();
  });
}

claim("Ctrl-C ends CMD, and the shell learns of the signal", async () => {
  await using terminal = new Terminal(SHELL);
  const { ipcx } = await started(terminal, WAIT);
  await waits(ipcx);
  await terminal.type("\x03");
  await terminal.type("echo status $?\n");
  assertEquals((await terminal.shows(/status (\d+)/))[1], "130");
  await terminal.type("exit 4\n");
  assertEquals((await terminal.ended()).status, 4);
});

claim("Ctrl-Z stops CMD and ipcx, fg goes on with both, as often as one likes", async () => {
  await using terminal = new Terminal(SHELL);
  const { cmd, ipcx } = await started(terminal, WAIT);
  for (let round = 0; round < 3; round++) {
    await terminal.type("\x1a");
    await terminal.shows(/\[1\]\+\s+Stopped/);
    await until(() => state(cmd) === "T" && state(ipcx) === "T", "they are not stopped");
    await terminal.type("fg\n");
    await until(() => state(cmd) !== "T" && state(ipcx) !== "T", "it does not go on");
  }
  await terminal.type("\x03exit 0\n");
  assertEquals((await terminal.ended()).status, 0);
});

claim("a CMD that handles Ctrl-Z itself decides when both stop", async () => {
  await using terminal = new Terminal(SHELL);
  const program = python(
    "def tidy(*_):",
    "  say('tidy')",
    "  os.kill(os.getpid(), signal.SIGSTOP)",
    "  say('back')",
    "signal.signal(signal.SIGTSTP, tidy)",
    "say('up', os.getpid(), parent)",
    "while True: time.sleep(0.01)",
  );
  const { ipcx } = await started(terminal, `$SPAWN ${program}`);
  await terminal.type("\x1a");
  await terminal.shows(/tidy\s/);
  await terminal.shows(/Stopped/);
  await until(() => state(ipcx) === "T", "ipcx is not stopped");
  await terminal.type("fg\n");
  await terminal.shows(/back\s/);
  await terminal.type("\x03exit 0\n");
  await terminal.ended();
});

claim("a CMD that ignores Ctrl-Z runs on, and so does ipcx", async () => {
  await using terminal = new Terminal(SHELL);
  const program = python(
    "signal.signal(signal.SIGTSTP, lambda *_: (say('no'), os._exit(6)))",
    "say('up', os.getpid(), parent)",
    "while True: time.sleep(0.01)",
  );
  await started(terminal, `$SPAWN ${program}`);
  await terminal.type("\x1a");
  await terminal.shows(/no\s/);
  await terminal.type("echo status $?\n");
  assertEquals((await terminal.shows(/status (\d+)/))[1], "6");
  await terminal.type("exit\n");
  await terminal.ended();
});

claim("in the background, a CMD that reads the terminal is stopped until it is brought to the front", async () => {
  await using terminal = new Terminal(SHELL);
  await terminal.type("$SPAWN cat &\n");
  await terminal.shows(/\[1\] (\d+)/);
  // The shell tells of jobs when it is asked, or before it asks for more.
  await until(async () => {
    await terminal.type("jobs; echo asked\n");
    return /Stopped/.test((await terminal.shows(/[^]*?asked\s/))[0]);
  }, "it is not stopped");
  await terminal.type("fg\n");
  await terminal.shows(/cat\s/);
  await terminal.type("a line\n");
  await terminal.shows(/a line/);
  await terminal.type("\x04echo status $?\n");
  assertEquals((await terminal.shows(/status (\d+)/))[1], "0");
  await terminal.type("exit\n");
  await terminal.ended();
});

function isGone(pid: number): boolean {
  return [undefined, "Z", "X"].includes(state(pid));
}

claim("a terminal that hangs up ends CMD and ipcx", async () => {
  const terminal = new Terminal(SHELL);
  const { cmd, ipcx } = await started(terminal, WAIT);
  await waits(ipcx);
  await terminal.hangUp();
  await until(() => isGone(cmd) && isGone(ipcx), "they go on");
  await terminal[Symbol.asyncDispose]();
});

claim("a terminal that hangs up ends CMD also if there is no shell between it and ipcx", async () => {
  const terminal = new Terminal([...IPCX, "spawn", "sh", "-c", "echo up $$; exec sleep 60"]);
  const cmd = Number((await terminal.shows(/up (\d+)\s/))[1]);
  await terminal.hangUp();
  await until(() => isGone(cmd), "it goes on");
  await terminal[Symbol.asyncDispose]();
});

claim("with no shell that would continue it, ipcx does not stop with CMD", async () => {
  await using terminal = new Terminal([...IPCX, "spawn", "sh", "-c", "echo $$ $PPID up; kill -STOP $$; exit 3"]);
  const [cmd, ipcx] = (await terminal.shows(/(\d+) (\d+) up\s/)).slice(1).map(Number);
  await waits(ipcx);
  await until(() => state(cmd) === "T", "it does not stop");
  Deno.kill(ipcx, "SIGCONT");
  assertEquals((await terminal.ended()).status, 3);
});
