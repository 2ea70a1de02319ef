/** Becomes a shell that has several connections, in each of which its place in the list waits. */
import { exec } from "../../../src/core/exec.ts";
import type { Fd } from "../../../src/core/fd.ts";
import { UnixSocket } from "../../../src/core/socket.ts";

const [list, script] = Deno.args;
const numbers: number[] = JSON.parse(list);
const fds: Record<number, Fd> = {};
for (const [at, number] of numbers.entries()) {
  const [left, right] = UnixSocket.pair();
  await left.send(`no ${at}`);
  fds[number] = right.fd;
}
exec("bash", ["-c", script, "-", ...numbers.map(String)], { fds });
