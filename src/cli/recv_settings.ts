/**
 * What the options of `ipcx recv` say, checked before anything is done.
 *
 * @module
 */

import { addressesIn } from "./addresses.ts";
import { refuseGarbled } from "./garbled_arguments.ts";
import type { Meeting } from "./packet_connection.ts";
import { DEFAULT_MAX_BYTES } from "./packet_receiving.ts";
import { checkMeeting, maxBytesFrom, meetingFrom } from "./packet_settings.ts";
import { type Format, FORMATS } from "./packets_table.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { count } from "./values.ts";

/** What is done with each message. */
export type Use = { kind: "print"; format: Format } | { kind: "contents" } | {
  kind: "run";
  command: readonly string[];
};

/** Where messages come from: a connection that is made, waited for, or one after the other; or a name of one's own. */
export type Origin = "connect" | "accept" | "keep accepting" | "bind";

/** What is to be done. */
export interface RecvPlan {
  /** Where, and how that comes about. */
  meeting: Meeting;
  /** Where messages come from. */
  origin: Origin;
  /** How many to take; 0 for all that come; `undefined` if that depends on the type of the socket. */
  count?: number;
  /** The most bytes to take of each. */
  maxBytes: number;
  /** Whether it is told who sent each. */
  credentials: boolean;
  /** Whether bytes out of band are taken in their place. */
  urgent: boolean;
  /** Whether they stay where they are. */
  peek: boolean;
  /** What is done with each. */
  use: Use;
}

function useFrom(args: Arguments): Use {
  const ways = [...FORMATS, "to-stdout", "exec"].filter((name) => args.has(name));
  if (ways.length > 1) throw new UsageError(`--${ways[0]} and --${ways[1]} exclude each other`);
  if (args.command) return { kind: "run", command: args.command };
  if (args.has("to-stdout")) return { kind: "contents" };
  return { kind: "print", format: FORMATS.find((format) => args.has(format)) ?? "text" };
}

function originFrom(args: Arguments, { type, address }: Meeting): Origin {
  const keeps = args.has("keep-listening");
  if (type === "dgram") {
    if (keeps) throw new UsageError("--keep-listening is for connections: datagrams keep coming with --count 0");
    return address.kind === "fd" ? "connect" : "bind";
  }
  return keeps ? "keep accepting" : args.has("listen") ? "accept" : "connect";
}

/**
 * Reads what is to be done.
 *
 * @param args The arguments.
 * @returns The plan.
 * @throws {UsageError} For anything that does not fit.
 */
export function recvPlanFrom(args: Arguments): RecvPlan {
  const wanted = args.get("count", count);
  const maxBytes = maxBytesFrom(args);
  const [address] = addressesIn(args.words, ["ADDR"]);
  const meeting = meetingFrom(args, address, "recv");
  refuseGarbled(args);
  const origin = originFrom(args, meeting);
  if (meeting.type === "dgram" && meeting.expectUid !== undefined) {
    throw new UsageError("--expect-uid is for connections: of datagrams --credentials tells who has sent each");
  }
  const urgent = args.has("urgent");
  if (urgent && (meeting.type ?? (origin === "connect" ? "stream" : "seqpacket")) !== "stream") {
    throw new UsageError("--urgent is for streams: --type stream");
  }
  const peek = args.has("peek");
  if (peek && (address.kind !== "fd" || origin !== "connect")) {
    throw new UsageError("--peek is for fd:N, whose messages somebody else can take afterwards");
  }
  if (peek && wanted !== undefined && wanted !== 1) throw new UsageError("--peek sees the same message each time");
  if (args.has("wait") && origin === "bind") throw new UsageError("--wait is for connecting");
  checkMeeting(args, address, origin !== "connect", origin === "connect" ? [] : [address]);
  return {
    meeting,
    origin,
    count: peek ? 1 : wanted ?? (origin === "keep accepting" ? 0 : undefined),
    maxBytes: maxBytes ?? DEFAULT_MAX_BYTES,
    credentials: args.has("credentials"),
    peek,
    urgent,
    use: useFrom(args),
  };
}
