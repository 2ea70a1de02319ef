/** Starts a process, with pipes or without, and keeps waiting for it, or not, as its arguments say in turn. */
import { spawn } from "../../../src/spawn/mod.ts";

const words = Deno.args.filter((word) => word !== "piped");
const output = words.length < Deno.args.length ? "piped" : "null";
const child = spawn({
  command: "sh",
  args: ["-c", "sleep 2; exit 7"],
  stdin: output,
  stdout: output,
  stderr: output,
});
for (const word of words) child[word as "ref" | "unref"]();
child.status.then(({ code }) => console.log(`ended with ${code}`));
