/**
 * `ipcx beam recv`: takes messages from one connection.
 *
 * @module
 */

import type { Beam } from "../beam/beam.ts";
import { isPeerGone, SystemError } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import type { Message } from "../core/message.ts";
import { native } from "../core/native.ts";
import { inTime, meet } from "./beam_connection.ts";
import { meetingFrom, sideFrom } from "./beam_settings.ts";
import { jsonLine, textLine } from "./beam_text.ts";
import { print } from "./output.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { count } from "./values.ts";

const PIECE_BYTES = 1 << 18;

/** What is done with a message; what it returns is the exit status, if that is not 0. */
type Handler = (message: Message, beam: Beam) => number | Promise<number>;

/** Copies what there is to read to standard output. */
function copyOut(fd: Fd): void {
  const piece = new Uint8Array(PIECE_BYTES);
  for (;;) {
    const got = native.ipcx_read(fd.number, piece, piece.length);
    if (got < 0) {
      const error = new SystemError("read", -got);
      if (isPeerGone(error)) return;
      throw new Error(`the descriptor cannot be read: ${error.message}`);
    }
    if (got === 0) return;
    print(piece.subarray(0, got));
  }
}

function toStdout(message: Message): number {
  const fd = message.fds.at(0);
  if (!fd) throw new Error("the message has no descriptor whose contents could go to standard output");
  copyOut(fd);
  return 0;
}

async function handlerFrom(args: Arguments, wanted: number): Promise<Handler> {
  const { command } = args;
  const ways = ["json", "to-stdout", "exec"].filter((name) => args.has(name));
  if (ways.length > 1) throw new UsageError(`--${ways[0]} and --${ways[1]} exclude each other`);
  if (command) {
    const { becomeCommand, runCommand } = await import("./beam_run.ts");
    // Nobody has to wait for the only one.
    if (wanted === 1) return (message, beam) => becomeCommand(command, message, beam.peerCredentials);
    return (message, beam) => runCommand(command, message, beam.peerCredentials);
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
