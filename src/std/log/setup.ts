import type { BaseHandler } from "./base_handler.ts";
import { ConsoleHandler } from "./console_handler.ts";
import type { LevelName } from "./levels.ts";
import { Logger } from "./logger.ts";

/**
 * The configuration of one logger.
 *
 * @example
 * ```ts
 * import type { LoggerConfig } from "@std/log";
 *
 * const broker: LoggerConfig = { level: "DEBUG", handlers: ["default"] };
 * console.log(broker.level);
 * ```
 */
export class LoggerConfig {
  /** The least level it logs; INFO unless told. */
  level?: LevelName;
  /** The names of its handlers. */
  handlers?: string[];
}

/**
 * The configuration of all handlers and loggers.
 *
 * @example
 * ```ts
 * import { ConsoleHandler, type LogConfig, setup } from "@std/log";
 *
 * const config: LogConfig = {
 *   handlers: { default: new ConsoleHandler("WARN") },
 * };
 * setup(config);
 * ```
 */
export interface LogConfig {
  /** The handlers, by the names loggers call them. */
  handlers?: { [name: string]: BaseHandler };
  /** The loggers, by name. */
  loggers?: { [name: string]: LoggerConfig };
}

const defaults = {
  handlers: { default: new ConsoleHandler("INFO") },
  loggers: { default: { level: "INFO", handlers: ["default"] } },
} satisfies LogConfig;

const handlers = new Map<string, BaseHandler>();
const loggers = new Map<string, Logger>();

/**
 * Replaces all handlers and loggers by those of a configuration, beside a
 * `default` handler to the console and a `default` logger that uses it.
 *
 * A `Logger` got before keeps the handlers it had: get it again afterwards.
 *
 * @param config The configuration.
 * @throws {Error} If a level's name is unknown.
 *
 * @example
 * ```ts
 * import { ConsoleHandler, getLogger, setup } from "@std/log";
 * import { assertEquals } from "@std/assert";
 *
 * setup({
 *   handlers: { console: new ConsoleHandler("DEBUG") },
 *   loggers: { broker: { level: "DEBUG", handlers: ["console"] } },
 * });
 * assertEquals(getLogger("broker").levelName, "DEBUG");
 * ```
 */
export function setup(config: LogConfig): void {
  for (const handler of handlers.values()) handler.destroy();
  handlers.clear();
  const wanted = { ...defaults.handlers, ...config.handlers };
  for (const [name, handler] of Object.entries(wanted)) {
    handler.setup();
    handlers.set(name, handler);
  }

  loggers.clear();
  const configs: Record<string, LoggerConfig> = {
    ...defaults.loggers,
    ...config.loggers,
  };
  for (const [name, { level = "INFO", handlers = [] }] of Object.entries(configs)) {
    loggers.set(name, new Logger(name, level, { handlers: named(handlers) }));
  }
}

/**
 * The logger with a name.
 *
 * A name that was not set up gets a logger without handlers, which logs
 * nothing. A slash in a name has no meaning.
 *
 * @param name The name; `default` unless told.
 * @returns The logger, the same one each time until `setup` is called.
 *
 * @example
 * ```ts
 * import { getLogger } from "@std/log";
 * import { assertStrictEquals } from "@std/assert";
 *
 * assertStrictEquals(getLogger("broker/peer"), getLogger("broker/peer"));
 * ```
 */
export function getLogger(name?: string): Logger {
  const known = loggers.get(name || "default");
  if (known) return known;
  const logger = new Logger(name!, "NOTSET");
  loggers.set(name!, logger);
  return logger;
}

function named(names: string[]): BaseHandler[] {
  return names.map((name) => handlers.get(name)).filter((it) => it !== undefined);
}

setup({});
