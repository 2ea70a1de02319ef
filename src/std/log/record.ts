import { getLevelName, type LogLevel } from "./levels.ts";

/**
 * What a record is made of.
 *
 * @example
 * ```ts
 * import { LogLevels, type LogRecordOptions } from "@std/log";
 * import { LogRecord } from "./record.ts";
 *
 * const options: LogRecordOptions = {
 *   msg: "peer gone",
 *   args: [],
 *   level: LogLevels.WARN,
 *   loggerName: "broker",
 * };
 * console.log(new LogRecord(options).levelName);
 * ```
 */
export interface LogRecordOptions {
  /** The message. */
  msg: string;
  /** What was passed beside the message. */
  args: unknown[];
  /** The level. */
  level: LogLevel;
  /** The name of the logger. */
  loggerName: string;
}

/**
 * One thing logged: what a handler's formatter gets.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LogLevels } from "@std/log";
 * import { LogRecord } from "./record.ts";
 *
 * const record = new LogRecord({
 *   msg: "peer gone",
 *   args: [{ pid: 7 }],
 *   level: LogLevels.WARN,
 *   loggerName: "broker",
 * });
 * assertEquals(record.levelName, "WARN");
 * ```
 */
export class LogRecord {
  /** The message. */
  readonly msg: string;
  /** The level. */
  readonly level: number;
  /** The level's name. */
  readonly levelName: string;
  /** The name of the logger. */
  readonly loggerName: string;
  readonly #args: readonly unknown[];
  readonly #time = Date.now();

  /**
   * Creates a record of now.
   *
   * @param options What it is made of.
   */
  constructor(options: LogRecordOptions) {
    this.msg = options.msg;
    this.level = options.level;
    this.levelName = getLevelName(options.level);
    this.loggerName = options.loggerName;
    this.#args = [...options.args];
  }

  /**
   * What was passed beside the message.
   *
   * @returns A copy: no handler can change what the next one sees.
   */
  get args(): unknown[] {
    return [...this.#args];
  }

  /**
   * When the record was made.
   *
   * @returns A copy: no handler can change what the next one sees.
   */
  get datetime(): Date {
    return new Date(this.#time);
  }
}

/**
 * The text of a message: an error's stack, the fields of an object.
 *
 * @param value The message.
 * @returns The text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { messageText } from "./record.ts";
 *
 * assertEquals(messageText({ pid: 7 }), '{"pid":7}');
 * ```
 */
export function messageText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "function") return "undefined";
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Error) return value.stack ?? String(value);
  const fields = Object.entries(value).map(([key, field]) =>
    `"${key}":${typeof field === "string" ? `"${field}"` : messageText(field)}`
  );
  return `{${fields.join(",")}}`;
}
