/** Starts processes by `spawnSoon`, says their pids when all run, and ends when its input does. */
import { type ChildProcess, type SoonOptions, spawnSoon } from "../../../src/spawn/mod.ts";

const children = await Promise.all(
  JSON.parse(Deno.args[0]).map((options: Partial<SoonOptions>) =>
    new Promise<ChildProcess>((resolve, reject) => {
      spawnSoon({ command: "sleep", args: ["1000"], ...options }, {
        onStarted: ({ child }) => resolve(child),
        onFailed: reject,
      });
    })
  ),
);
for (const child of children) child.unref();
console.error(...children.map(({ pid }) => pid), "ready");
for await (const _ of Deno.stdin.readable);
