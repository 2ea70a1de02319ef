/**
 * `ipcx beam pipe`: a new connection, one end sent, the other joined to
 * standard input and output.
 *
 * @module
 */

import { join } from "../core/join.ts";
import { meet } from "./beam_connection.ts";
import { payloadFrom } from "./beam_payload.ts";
import { meetingFrom, sideFrom } from "./beam_settings.ts";
import { inTime } from "./in_time.ts";
import { type Arguments, UsageError } from "./parse.ts";

/**
 * Runs `ipcx beam pipe`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  const side = sideFrom(args);
  const meeting = meetingFrom(args, side);
  const isSilent = args.has("no-stdin");
  if (args.get("data-file") === "-" && !isSilent) {
    throw new UsageError("--data-file - leaves nothing of standard input to be joined: give --no-stdin, too");
  }
  const data = await payloadFrom(args, side);
  using beam = await meet(side, meeting);
  const connection = await inTime(
    meeting.timeout,
    "the peer took nothing",
    (signal) => beam.sendConnection(data, { signal }),
  );
  beam.close();
  await join(connection, {
    input: isSilent ? undefined : Deno.stdin.readable,
    output: Deno.stdout.writable,
    endsWithPeer: Deno.stdin.isTerminal(),
  });
  return 0;
}
