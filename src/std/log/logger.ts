import type { BaseHandler } from "./base_handler.ts";
import { deliver } from "./delivery.ts";
import { getLevelByName, getLevelName, type LevelName, type LogLevel, LogLevels } from "./levels.ts";
import { LogRecord, messageText } from "./record.ts";

/**
 * Any function.
 *
 * @example
 * ```ts
 * import type { GenericFunction } from "@std/log";
 *
 * const lazy: GenericFunction = () => "made when needed";
 * console.log(lazy());
 * ```
 */
// deno-lint-ignore no-explicit-any
export type GenericFunction = (...args: any[]) => any;

/** A message that is no function, or a function that makes the message. */
type Message<T> = (T extends GenericFunction ? never : T) | (() => T);

/**
 * Options of a logger.
 *
 * @example
 * ```ts
 * import { ConsoleHandler, Logger, type LoggerOptions } from "@std/log";
 *
 * const options: LoggerOptions = { handlers: [new ConsoleHandler("INFO")] };
 * console.log(new Logger("broker", "INFO", options).loggerName);
 * ```
 */
export interface LoggerOptions {
  /** Where its records go; nowhere unless told. */
  handlers?: BaseHandler[];
}

/**
 * What a part of the program logs with.
 *
 * Each method returns the message it was given. A message given as a function
 * is only made if its level is logged.
 *
 * @example
 * ```ts
 * import { Logger } from "@std/log";
 * import { assertEquals } from "@std/assert";
 *
 * const logger = new Logger("broker", "INFO");
 * assertEquals(logger.debug(() => "never made"), undefined);
 * assertEquals(logger.info("peer joined", { pid: 7 }), "peer joined");
 * ```
 */
export class Logger {
  /** Where its records go. */
  handlers: BaseHandler[];
  readonly #loggerName: string;
  #level: LogLevel;

  /**
   * Creates a logger.
   *
   * @param loggerName Its name.
   * @param levelName The least level it logs.
   * @param options Where its records go.
   */
  constructor(
    loggerName: string,
    levelName: LevelName,
    options: LoggerOptions = {},
  ) {
    this.#loggerName = loggerName;
    this.#level = getLevelByName(levelName);
    this.handlers = options.handlers ?? [];
  }

  /**
   * The least level the logger logs.
   *
   * @returns Its number.
   */
  get level(): LogLevel {
    return this.#level;
  }

  /**
   * Sets the least level the logger logs.
   *
   * @param level Its number.
   * @throws {TypeError} If there is no such level.
   */
  set level(level: LogLevel) {
    try {
      getLevelName(level);
    } catch {
      throw new TypeError(`Invalid log level: ${level}`);
    }
    this.#level = level;
  }

  /**
   * The least level the logger logs.
   *
   * @returns Its name.
   */
  get levelName(): LevelName {
    return getLevelName(this.#level);
  }

  /**
   * Sets the least level the logger logs.
   *
   * @param levelName Its name.
   */
  set levelName(levelName: LevelName) {
    this.#level = getLevelByName(levelName);
  }

  /**
   * The logger's name.
   *
   * @returns The name.
   */
  get loggerName(): string {
    return this.#loggerName;
  }

  /**
   * Logs what only helps to find a fault.
   *
   * @param msg Makes the message, if it is logged.
   * @param args What belongs to it.
   * @returns The message, or `undefined` if it was not made.
   */
  debug<T>(msg: () => T, ...args: unknown[]): T | undefined;
  /**
   * Logs what only helps to find a fault.
   *
   * @param msg The message.
   * @param args What belongs to it.
   * @returns The message.
   */
  debug<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
  debug<T>(msg: Message<T>, ...args: unknown[]): T | undefined {
    return this.#log(LogLevels.DEBUG, msg, args);
  }

  /**
   * Logs what happened as it should.
   *
   * @param msg Makes the message, if it is logged.
   * @param args What belongs to it.
   * @returns The message, or `undefined` if it was not made.
   */
  info<T>(msg: () => T, ...args: unknown[]): T | undefined;
  /**
   * Logs what happened as it should.
   *
   * @param msg The message.
   * @param args What belongs to it.
   * @returns The message.
   */
  info<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
  info<T>(msg: Message<T>, ...args: unknown[]): T | undefined {
    return this.#log(LogLevels.INFO, msg, args);
  }

  /**
   * Logs what went wrong without harm.
   *
   * @param msg Makes the message, if it is logged.
   * @param args What belongs to it.
   * @returns The message, or `undefined` if it was not made.
   */
  warn<T>(msg: () => T, ...args: unknown[]): T | undefined;
  /**
   * Logs what went wrong without harm.
   *
   * @param msg The message.
   * @param args What belongs to it.
   * @returns The message.
   */
  warn<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
  warn<T>(msg: Message<T>, ...args: unknown[]): T | undefined {
    return this.#log(LogLevels.WARN, msg, args);
  }

  /**
   * Logs what failed.
   *
   * @param msg Makes the message, if it is logged.
   * @param args What belongs to it.
   * @returns The message, or `undefined` if it was not made.
   */
  error<T>(msg: () => T, ...args: unknown[]): T | undefined;
  /**
   * Logs what failed.
   *
   * @param msg The message.
   * @param args What belongs to it.
   * @returns The message.
   */
  error<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
  error<T>(msg: Message<T>, ...args: unknown[]): T | undefined {
    return this.#log(LogLevels.ERROR, msg, args);
  }

  /**
   * Logs what the program cannot survive.
   *
   * @param msg Makes the message, if it is logged.
   * @param args What belongs to it.
   * @returns The message, or `undefined` if it was not made.
   */
  critical<T>(msg: () => T, ...args: unknown[]): T | undefined;
  /**
   * Logs what the program cannot survive.
   *
   * @param msg The message.
   * @param args What belongs to it.
   * @returns The message.
   */
  critical<T>(
    msg: T extends GenericFunction ? never : T,
    ...args: unknown[]
  ): T;
  critical<T>(msg: Message<T>, ...args: unknown[]): T | undefined {
    return this.#log(LogLevels.CRITICAL, msg, args);
  }

  #log<T>(level: LogLevel, msg: Message<T>, args: unknown[]): T | undefined {
    const isLazy = msg instanceof Function;
    if (this.#level > level) return isLazy ? undefined : msg;
    const value = isLazy ? msg() : msg;
    if (this.handlers.length > 0) {
      const loggerName = this.#loggerName;
      const text = messageText(value);
      const record = new LogRecord({ msg: text, args, level, loggerName });
      deliver(record, this.handlers);
    }
    return value;
  }
}
