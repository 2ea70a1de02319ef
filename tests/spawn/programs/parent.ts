/** Starts processes that go on for ever, says their pids, and ends when its input does. */
import { spawn } from "../../../src/spawn/mod.ts";

const pids = JSON.parse(Deno.args[0]).map((options: object) => {
  const child = spawn({ command: "sleep", args: ["1000"], stdin: "null", stdout: "null", stderr: "null", ...options });
  child.unref();
  return child.pid;
});
console.error(...pids, "ready");
for await (const _ of Deno.stdin.readable);
