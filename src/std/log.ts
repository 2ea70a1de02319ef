/**
 * Logging with the classes and functions of `jsr:@std/log`, which has been
 * withdrawn, on npm `@logtape/logtape`.
 *
 * @example
 * ```ts
 * import { ConsoleHandler, getLogger, setup } from "@std/log";
 *
 * setup({
 *   handlers: { console: new ConsoleHandler("INFO", { useColors: false }) },
 *   loggers: { broker: { level: "INFO", handlers: ["console"] } },
 * });
 * getLogger("broker").info("listening"); // INFO listening
 * ```
 *
 * @module
 */
export { BaseHandler, type BaseHandlerOptions, type FormatterFunction } from "./log/base_handler.ts";
export { ConsoleHandler, type ConsoleHandlerOptions } from "./log/console_handler.ts";
export { getLevelByName, getLevelName, type LevelName, type LogLevel, LogLevels } from "./log/levels.ts";
export { type GenericFunction, Logger, type LoggerOptions } from "./log/logger.ts";
// The real package, too, exports the class for its type only.
export type { LogRecord, LogRecordOptions } from "./log/record.ts";
export { getLogger, type LogConfig, LoggerConfig, setup } from "./log/setup.ts";
