/**
 * All limits, in the order in which they are told.
 *
 * @module
 */

import { ABSTRACT_NAMES } from "./abstract_names.ts";
import { forgetBytes } from "./calls.ts";
import { DATAGRAMS } from "./datagrams.ts";
import { DESCRIPTORS } from "./descriptors.ts";
import { FEATURES } from "./features.ts";
import { IN_FLIGHT } from "./in_flight.ts";
import { MEMORY_FILES } from "./memory_files.ts";
import { MESSAGE_SIZES } from "./message_sizes.ts";
import { PEERS } from "./peers.ts";
import { PORTS } from "./ports.ts";
import { type Limit, LIMIT_GROUPS, type LimitGroup } from "./limit.ts";
import { type Probe, run } from "./probe.ts";
import { QUEUES } from "./queues.ts";
import { SEND_BUFFERS } from "./send_buffers.ts";
import { SOCKET_FILES } from "./socket_files.ts";
import { TRUNCATION } from "./truncation.ts";
import { ZERO_COPY } from "./zero_copy.ts";

const KERNEL: readonly Probe[] = [
  {
    name: "kernel-release",
    title: "the kernel that all of this was measured on",
    unit: "text",
    source: "uname(2)",
    measure: () => Deno.osRelease(),
  },
];

const PROBES: Readonly<Record<LimitGroup, readonly Probe[]>> = {
  kernel: KERNEL,
  messages: MESSAGE_SIZES,
  buffers: SEND_BUFFERS,
  queues: QUEUES,
  truncation: TRUNCATION,
  datagrams: DATAGRAMS,
  descriptors: [...DESCRIPTORS, ...IN_FLIGHT],
  names: [...SOCKET_FILES, ...ABSTRACT_NAMES],
  peers: PEERS,
  features: FEATURES,
  "zero-copy": ZERO_COPY,
  memory: MEMORY_FILES,
  ports: PORTS,
};

/** Which limits are measured; all of them, unless some are named. */
export interface ProbeOptions {
  /** Limits by their names, such as `"dgram-largest"`. */
  names?: readonly string[];
  /** All limits of these groups. */
  groups?: readonly LimitGroup[];
}

/** The names of all limits, in the order in which they are told. */
export function limitNames(): string[] {
  return LIMIT_GROUPS.flatMap((group) => PROBES[group].map(({ name }) => name));
}

/**
 * Measures what Unix sockets can do on the running kernel, by trying it.
 *
 * It takes a fraction of a second, during which nothing else runs, and some MiB
 * of memory for a moment; two children are made and waited for. Afterwards
 * nothing is left: no file, no name, no descriptor. It works for any user. What
 * cannot be measured, because RLIMIT_NOFILE is reached or a sandbox forbids the
 * calls, has no value and says so; the others are measured all the same.
 *
 * @param options Which limits; by default all.
 * @returns The limits in their order, whatever the order of the options.
 * @throws {RangeError} If there is no limit or group of a name.
 *
 * @example How large a datagram can be here
 * ```ts
 * import { probeLimits, UnixSocket } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [{ value, unit }] = probeLimits({ names: ["dgram-largest"] });
 * assertEquals(unit, "bytes");
 * const [left, right] = UnixSocket.pair("dgram");
 * assertEquals(left.trySend(new Uint8Array(Number(value))), value);
 * left.close();
 * right.close();
 * ```
 */
export function probeLimits({ names, groups }: ProbeOptions = {}): Limit[] {
  const known = limitNames();
  for (const name of names ?? []) {
    if (!known.includes(name)) throw new RangeError(`there is no limit '${name}'`);
  }
  for (const group of groups ?? []) {
    if (!LIMIT_GROUPS.includes(group)) throw new RangeError(`there is no group '${group}' of limits`);
  }
  const isAsked = (group: LimitGroup, name: string): boolean =>
    (names === undefined && groups === undefined) || Boolean(names?.includes(name) || groups?.includes(group));
  try {
    return LIMIT_GROUPS.flatMap((group) =>
      PROBES[group].filter(({ name }) => isAsked(group, name)).map((probe) => run(group, probe))
    );
  } finally {
    forgetBytes();
  }
}
