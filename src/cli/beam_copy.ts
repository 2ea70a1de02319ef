/**
 * `ipcx beam copy`: messages handed on both ways between two connections.
 *
 * @module
 */

import type { Beam } from "../beam/beam.ts";
import { joinBeams } from "../beam/copy.ts";
import { meet } from "./beam_connection.ts";
import { addressesFrom, type Meeting, meetingFrom, type Side, wireFrom } from "./beam_settings.ts";
import { type Arguments, UsageError } from "./parse.ts";

function sidesFrom(args: Arguments): [Side, Side] {
  const [a, b] = addressesFrom(args, ["A", "B"]);
  if (a.kind === "fd" && a.equals(b)) throw new UsageError(`A and B are the same descriptor, ${a}`);
  const wireB = args.has("type-b") || args.has("framed-b") ? wireFrom(args, b, "-b") : wireFrom(args, b);
  return [
    { address: a, listens: args.has("listen"), ...wireFrom(args, a) },
    { address: b, listens: args.has("listen-b"), ...wireB },
  ];
}

/** Both come about at the same time, in either order; if one cannot, nobody waits for the other. */
async function meetBoth(sides: readonly [Side, Side], meeting: Meeting, stack: DisposableStack): Promise<[Beam, Beam]> {
  const failed = new AbortController();
  const open = async (side: Side): Promise<Beam> => {
    try {
      // Whoever takes over a descriptor that others have, too, is to leave them what is not copied.
      const options = { ...side.options, readAhead: side.address.kind !== "fd" };
      return stack.use(await meet({ ...side, options }, { ...meeting, signal: failed.signal }));
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  };
  const [a, b] = await Promise.allSettled(sides.map(open));
  failed.signal.throwIfAborted();
  return [(a as PromiseFulfilledResult<Beam>).value, (b as PromiseFulfilledResult<Beam>).value];
}

/**
 * Runs `ipcx beam copy`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  const sides = sidesFrom(args);
  const meeting = meetingFrom(args, ...sides);
  using stack = new DisposableStack();
  const [a, b] = await meetBoth(sides, meeting, stack);
  await joinBeams(a, b);
  return 0;
}
