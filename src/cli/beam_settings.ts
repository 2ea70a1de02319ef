/**
 * What the options of `ipcx beam` say, checked before anything is done.
 *
 * @module
 */

import { type BeamOptions, settle } from "../beam/options.ts";
import type { UnixAddress } from "../core/address.ts";
import { unixTypeOf } from "../core/endpoint.ts";
import { addressesIn } from "./addresses.ts";
import { BEAM, BEAM_VERBS, type BeamVerb, verbsOf } from "./beam_table.ts";
import { refuseGarbled } from "./garbled_arguments.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { count, descriptor, duration, mode, oneOf, positive } from "./values.ts";

/** One end of what is carried: where it is, and how it speaks. */
export interface Side {
  /** Where. */
  address: UnixAddress;
  /** Whether to listen there for one connection, instead of connecting. */
  listens: boolean;
  /** The sockets' type. */
  type: "stream" | "seqpacket";
  /** How messages are written. */
  options: BeamOptions;
}

/** How to get a connection. */
export interface Meeting {
  /** Whether to wait until somebody listens. */
  waits: boolean;
  /** How long each wait may take, in milliseconds; `undefined` for ever. */
  timeout?: number;
  /** The permissions of a socket file that is listened at. */
  mode?: number;
  /** Gives it up. */
  signal?: AbortSignal;
}

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  "max-bytes": positive,
  timeout: duration,
  mode,
  fd: descriptor,
  count,
  "max-clients": positive,
  "max-children": positive,
  grace: duration,
};

function among(words: readonly string[]): string {
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words[0];
}

/** Values are looked at before it is asked whether their option is of use. */
function checkValues(args: Arguments): void {
  for (const { name, choices } of BEAM.options) {
    const read = choices ? oneOf(...choices) : READERS[name];
    if (read) args.all(name, read);
  }
}

/**
 * Finds what is to be done, and checks that all options are for it.
 *
 * @param args The arguments.
 * @returns The verb.
 * @throws {UsageError} For anything that does not fit.
 */
export function verbFrom(args: Arguments): BeamVerb {
  checkValues(args);
  const [word] = args.words;
  if (word === undefined) throw new UsageError(`what is to be done? One of ${among(BEAM_VERBS)}`);
  const verb = BEAM_VERBS.find((one) => one === word);
  if (verb === undefined) {
    const otherwise = `; there are ${among(BEAM_VERBS)}`;
    throw new UsageError(`there is no '${word}'`, { written: word, known: BEAM_VERBS, otherwise });
  }
  const misplaced = BEAM.options.find(({ name }) => args.has(name) && !verbsOf(name).includes(verb));
  if (misplaced) {
    throw new UsageError(`--${misplaced.name} is not for ${verb}; it is for ${among(verbsOf(misplaced.name))}`);
  }
  refuseGarbled(args);
  return verb;
}

/**
 * Reads addresses.
 *
 * @param args The arguments.
 * @param names What each is called in the help.
 * @returns As many addresses.
 * @throws {UsageError} For too few, too many, or what is none.
 */
export function addressesFrom(args: Arguments, names: readonly string[]): UnixAddress[] {
  return addressesIn(args.words.slice(1), names);
}

/** A descriptor has a type already, if it is a socket at all. */
function typeAt(address: UnixAddress): "stream" | "seqpacket" | undefined {
  try {
    const type = address.kind === "fd" ? unixTypeOf(address.fd) : "dgram";
    return type === "dgram" ? undefined : type;
  } catch {
    return undefined;
  }
}

/**
 * Reads how messages are written.
 *
 * @param args The arguments.
 * @param address Where.
 * @param suffix What is behind the names of the options for this side.
 * @returns The sockets' type, and the options of a beam.
 * @throws {UsageError} For more bytes than there can be.
 */
export function wireFrom(
  args: Arguments,
  address: UnixAddress,
  suffix: "" | "-b" = "",
): Pick<Side, "type" | "options"> {
  const type = typeAt(address) ?? args.get(`type${suffix}`, oneOf("stream", "seqpacket")) ?? "stream";
  const options: BeamOptions = {
    framed: args.has(`framed${suffix}`),
    maxBytes: args.get("max-bytes", positive),
    skipWithoutFd: args.has("skip-without-fd"),
  };
  try {
    settle(type, options);
  } catch (error) {
    throw new UsageError(`--max-bytes: ${(error as Error).message.replace("maxBytes is", "it is")}`);
  }
  return { type, options };
}

/**
 * Reads the permissions of socket files.
 *
 * @param args The arguments.
 * @param addresses Where is listened.
 * @returns The permissions, or `undefined` for those by default.
 * @throws {UsageError} If there will be no such file: an abstract name lets everybody in.
 */
export function modeFrom(args: Arguments, addresses: readonly UnixAddress[]): number | undefined {
  if (!args.has("mode") || addresses.some(({ kind }) => kind === "path")) return args.get("mode", mode);
  if (addresses.length > 0) throw new UsageError(`--mode is for the file of a socket, and ${addresses[0]} has none`);
  throw new UsageError("--mode is for the file of a socket that is listened at: give --listen");
}

/**
 * Reads how the connections of a command come about.
 *
 * @param args The arguments.
 * @param sides The ends of what is carried.
 * @returns How.
 * @throws {UsageError} For options that nobody is left to heed.
 */
export function meetingFrom(args: Arguments, ...sides: readonly Side[]): Meeting {
  const listening = sides.filter(({ listens }) => listens).map(({ address }) => address);
  if (args.has("wait") && listening.length === sides.length) {
    throw new UsageError("--wait is for connecting, and --listen waits anyway");
  }
  return { waits: args.has("wait"), timeout: timeoutFrom(args), mode: modeFrom(args, listening) };
}

/**
 * Reads how long to wait.
 *
 * @param args The arguments.
 * @returns Milliseconds, or `undefined` for ever.
 */
export function timeoutFrom(args: Arguments): number | undefined {
  return args.get("timeout", duration) || undefined;
}

/**
 * Reads the one side of most commands.
 *
 * @param args The arguments.
 * @returns The side.
 * @throws {UsageError} For anything that does not fit.
 */
export function sideFrom(args: Arguments): Side {
  const [address] = addressesFrom(args, ["ADDR"]);
  return { address, listens: args.has("listen"), ...wireFrom(args, address) };
}
