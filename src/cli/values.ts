/**
 * Values of options: durations, counts, permissions.
 *
 * @module
 */

import { UsageError } from "./parse.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, "": 1000, m: 60_000, h: 3_600_000 };

/** The longest time that timers can wait, in milliseconds: 24 days. */
const MAX_DURATION_MS = 0x7fffffff;

/** What a parent is told of an exit status has eight bits. */
const MAX_EXIT_STATUS = 255;

/** The highest descriptor by default (fs.nr_open). */
const MAX_DESCRIPTOR = 1_048_575;

/**
 * Reads a duration.
 *
 * @param text Seconds, or a number with `ms`, `s`, `m` or `h`.
 * @returns Milliseconds, rounded up.
 * @throws {Error} If it is none.
 */
export function duration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|)$/.exec(text) ?? [];
  if (number === undefined) throw new Error(`'${text}' is no duration: write seconds, or a number with ms, s, m or h`);
  const ms = Math.ceil(Number(number) * UNITS[unit]);
  if (ms > MAX_DURATION_MS) throw new Error(`'${text}' is too long: 24 days is the most`);
  return ms;
}

/**
 * Reads a whole number.
 *
 * @param text Its digits.
 * @returns The number.
 * @throws {Error} If it is none.
 */
export function count(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error(`'${text}' is no whole number`);
  return Number(text);
}

/**
 * Reads a whole number that may be negative.
 *
 * @param text Its digits, with or without a sign.
 * @returns The number.
 * @throws {Error} If it is none.
 */
export function integer(text: string): number {
  if (!/^[+-]?\d{1,15}$/.test(text)) throw new Error(`'${text}' is no whole number`);
  return Number(text);
}

/**
 * Reads a whole number of 1 or more.
 *
 * @param text Its digits.
 * @returns The number.
 * @throws {Error} If it is none.
 */
export function positive(text: string): number {
  const number = count(text);
  if (number === 0) throw new Error("1 is the least");
  return number;
}

/**
 * Reads the number of a descriptor.
 *
 * @param text Its digits.
 * @returns The number.
 * @throws {Error} If no descriptor can have it.
 */
export function descriptor(text: string): number {
  const number = count(text);
  if (number > MAX_DESCRIPTOR) throw new Error(`'${text}' is too high: ${MAX_DESCRIPTOR} is the most`);
  return number;
}

/**
 * Reads an exit status.
 *
 * @param text Its digits.
 * @returns The status, 0–255.
 * @throws {Error} If it is none.
 */
export function exitStatus(text: string): number {
  const number = count(text);
  if (number > MAX_EXIT_STATUS) throw new Error(`'${text}' is too high: ${MAX_EXIT_STATUS} is the most`);
  return number;
}

/**
 * Reads permission bits.
 *
 * @param text Octal digits.
 * @returns The bits, 0–0o777.
 * @throws {Error} If it is none.
 */
export function mode(text: string): number {
  if (!/^0?[0-7]{3}$/.test(text)) throw new Error(`'${text}' is no mode: write three octal digits, such as 0660`);
  return parseInt(text, 8);
}

/**
 * Makes a reader for one of several words.
 *
 * @param words The words.
 * @returns The reader.
 */
export function oneOf<Word extends string>(...words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    throw new UsageError(`'${text}' is none of ${words.join(", ")}`, { written: text, known: words });
  };
}

/**
 * Reads a name that somebody else knows, and who complains about one that there is not.
 *
 * @param name The name.
 * @param known Those there are.
 * @param read Reads it.
 * @returns What that returns.
 * @throws {UsageError} With what it threw, for who looks what was meant.
 */
export function named<T>(name: string, known: readonly string[], read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError((error as Error).message, { written: name, known });
  }
}
