/**
 * `ipcx beam recv`: takes messages from one connection.
 *
 * @module
 */

import type { Beam } from "../beam/beam.ts";
import type { Message } from "../core/message.ts";
import { meet } from "./beam_connection.ts";
import { meetingFrom, sideFrom } from "./beam_settings.ts";
import { jsonLine, textLine } from "./beam_text.ts";
import { copyContents } from "./fd_contents.ts";
import { inTime } from "./in_time.ts";
import { print } from "./output.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { count } from "./values.ts";

/** What is done with a message; what it returns is the exit status, if that is not 0. */
type Handler = (message: Message, beam: Beam) => number | Promise<number>;

function toStdout(message: Message): number {
  copyContents(message);
  return 0;
}

async function handlerFrom(args: Arguments, wanted: number): Promise<Handler> {
  const { command } = args;
  const ways = ["json", "to-stdout", "exec"].filter((name) => args.has(name));
  if (ways.length > 1) throw new UsageError(`--${ways[0]} and --${ways[1]} exclude each other`);
  if (command) {
    const { optionsFor } = await import("./beam_exec.ts");
    const { becomeCommand, runCommand } = await import("./message_command.ts");
    // Nobody has to wait for the only one.
    if (wanted === 1) return (one, beam) => becomeCommand("beam", optionsFor(command, one, beam.peerCredentials));
    return (one, beam) => runCommand("beam", optionsFor(command, one, beam.peerCredentials), one);
  }
  if (args.has("to-stdout")) return toStdout;
  const line = args.has("json") ? jsonLine : textLine;
  return (message, beam) => {
    print(line(message, beam.peerCredentials));
    return 0;
  };
}

/**
 * Runs `ipcx beam recv`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  const side = sideFrom(args);
  const meeting = meetingFrom(args, side);
  const wanted = args.get("count", count) ?? 1;
  const handle = await handlerFrom(args, wanted);
  // Whoever reads from the same descriptor next is to miss nothing.
  side.options.readAhead = side.address.kind !== "fd";
  using beam = await meet(side, meeting);
  let failure = 0;
  for (let taken = 0; wanted === 0 || taken < wanted; taken++) {
    using message = await inTime(meeting.timeout, "no message came", (signal) => beam.receive({ signal }));
    if (message === null) {
      if (wanted === 0) break;
      throw new Error(
        wanted === 1
          ? "the connection ended, and no message had come"
          : `the connection ended after ${taken} of ${wanted} messages`,
      );
    }
    failure = await handle(message, beam) || failure;
  }
  return failure;
}
