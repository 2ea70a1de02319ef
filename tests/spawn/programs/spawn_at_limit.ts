/**
 * Starts its first process when so many descriptors are left as its argument says,
 * and tells what that led to and how many children it has.
 */
import type { SystemError } from "../../../src/core/errors.ts";
import { native } from "../../../src/core/native.ts";
import { spawn } from "../../../src/spawn/mod.ts";
import { openRuntimesOwn } from "../../core/open_descriptors.ts";
import { childrenOf } from "../output.ts";

openRuntimesOwn();
// Each function is loaded when it is first used, which takes a descriptor.
for (const name of Object.keys(native)) void native[name as keyof typeof native];
const taken: Deno.FsFile[] = [];
try {
  for (;;) taken.push(Deno.openSync("/dev/null"));
} catch {
  // No descriptor is left.
}
for (const file of taken.splice(0, Number(Deno.args[0]))) file.close();
let outcome = "started";
try {
  const child = spawn({ command: "sleep", args: ["1000"], stdout: "piped" });
  child.kill("SIGKILL");
  await Promise.all([child.status, child.stdout.cancel()]);
} catch (error) {
  outcome = (error as SystemError).code;
}
for (const file of taken) file.close();
console.log(JSON.stringify({ outcome, children: childrenOf(Deno.pid) }));
