/**
 * The levels by name: the higher the number, the graver.
 *
 * @example
 * ```ts
 * import { LogLevels } from "@std/log";
 * import { assertLess } from "@std/assert";
 *
 * assertLess<number>(LogLevels.INFO, LogLevels.ERROR);
 * ```
 */
export const LogLevels = {
  NOTSET: 0,
  DEBUG: 10,
  INFO: 20,
  WARN: 30,
  ERROR: 40,
  CRITICAL: 50,
} as const;

/**
 * The name of a level.
 *
 * @example
 * ```ts
 * import type { LevelName } from "@std/log";
 *
 * const name: LevelName = "INFO";
 * console.log(name);
 * ```
 */
export type LevelName = keyof typeof LogLevels;

/**
 * The number of a level.
 *
 * @example
 * ```ts
 * import { type LogLevel, LogLevels } from "@std/log";
 *
 * const level: LogLevel = LogLevels.WARN;
 * console.log(level);
 * ```
 */
export type LogLevel = typeof LogLevels[LevelName];

const names = new Map(
  Object.entries(LogLevels).map(([name, level]) => [level, name as LevelName]),
);

/**
 * The number of the level with a name.
 *
 * @param name The name.
 * @returns The number.
 * @throws {Error} If there is no such level.
 *
 * @example
 * ```ts
 * import { getLevelByName, LogLevels } from "@std/log";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(getLevelByName("WARN"), LogLevels.WARN);
 * ```
 */
export function getLevelByName(name: LevelName): LogLevel {
  if (Object.hasOwn(LogLevels, name)) return LogLevels[name];
  throw new Error(`Cannot get log level: no level named ${name}`);
}

/**
 * The name of the level with a number.
 *
 * @param level The number.
 * @returns The name.
 * @throws {Error} If there is no such level.
 *
 * @example
 * ```ts
 * import { getLevelName, LogLevels } from "@std/log";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(getLevelName(LogLevels.WARN), "WARN");
 * ```
 */
export function getLevelName(level: LogLevel): LevelName {
  const name = names.get(level);
  if (name) return name;
  throw new Error(`Cannot get log level: no name for level: ${level}`);
}
