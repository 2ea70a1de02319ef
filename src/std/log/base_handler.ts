import { getLevelByName, getLevelName, type LevelName, type LogLevel } from "./levels.ts";
import type { LogRecord } from "./record.ts";

/**
 * Makes a record into a line.
 *
 * @example
 * ```ts
 * import type { FormatterFunction } from "@std/log";
 *
 * const formatter: FormatterFunction = ({ loggerName, msg }) =>
 *   `${loggerName}: ${msg}`;
 * console.log(formatter.length);
 * ```
 */
export type FormatterFunction = (logRecord: LogRecord) => string;

/**
 * Options of a handler.
 *
 * @example
 * ```ts
 * import { type BaseHandlerOptions, ConsoleHandler } from "@std/log";
 *
 * const options: BaseHandlerOptions = { formatter: ({ msg }) => msg };
 * console.log(new ConsoleHandler("INFO", options).levelName);
 * ```
 */
export interface BaseHandlerOptions {
  /** Makes the line; the level's name and the message unless told. */
  formatter?: FormatterFunction;
}

const levelAndMessage: FormatterFunction = ({ levelName, msg }) => `${levelName} ${msg}`;

/**
 * Where records go: a class derived from this says what `log` does with the
 * line.
 *
 * @example
 * ```ts
 * import { BaseHandler, Logger } from "@std/log";
 * import { assertEquals } from "@std/assert";
 *
 * class Lines extends BaseHandler {
 *   readonly lines: string[] = [];
 *   log(line: string) {
 *     this.lines.push(line);
 *   }
 * }
 *
 * const handler = new Lines("INFO");
 * new Logger("broker", "DEBUG", { handlers: [handler] }).info("listening");
 * assertEquals(handler.lines, ["INFO listening"]);
 * ```
 */
export abstract class BaseHandler {
  /** Makes the line. */
  formatter: FormatterFunction;
  #level: LogLevel;

  /**
   * Creates a handler.
   *
   * @param levelName The least level it lets pass.
   * @param options How it formats.
   */
  constructor(levelName: LevelName, options?: BaseHandlerOptions) {
    this.#level = getLevelByName(levelName);
    this.formatter = options?.formatter ?? levelAndMessage;
  }

  /**
   * The least level the handler lets pass.
   *
   * @returns Its number.
   */
  get level(): LogLevel {
    return this.#level;
  }

  /**
   * Sets the least level the handler lets pass.
   *
   * @param level Its number.
   */
  set level(level: LogLevel) {
    getLevelName(level);
    this.#level = level;
  }

  /**
   * The least level the handler lets pass.
   *
   * @returns Its name.
   */
  get levelName(): LevelName {
    return getLevelName(this.#level);
  }

  /**
   * Sets the least level the handler lets pass.
   *
   * @param levelName Its name.
   */
  set levelName(levelName: LevelName) {
    this.#level = getLevelByName(levelName);
  }

  /**
   * Formats and logs a record unless its level is too low.
   *
   * @param logRecord The record.
   */
  handle(logRecord: LogRecord): void {
    if (this.#level > logRecord.level) return;
    this.log(this.format(logRecord));
  }

  /**
   * Makes the line.
   *
   * @param logRecord The record.
   * @returns The line.
   */
  format(logRecord: LogRecord): string {
    return this.formatter(logRecord);
  }

  /**
   * Puts the line where it belongs.
   *
   * @param msg The line.
   */
  abstract log(msg: string): void;

  /** Opens what the handler needs; called when it comes into use. */
  setup(): void {}

  /** Closes what the handler holds; called when it goes out of use. */
  destroy(): void {}

  /** Destroys the handler at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.destroy();
  }
}
