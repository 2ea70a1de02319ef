/** Fails to become other programs, and tells whether anything has changed. */
import { exec } from "../../../src/core/exec.ts";
import type { SystemError } from "../../../src/core/errors.ts";
import { startReactor } from "../../../src/core/reactor.ts";
import { UnixSocket } from "../../../src/core/socket.ts";
import { isCloseOnExec, openNumbers, openRuntimesOwn, targetOf } from "../open_descriptors.ts";

const [directory] = Deno.args;
openRuntimesOwn();
startReactor();
const [left, right] = UnixSocket.pair();
const state = (): string[] =>
  openNumbers().map((number) => `${number} ${targetOf(number)} ${isCloseOnExec(number) ? "closed" : "kept"}`);
const signals = (): string[] => Deno.readTextFileSync("/proc/self/status").match(/^Sig(Ign|Blk|Cgt).*$/gm)!;

function attempt(command: string, as: number, args: string[] = []): string {
  try {
    return exec(command, args, { fds: { [as]: right.fd } });
  } catch (error) {
    return (error as SystemError).code;
  }
}

// The reading of /proc opens descriptors of the runtime's own the first time.
state();
const before = state();
const signalsBefore = signals();
const codes: Record<string, string> = {};
for (const name of ["none", "plain", "plain/x", "garbage", "orphan"]) codes[name] = attempt(`${directory}/${name}`, 3);
codes.long = attempt("/bin/true", 3, ["x".repeat(4 * 1024 * 1024)]);
Deno.env.set("PATH", `/nowhere:${directory}:/usr/nowhere`);
const inPath = { none: attempt("none", 3), plain: attempt("plain", 3) };
for (let as = 3; as <= 20; as++) attempt("/nowhere", as);
attempt("/nowhere", right.fd.number);
attempt("/nowhere", 500);
const after = state();

const receiving = right.receive();
await new Promise((resolve) => setTimeout(resolve, 1));
await left.send("as before");
console.log(JSON.stringify({
  codes,
  inPath,
  changed: [...before.filter((line) => !after.includes(line)), ...after.filter((line) => !before.includes(line))],
  signals: `${signals()}` === `${signalsBefore}` ? "unchanged" : [signalsBefore, signals()],
  works: (await receiving)!.text,
}));
left.close();
right.close();
