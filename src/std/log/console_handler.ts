import { BaseHandler, type BaseHandlerOptions } from "./base_handler.ts";
import { type LevelName, LogLevels } from "./levels.ts";
import type { LogRecord } from "./record.ts";

/**
 * Options of a `ConsoleHandler`.
 *
 * @example
 * ```ts
 * import { ConsoleHandler, type ConsoleHandlerOptions } from "@std/log";
 *
 * const options: ConsoleHandlerOptions = { useColors: false };
 * console.log(new ConsoleHandler("INFO", options).levelName);
 * ```
 */
export interface ConsoleHandlerOptions extends BaseHandlerOptions {
  /** Color the line by level; yes unless told, or NO_COLOR is set. */
  useColors?: boolean;
}

type Style = readonly [open: number, close: number];

const blue: Style = [34, 39];
const yellow: Style = [33, 39];
const red: Style = [31, 39];
const bold: Style = [1, 22];

const styles = new Map<number, readonly Style[]>([
  [LogLevels.INFO, [blue]],
  [LogLevels.WARN, [yellow]],
  [LogLevels.ERROR, [red]],
  [LogLevels.CRITICAL, [red, bold]],
]);

/**
 * Writes to the console, that is to standard output.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ConsoleHandler, LogLevels } from "@std/log";
 * import { LogRecord } from "./record.ts";
 *
 * const handler = new ConsoleHandler("INFO", { useColors: false });
 * const record = new LogRecord({
 *   msg: "listening",
 *   args: [],
 *   level: LogLevels.INFO,
 *   loggerName: "broker",
 * });
 * assertEquals(handler.format(record), "INFO listening");
 * ```
 */
export class ConsoleHandler extends BaseHandler {
  readonly #useColors: boolean;

  /**
   * Creates a handler.
   *
   * @param levelName The least level it lets pass.
   * @param options How it formats.
   */
  constructor(levelName: LevelName, options: ConsoleHandlerOptions = {}) {
    super(levelName, options);
    this.#useColors = (options.useColors ?? true) && !Deno.noColor;
  }

  /**
   * Makes the line, colored by level.
   *
   * @param logRecord The record.
   * @returns The line.
   */
  override format(logRecord: LogRecord): string {
    const line = super.format(logRecord);
    if (!this.#useColors) return line;
    return (styles.get(logRecord.level) ?? []).reduce(painted, line);
  }

  /**
   * Prints the line.
   *
   * @param msg The line.
   */
  log(msg: string): void {
    console.log(msg);
  }
}

// A color that ends inside the line must not end the line's own.
function painted(line: string, [open, close]: Style): string {
  const start = `\x1b[${open}m`;
  const end = `\x1b[${close}m`;
  return `${start}${line.replaceAll(end, start)}${end}`;
}
