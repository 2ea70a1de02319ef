/**
 * Takes a lock with no descriptor left, with one and with two; tells what came of it.
 *
 *     at_limit.ts NAME
 *
 * @module
 */

import { acquireInstance, type Fd, SystemError } from "../../../mod.ts";

const [name] = Deno.args;
const first = await acquireInstance(`${name}-first`);
const fillers: Fd[] = [];
try {
  for (;;) fillers.push(first.fd.duplicate());
} catch {
  // Every number is taken.
}

async function attempt(): Promise<unknown> {
  try {
    using instance = await acquireInstance(name);
    return instance.companion ? "companion" : "no companion";
  } catch (error) {
    return error instanceof SystemError ? [error.code, error.syscall] : `${error}`;
  }
}

const none = await attempt();
fillers.pop()!.close();
const one = await attempt();
fillers.pop()!.close();
const two = await attempt();
for (const fd of fillers) fd.close();
console.log(JSON.stringify({ none, one, two }));
