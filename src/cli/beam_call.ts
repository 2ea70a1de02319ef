/**
 * `ipcx beam call`: a new connection, one end sent, and what comes back over the
 * other printed.
 *
 * @module
 */

import type { Beam } from "../beam/beam.ts";
import { isPeerGone } from "../core/errors.ts";
import type { Message } from "../core/message.ts";
import { meet } from "./beam_connection.ts";
import { payloadFrom } from "./beam_payload.ts";
import { meetingFrom, sideFrom } from "./beam_settings.ts";
import { jsonLine } from "./beam_text.ts";
import { inTime } from "./in_time.ts";
import { print } from "./output.ts";
import type { Arguments } from "./parse.ts";

/** Prints all that comes, until the end. */
async function printAll(
  receive: (signal?: AbortSignal) => Promise<Message | null>,
  show: (message: Message) => string | Uint8Array,
  timeout: number | undefined,
): Promise<void> {
  for (;;) {
    using message = await inTime(timeout, "no more of the answer came", async (signal) => {
      try {
        return await receive(signal);
      } catch (error) {
        // A peer that ends with something unread has ended all the same.
        if (!isPeerGone(error)) throw error;
        return null;
      }
    });
    if (message === null) return;
    print(show(message));
  }
}

async function callForBytes(beam: Beam, data: Uint8Array<ArrayBuffer>, timeout?: number): Promise<void> {
  using answer = await inTime(timeout, "the peer took nothing", (signal) => beam.sendConnection(data, { signal }));
  beam.close();
  answer.shutdown("write");
  await printAll((signal) => answer.receive({ signal, maxFds: 0 }), ({ data }) => data, timeout);
}

async function callForMessages(beam: Beam, data: Uint8Array<ArrayBuffer>, timeout?: number): Promise<void> {
  // Both ends of a new channel name the process that made it: this one.
  const peer = beam.peerCredentials;
  using answer = await inTime(timeout, "the peer took nothing", (signal) => beam.sendPipe(data, { signal }));
  beam.close();
  answer.end();
  await printAll((signal) => answer.receive({ signal }), (message) => jsonLine(message, peer), timeout);
}

/**
 * Runs `ipcx beam call`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  const side = sideFrom(args);
  const meeting = meetingFrom(args, side);
  const data = await payloadFrom(args, side);
  using beam = await meet(side, meeting);
  await (args.has("json") ? callForMessages : callForBytes)(beam, data, meeting.timeout);
  return 0;
}
