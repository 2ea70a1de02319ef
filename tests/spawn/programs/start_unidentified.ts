/** Starts a managed process with a state file, and tells how that failed and what is left of it. */
import { ProcessManager } from "../../../src/spawn/mod.ts";
import { until } from "../../cli/program.ts";
import { childrenOf } from "../output.ts";

await using manager = new ProcessManager({ stateFile: Deno.args[0], onLine: () => {} });
let error = "none";
try {
  manager.start({ command: "sleep", args: ["1000"], withSocket: true, ready: "connect" });
} catch (reason) {
  error = (reason as Error).name;
}
await until(() => childrenOf(Deno.pid).length === 0, "a child is left").catch(() => {});
console.log(JSON.stringify({ error, live: manager.list().length, children: childrenOf(Deno.pid).length }));
