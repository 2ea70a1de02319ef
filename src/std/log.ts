/**
 * Logging with the classes and functions of `jsr:@std/log`, which has been
 * withdrawn, on npm `@logtape/logtape`: a logger is a LogTape category, its
 * handlers are the sink. LogTape is loaded behind `setup`; until it is there, and
 * where its files are out of reach (another user, another mount namespace),
 * records go to the handlers directly.
 *
 * Unlike the real package:
 *
 * - a message is a string, and is not made lazily;
 * - loggers and handlers come from `setup` alone: before it, and where a name
 *   was not set up, nothing is logged, not even by a default logger;
 * - what a handler throws does not reach who logs: it is reported on the
 *   console, and the next handler is served;
 * - there are no handlers ready to use, and no `setup` and `destroy` in them.
 *
 * @example
 * ```ts
 * import { BaseHandler, getLogger, setup } from "@std/log";
 *
 * class ConsoleHandler extends BaseHandler {
 *   override log(line: string) {
 *     console.log(line);
 *   }
 * }
 * setup({
 *   handlers: { console: new ConsoleHandler("INFO") },
 *   loggers: { broker: { level: "INFO", handlers: ["console"] } },
 * });
 * getLogger("broker").info("listening"); // INFO listening
 * ```
 *
 * @module
 */

import type { Sink } from "@logtape/logtape";

/**
 * The levels by name: the higher the number, the graver.
 *
 * @example
 * ```ts
 * console.log(LogLevels.INFO < LogLevels.ERROR); // true
 * ```
 */
export const LogLevels = { NOTSET: 0, DEBUG: 10, INFO: 20, WARN: 30, ERROR: 40, CRITICAL: 50 } as const;

/**
 * The name of a level.
 *
 * @example
 * ```ts
 * const name: LevelName = "INFO";
 * console.log(name);
 * ```
 */
export type LevelName = keyof typeof LogLevels;

/** Records of these levels, by LogTape's names. */
const SEVERITIES = { DEBUG: "debug", INFO: "info", WARN: "warning", ERROR: "error", CRITICAL: "fatal" } as const;
const ROOT = "@std/log";

function levelOf(name: LevelName): typeof LogLevels[LevelName] {
  if (!Object.hasOwn(LogLevels, name)) throw new Error(`there is no log level ${name}`);
  return LogLevels[name];
}

/**
 * One thing logged: what a handler's formatter gets.
 *
 * @example
 * ```ts
 * const line = ({ loggerName, msg, args }: LogRecord) => [loggerName, msg, ...args].join(" ");
 * console.log(line.length);
 * ```
 */
export interface LogRecord {
  /** The message. */
  readonly msg: string;
  /** What was passed beside the message. */
  readonly args: unknown[];
  /** When it was logged. */
  readonly datetime: Date;
  /** The level. */
  readonly level: number;
  /** The level's name. */
  readonly levelName: string;
  /** The name of the logger. */
  readonly loggerName: string;
}

/**
 * Where records go: a class derived from this says what `log` does with the
 * line.
 *
 * @example
 * ```ts
 * class Lines extends BaseHandler {
 *   readonly lines: string[] = [];
 *   override log(line: string) {
 *     this.lines.push(line);
 *   }
 * }
 * console.log(new Lines("INFO", { formatter: ({ msg }) => msg }).level); // 20
 * ```
 */
export abstract class BaseHandler {
  /** The least level it lets pass. */
  level: typeof LogLevels[LevelName];
  /** Makes the line; the level's name and the message unless told. */
  formatter: (record: LogRecord) => string;

  /** Takes the least level to let pass, and what makes the line. */
  constructor(levelName: LevelName, options: { formatter?: (record: LogRecord) => string } = {}) {
    this.level = levelOf(levelName);
    this.formatter = options.formatter ?? (({ levelName, msg }) => `${levelName} ${msg}`);
  }

  /** Formats and logs a record unless its level is too low. */
  handle(record: LogRecord): void {
    if (this.level <= record.level) this.log(this.format(record));
  }

  /** Makes the line. */
  format(record: LogRecord): string {
    return this.formatter(record);
  }

  /** Puts the line where it belongs. */
  abstract log(line: string): void;
}

/**
 * What a part of the program logs with; got from `getLogger`.
 *
 * Each method takes what belongs to the message behind it, and returns the
 * message.
 *
 * @example
 * ```ts
 * const logger: Logger = getLogger("broker");
 * logger.warn("peer gone", { pid: 7 });
 * ```
 */
class Logger {
  /** The least level it logs. */
  level: typeof LogLevels[LevelName];
  /** Its name. */
  readonly loggerName: string;
  readonly #deliver: ((record: LogRecord) => void) | undefined;

  /** Logs to handlers, or nowhere. */
  constructor(loggerName: string, levelName: LevelName, deliver?: (record: LogRecord) => void) {
    this.loggerName = loggerName;
    this.level = levelOf(levelName);
    this.#deliver = deliver;
  }

  /** The name of the least level it logs. */
  get levelName(): LevelName {
    return (Object.keys(LogLevels) as LevelName[]).find((name) => LogLevels[name] === this.level)!;
  }

  /** Sets the least level it logs. */
  set levelName(levelName: LevelName) {
    this.level = levelOf(levelName);
  }

  /** Logs what only helps to find a fault. */
  debug(msg: string, ...args: unknown[]): string {
    return this.#log("DEBUG", msg, args);
  }

  /** Logs what happened as it should. */
  info(msg: string, ...args: unknown[]): string {
    return this.#log("INFO", msg, args);
  }

  /** Logs what went wrong without harm. */
  warn(msg: string, ...args: unknown[]): string {
    return this.#log("WARN", msg, args);
  }

  /** Logs what failed. */
  error(msg: string, ...args: unknown[]): string {
    return this.#log("ERROR", msg, args);
  }

  /** Logs what the program cannot survive. */
  critical(msg: string, ...args: unknown[]): string {
    return this.#log("CRITICAL", msg, args);
  }

  #log(levelName: keyof typeof SEVERITIES, msg: string, args: unknown[]): string {
    const level = LogLevels[levelName];
    if (this.level > level || !this.#deliver) return msg;
    const datetime = new Date();
    const record: LogRecord = { msg, args, datetime, level, levelName, loggerName: this.loggerName };
    const fields = { level: SEVERITIES[levelName], rawMessage: msg, timestamp: datetime.getTime() };
    // As emitted the message is text; LogTape's methods would look for placeholders in it.
    if (!logtape) this.#deliver(record);
    else logtape.getLogger([ROOT, this.loggerName]).emit({ ...fields, message: [msg], properties: { record } });
    return msg;
  }
}

export type { Logger };

const loggers = new Map<string, Logger>();
const sinks = new Map<string, Sink>();
let logtape: typeof import("@logtape/logtape") | undefined;

/**
 * Replaces all handlers and loggers; a logger got before is to be got again.
 * A logger has a least level, INFO unless told, and names its handlers.
 * LogTape's configuration, which is the process's, is replaced as well.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * setup({ loggers: { broker: { level: "DEBUG" } } });
 * assertEquals(getLogger("broker").levelName, "DEBUG");
 * ```
 */
export function setup(config: {
  handlers?: Readonly<Record<string, BaseHandler>>;
  loggers?: Readonly<Record<string, { level?: LevelName; handlers?: string[] }>>;
}): void {
  loggers.clear();
  sinks.clear();
  for (const [name, { level = "INFO", handlers = [] }] of Object.entries(config.loggers ?? {})) {
    const served = handlers.map((handler) => config.handlers?.[handler]).filter((handler) => handler !== undefined);
    const deliver = (record: LogRecord) => served.forEach((handler) => serve(handler, record));
    sinks.set(name, ({ properties }) => deliver(properties.record as LogRecord));
    loggers.set(name, new Logger(name, level, deliver));
  }
  if (logtape) configure(logtape);
  else import("@logtape/logtape").then(configure, () => {});
}

function serve(handler: BaseHandler, record: LogRecord): void {
  try {
    handler.handle(record);
  } catch (error) {
    console.error("log handler failed:", error);
  }
}

function configure(module: typeof import("@logtape/logtape")): void {
  logtape = module;
  const categories = [...sinks.keys()].map((name) => ({ category: [ROOT, name], sinks: [name] }));
  // Without the last one LogTape announces itself on the console.
  const loggers = [...categories, { category: ["logtape", "meta"], sinks: [] }];
  logtape.configureSync<string, string>({ reset: true, sinks: Object.fromEntries(sinks), loggers });
}

/**
 * The logger with a name, the same one until `setup` is called. A slash in a
 * name has no meaning.
 *
 * @example
 * ```ts
 * console.log(getLogger("broker/peer").levelName); // NOTSET
 * ```
 */
export function getLogger(name: string): Logger {
  const logger = loggers.get(name) ?? new Logger(name, "NOTSET");
  loggers.set(name, logger);
  return logger;
}
