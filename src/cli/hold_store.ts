/**
 * `ipcx hold store`: has descriptors held.
 *
 * @module
 */

import type { Fd } from "../core/fd.ts";
import { openTarget, parseHoldTarget } from "../hold/listen_target.ts";
import { clientFrom, namesFrom } from "./hold_settings.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { descriptorsFrom } from "./sent_descriptors.ts";
import { duration } from "./values.ts";

/** The descriptors to store; the file of a listener that is not stored in the end is removed. */
async function openAll(args: Arguments, opened: DisposableStack): Promise<Fd[]> {
  const fds = descriptorsFrom(args);
  for (const fd of fds) opened.use(fd);
  for (const target of args.all("listen", parseHoldTarget)) {
    const { fd, file } = await openTarget(target);
    // With what is held still open, it is served, and stays.
    opened.defer(() => file?.removeUnlessServed());
    fds.push(opened.use(fd));
  }
  return fds;
}

/**
 * Runs `ipcx hold store`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  const names = namesFrom(args);
  const [numbers, places] = ["fd", "listen"].map((option) => args.all(option).length);
  if (names.length === 0) throw new UsageError("which NAME?");
  if (numbers > 0 && places > 0) throw new UsageError("--fd and --listen exclude each other");
  if (numbers + places !== names.length) {
    const given = `${names.length} NAMEs and ${numbers + places} of these`;
    throw new UsageError(`each NAME needs one --fd N or --listen WHERE: there are ${given}`);
  }
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated !== undefined) throw new UsageError(`the NAME '${repeated}' was given more than once`);
  const client = clientFrom(args);
  const expire = args.get("expire", duration);
  using opened = new DisposableStack();
  const fds = await openAll(args, opened);
  const descriptors = Object.fromEntries(names.map((name, at) => [name, fds[at]]));
  await client.store(descriptors, { expire, replace: args.has("replace") });
  return 0;
}
