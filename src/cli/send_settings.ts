/**
 * What the options of `ipcx send` say, checked before anything is done.
 *
 * @module
 */

import { groupId, userId } from "../core/accounts.ts";
import { unescapeBytes, UnixAddress } from "../core/address.ts";
import type { Credentials } from "../core/credentials.ts";
import { addressesIn } from "./addresses.ts";
import { refuseGarbled } from "./garbled_arguments.ts";
import type { Meeting } from "./packet_connection.ts";
import { DEFAULT_MAX_BYTES } from "./packet_receiving.ts";
import { checkMeeting, maxBytesFrom, meetingFrom } from "./packet_settings.ts";
import { type Format, FORMATS } from "./packets_table.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { count, descriptor, oneOf, positive } from "./values.ts";

/** What is to be sent: one packet of text, one of an input, or those that an input has line by line. */
export type Source =
  | { kind: "text"; text: string }
  | { kind: "whole" | "lines" | "json"; file: string };

/** What is done about answers. */
export interface AnswerPlan {
  /** How many to take after each packet, or at the end; 0 for all that come. */
  count: number;
  /** How to print them. */
  format: Format;
  /** The most bytes to take of each. */
  maxBytes: number;
}

/** What is to be done. */
export interface SendPlan {
  /** Where to, and how that comes about. */
  meeting: Meeting;
  /** Whether to listen there for one connection, instead of connecting. */
  listens: boolean;
  /** The name to send datagrams from. */
  from?: UnixAddress;
  /** What is sent. */
  source: Source;
  /** How often. */
  repeat: number;
  /** Credentials that go along. */
  credentials?: Credentials;
  /** How large the send buffer is to be at least. */
  sendBuffer?: number;
  /** What is done about answers. */
  answers?: AnswerPlan;
  /** A byte to send out of band in the end. */
  urgent?: number;
  /** Whether the peer is told that nothing more comes. */
  ends: boolean;
}

function sourceFrom(args: Arguments): Source {
  const text = args.get("data");
  const given = ["data", "data-file", "json"].filter((name) => args.has(name));
  if (given.length > 1) throw new UsageError(`--${given[0]} and --${given[1]} exclude each other`);
  const byLine = ["lines", "json"].filter((name) => args.has(name));
  if (byLine.length > 1) throw new UsageError("--lines and --json exclude each other");
  if (args.has("lines") && text !== undefined) throw new UsageError("--lines is for what is read, not for --data");
  const surplus = ["fd", "file"].find((name) => args.has(name));
  if (args.has("json") && surplus) {
    throw new UsageError(`--${surplus} does not go with --json, whose lines say what is sent`);
  }
  if (byLine.length > 0 && args.has("repeat")) throw new UsageError(`--repeat does not go with --${byLine[0]}`);
  if (text !== undefined) return { kind: "text", text };
  return {
    kind: args.has("lines") ? "lines" : args.has("json") ? "json" : "whole",
    file: args.get("data-file") ?? "-",
  };
}

function processId(text: string): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) < 1 || Number(text) > 0x7fffffff) {
    throw new Error(`'${text}' is no process id`);
  }
  return Number(text);
}

/** Reads `PID,UID,GID`; what is empty is this process's own. */
function credentials(text: string): Credentials {
  const parts = text === "" ? ["", "", ""] : text.split(",");
  if (parts.length !== 3) throw new Error(`'${text}' is not PID,UID,GID`);
  const [pid, uid, gid] = parts;
  return {
    pid: pid === "" ? Deno.pid : processId(pid),
    uid: uid === "" ? Deno.uid()! : userId(uid),
    gid: gid === "" ? Deno.gid()! : groupId(gid),
  };
}

function byte(text: string): number {
  const bytes = unescapeBytes(text);
  if (bytes.length !== 1) throw new Error(`'${text}' is ${bytes.length} bytes, not one`);
  return bytes[0];
}

function ownName(text: string): UnixAddress {
  const address = text === "" ? UnixAddress.unnamed : UnixAddress.parse(text);
  if (address.kind === "fd") throw new Error(`'${text}' is no name`);
  return address;
}

function answersFrom(args: Arguments): AnswerPlan | undefined {
  const format = args.get("reply-as", oneOf(...FORMATS));
  const wanted = args.get("reply", (text) => text === "" ? 1 : count(text));
  const maxBytes = maxBytesFrom(args);
  if (wanted === undefined) {
    const surplus = ["reply-as", "max-bytes"].find((name) => args.has(name));
    if (surplus) throw new UsageError(`--${surplus} is for --reply`);
    return undefined;
  }
  return {
    count: wanted,
    format: format ?? (args.has("json") ? "json" : "text"),
    maxBytes: maxBytes ?? DEFAULT_MAX_BYTES,
  };
}

/**
 * Reads what is to be done.
 *
 * @param args The arguments.
 * @returns The plan.
 * @throws {UsageError} For anything that does not fit.
 */
export function sendPlanFrom(args: Arguments): SendPlan {
  args.all("fd", descriptor);
  const from = args.get("from", ownName);
  const plan = {
    repeat: args.get("repeat", positive) ?? 1,
    credentials: args.get("credentials", credentials),
    sendBuffer: args.get("send-buffer", positive),
    answers: answersFrom(args),
    ends: args.has("end"),
    urgent: args.get("urgent", byte),
    from,
    listens: args.has("listen"),
  };
  const [address] = addressesIn(args.words, ["ADDR"]);
  const meeting = meetingFrom(args, address, "send");
  refuseGarbled(args);
  const source = sourceFrom(args);
  if (meeting.type === "dgram" && plan.listens) {
    throw new UsageError("--listen waits for a connection, and datagrams have none: --from gives their sender a name");
  }
  if ((meeting.type ?? (from ? "dgram" : "stream")) !== "stream" && plan.urgent !== undefined) {
    throw new UsageError("--urgent is for streams: no other type has bytes out of band");
  }
  if ((from || meeting.type === "dgram") && meeting.expectUid !== undefined) {
    throw new UsageError("--expect-uid is for connections: it is not known whose socket datagrams go to");
  }
  if (meeting.type === "dgram" && plan.ends) throw new UsageError("--end ends a connection, and datagrams have none");
  if (from && (plan.listens || address.kind === "fd")) {
    throw new UsageError(`--from does not go with ${plan.listens ? "--listen" : `${address}, which has its name`}`);
  }
  if (from && (meeting.type ?? "dgram") !== "dgram") {
    throw new UsageError("--from is for datagrams: on a connection answers come back anyway");
  }
  checkMeeting(args, address, plan.listens, from ? [from] : plan.listens ? [address] : []);
  return { ...plan, source, meeting: from ? { ...meeting, type: "dgram" } : meeting };
}
