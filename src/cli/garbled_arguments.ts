/**
 * Arguments that are no text.
 *
 * @module
 */

import { garbledArgument } from "./own_arguments.ts";
import { type Arguments, UsageError } from "./parse.ts";

/**
 * Refuses arguments that are not UTF-8, which would be sent, or looked for, as
 * something else. Those of the command behind them may be any bytes.
 *
 * @param args The arguments.
 * @throws {UsageError} With what to do instead.
 */
export function refuseGarbled(args: Arguments): void {
  const garbled = garbledArgument(args.command ?? []);
  if (garbled === undefined) return;
  throw new UsageError(
    `'${garbled}' is not UTF-8: send other bytes with --data-file, and a file of such a name with --fd`,
  );
}
