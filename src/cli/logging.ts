/**
 * Where log lines go, and what they look like.
 *
 * @module
 */

import { BaseHandler, type LevelName, type LogRecord, setup } from "@std/log";
import type { Arguments } from "./parse.ts";
import { oneOf } from "./values.ts";

const LEVELS = ["debug", "info", "warn", "error", "critical"] as const;
const encoder = new TextEncoder();

function fieldsOf(record: LogRecord): Record<string, unknown> {
  return (record.args[0] ?? {}) as Record<string, unknown>;
}

function jsonLine(record: LogRecord): string {
  const { datetime, levelName, loggerName, msg } = record;
  return JSON.stringify({
    time: datetime.toISOString(),
    level: levelName.toLowerCase(),
    logger: loggerName,
    message: msg,
    ...fieldsOf(record),
  });
}

/** One `name=value` for each plain value; a list stays in one, its parts with commas between. */
function textFields(name: string, value: unknown): string[] {
  if (Array.isArray(value)) return textFields(name, value.join(","));
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([part, inner]) => textFields(`${name}.${part}`, inner));
  }
  const text = String(value);
  return [`${name}=${/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text)}`];
}

function textLine(record: LogRecord): string {
  const fields = Object.entries(fieldsOf(record)).flatMap(([name, value]) => textFields(name, value));
  const head = `${record.datetime.toISOString()} ${record.levelName} ${record.loggerName}: ${record.msg}`;
  return [head, ...fields].join(" ");
}

/** Writes lines to standard error, or to a file that can be opened anew. */
export class LineHandler extends BaseHandler {
  readonly #path: string | undefined;
  #file: Deno.FsFile | undefined;

  /**
   * Opens the log.
   *
   * @param path The file, or `undefined` for standard error.
   * @param formatter Makes a line.
   */
  constructor(path: string | undefined, formatter: (record: LogRecord) => string) {
    super("DEBUG", { formatter });
    this.#path = path;
    this.reopen();
  }

  /** Opens the file anew, such as after it was moved away. */
  reopen(): void {
    if (this.#path === undefined) return;
    const file = Deno.openSync(this.#path, { append: true, create: true, mode: 0o640 });
    this.#file?.close();
    this.#file = file;
  }

  /** Writes a line; a log that cannot be written is no reason to stop serving. */
  override log(line: string): void {
    try {
      (this.#file ?? Deno.stderr).writeSync(encoder.encode(`${line}\n`));
    } catch {
      // Nobody is left who could be told.
    }
  }
}

/**
 * Sets up logging as the options say.
 *
 * @param args The arguments of a service.
 * @param logger The logger's name.
 * @returns The handler, to be opened anew on SIGHUP.
 */
export function setUpLogging(args: Arguments, logger: string): LineHandler {
  const level = args.get("log-level", oneOf(...LEVELS)) ?? "info";
  const path = args.get("log-file");
  const readable = path === undefined && Deno.stderr.isTerminal();
  const format = args.get("log-format", oneOf("text", "json")) ?? (readable ? "text" : "json");
  const handler = new LineHandler(path, format === "json" ? jsonLine : textLine);
  setup({
    handlers: { lines: handler },
    loggers: { [logger]: { level: level.toUpperCase() as LevelName, handlers: ["lines"] } },
  });
  return handler;
}
