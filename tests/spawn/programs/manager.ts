/**
 * A manager in a process of its own: `manager.ts OPTIONS PROCESS…`, all JSON. It
 * writes what became of each process as a line of JSON, then waits for its end.
 *
 * @module
 */

import { ProcessManager } from "../../../src/spawn/mod.ts";

const [options, ...processes] = Deno.args.map((text) => JSON.parse(text));
const manager = new ProcessManager({
  ...options,
  onLine: ({ identifier, text }) => console.log(JSON.stringify({ identifier, text })),
});
for (const { awaitsReady, ...one } of processes) {
  const process = manager.start(one);
  if (awaitsReady) await process.ready;
  console.log(JSON.stringify({ identifier: process.identifier, uuid: process.uuid, pid: process.pid }));
}
console.log(JSON.stringify({ done: true }));
setInterval(() => {}, 1000);
