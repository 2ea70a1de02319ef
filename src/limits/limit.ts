/**
 * What is told of a limit.
 *
 * @module
 */

/** What a measurement can give: a number of its unit, whether something is so, or the name of an error or of another thing. */
export type LimitValue = number | boolean | string;

/** What a value counts, or what else it is. */
export type LimitUnit =
  | "buffers"
  | "bytes"
  | "connections"
  | "descriptors"
  | "messages"
  | "port"
  | "process id"
  | "error"
  | "text"
  | "yes or no";

/** What limits are about, in the order in which they are told. */
export const LIMIT_GROUPS = [
  "kernel",
  "messages",
  "buffers",
  "queues",
  "truncation",
  "datagrams",
  "descriptors",
  "names",
  "peers",
  "features",
  "zero-copy",
  "memory",
  "ports",
] as const;

/** What a limit is about. */
export type LimitGroup = typeof LIMIT_GROUPS[number];

/** One thing that Unix sockets do on this kernel, as it was measured. */
export interface Limit {
  /** What it is called, such as `"dgram-largest"`. */
  readonly name: string;
  /** What it is about. */
  readonly group: LimitGroup;
  /** What was measured, in half a line. */
  readonly title: string;
  /** The value, or null if it could not be measured. */
  readonly value: LimitValue | null;
  /** What the value counts, or what else it is. */
  readonly unit: LimitUnit;
  /** What rules it: a manual page, a sysctl, or a function of the kernel. */
  readonly source: string;
  /** What is to be said beyond that, such as why it could not be measured. */
  readonly note?: string;
}
