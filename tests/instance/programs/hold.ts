/**
 * Takes a lock, says so on standard error, and lets go when its input ends; or
 * says as JSON why it cannot.
 *
 *     hold.ts NAME [OPTIONS [ROOT]]
 *
 * With ROOT, that becomes its root directory before.
 *
 * @module
 */

import { acquireInstance, InstanceHeldError } from "../../../mod.ts";

const [name, options = "{}", root] = Deno.args;

/** What is loaded when it is needed must be there before the root is another one. */
async function loadAll(): Promise<void> {
  const own = `@ipcx-test-${crypto.randomUUID()}`;
  using _held = await acquireInstance(own);
  await acquireInstance(own).catch(() => {});
}

if (root !== undefined) {
  await loadAll();
  const libc = Deno.dlopen("libc.so.6", { chroot: { parameters: ["buffer"], result: "i32" } });
  if (libc.symbols.chroot(new TextEncoder().encode(`${root}\0`)) < 0) throw new Error("chroot failed");
  Deno.chdir("/");
}
try {
  using instance = await acquireInstance(name, JSON.parse(options));
  console.error(`holds ${instance.takenAt.getTime()}`);
  await new Response(Deno.stdin.readable).arrayBuffer();
} catch (error) {
  if (!(error instanceof InstanceHeldError)) throw error;
  const { message, holder, keepers, isUnexpected } = error;
  console.log(JSON.stringify({ message, holder, keepers, isUnexpected }));
}
