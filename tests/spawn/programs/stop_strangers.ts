/**
 * Starts a program that becomes another user's, and stops it when it has said so,
 * first because a signal is aborted, then by name; tells its pid and what came of that.
 */
import type { SystemError } from "../../../src/core/errors.ts";
import { ProcessManager } from "../../../src/spawn/mod.ts";

const aborter = new AbortController();
const { promise: said, resolve } = Promise.withResolvers<string>();
const manager = new ProcessManager({ onLine: ({ text }) => resolve(text) });
const process = manager.start({ command: Deno.args[0], signal: aborter.signal });
const line = await said;
aborter.abort();
const code = await process.stop().then(() => "stopped", (error: SystemError) => error.code);
// What nobody has caught would have ended this program by then.
await new Promise((resolve) => setTimeout(resolve, 0));
console.log(JSON.stringify({ pid: process.pid, line, code, state: process.state }));
Deno.exit();
