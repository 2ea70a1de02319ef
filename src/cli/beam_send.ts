/**
 * `ipcx beam send`: one message from the options, or many from lines of JSON.
 *
 * @module
 */

import type { Beam } from "../beam/beam.ts";
import { settle } from "../beam/options.ts";
import { meet } from "./beam_connection.ts";
import { checkDescriptorCount, payloadFrom } from "./beam_payload.ts";
import { meetingFrom, sideFrom } from "./beam_settings.ts";
import { inTime } from "./in_time.ts";
import { openInput } from "./input_bytes.ts";
import { messagesFrom } from "./json_messages.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { descriptorsFrom, emptyFiles, openNamed } from "./sent_descriptors.ts";

const FROM_OPTIONS = ["data", "data-file", "fd", "file", "file-mode"];

async function sendLines(beam: Beam, timeout: number | undefined): Promise<void> {
  for await (const { line, message } of messagesFrom(await openInput("-"), beam.settings.maxBytes)) {
    try {
      using stack = new DisposableStack();
      const fds = openNamed(message.fds).map((fd) => stack.use(fd));
      await inTime(timeout, "the peer took nothing", (signal) => beam.send(message.data, fds, { signal }));
    } catch (error) {
      throw new Error(`line ${line} of standard input: ${(error as Error).message}`);
    }
  }
}

/**
 * Runs `ipcx beam send`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  const side = sideFrom(args);
  const meeting = meetingFrom(args, side);
  if (args.has("json")) {
    const surplus = FROM_OPTIONS.find((name) => args.has(name));
    if (surplus) throw new UsageError(`--${surplus} does not go with --json, whose lines say what is sent`);
    using beam = await meet(side, meeting);
    await sendLines(beam, meeting.timeout);
    return 0;
  }
  using stack = new DisposableStack();
  checkDescriptorCount(args, settle(side.type, side.options).framed);
  const fds = descriptorsFrom(args).map((fd) => stack.use(fd));
  const data = await payloadFrom(args, side);
  using beam = await meet(side, meeting);
  emptyFiles(args, fds);
  await inTime(meeting.timeout, "the peer took nothing", (signal) => beam.send(data, fds, { signal }));
  return 0;
}
