/** Starts a process and keeps waiting for it, or not, as its arguments say in turn. */
import { spawn } from "../../../src/spawn/mod.ts";

const child = spawn({ command: "sh", args: ["-c", "sleep 0.3; exit 7"], stdout: "null", stderr: "null" });
for (const word of Deno.args) child[word as "ref" | "unref"]();
child.status.then(({ code }) => console.log(`ended with ${code}`));
