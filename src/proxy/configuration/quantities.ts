/**
 * Numbers of all sorts, as people write them.
 *
 * @module
 */

import type { ConfigValue, Reader } from "./config_value.ts";

/** The longest time that timers can wait, in milliseconds: 24 days. */
const MAX_DURATION_MS = 0x7fffffff;

const MILLISECONDS: Readonly<Record<string, number>> = { "": 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** More bytes than anybody has. */
const MAX_SIZE = 2 ** 40;

const POWERS = "KMGT";

/**
 * Reads a number of bytes.
 *
 * @param text Digits, with `K`, `M`, `G` or `T` for powers of 1024, also as `KB` or `KiB`.
 * @returns The bytes, 0–2^40.
 * @throws {Error} If it is none.
 */
export function parseSize(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)[ \t]*(?:([kKMGT])(?:i?B)?|B)?$/.exec(text) ?? [];
  if (digits === undefined) throw new Error(`'${text}' is no size: write bytes, or a number with KiB, MiB or GiB`);
  const size = Number(digits) * 1024 ** (unit === undefined ? 0 : POWERS.indexOf(unit.toUpperCase()) + 1);
  if (!Number.isInteger(size)) throw new Error(`'${text}' is no whole number of bytes`);
  if (size > MAX_SIZE) throw new Error(`'${text}' is too much: 1 TiB is the most`);
  return size;
}

/**
 * Reads a time.
 *
 * @param text Milliseconds, or a number with `ms`, `s`, `m` or `h`.
 * @returns Milliseconds, rounded up, at most 24 days.
 * @throws {Error} If it is none.
 */
export function parseDuration(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|)$/.exec(text) ?? [];
  if (digits === undefined) {
    throw new Error(`'${text}' is no duration: write milliseconds, or a number with ms, s, m or h`);
  }
  const ms = Math.ceil(Number(digits) * MILLISECONDS[unit]);
  if (ms > MAX_DURATION_MS) throw new Error(`'${text}' is too long: 24 days is the most`);
  return ms;
}

/**
 * Reads permission bits.
 *
 * @param text Octal digits, as `0660`, `0o660` or `660`.
 * @returns The bits, 0–0o777.
 * @throws {Error} If it is none.
 */
export function parseMode(text: string): number {
  const [, digits] = /^(?:0o?)?([0-7]{3})$/.exec(text) ?? [];
  if (digits === undefined) throw new Error(`'${text}' is no mode: write three octal digits, such as 0660`);
  return parseInt(digits, 8);
}

function parseCount(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error(`'${text}' is no whole number`);
  return Number(text);
}

function within(number: number, least: number, most: number): number {
  if (number < least) throw new Error(`${number} is too low: ${least} is the least`);
  if (number > most) throw new Error(`${number} is too high: ${most} is the most`);
  return number;
}

/**
 * Makes a reader for whole numbers.
 *
 * @param least The least.
 * @param most The most, 1 000 000 by default.
 * @returns The reader.
 */
export function count(least: number, most = 1_000_000): Reader<number> {
  return (value) => value.parse((text) => within(parseCount(text), least, most), "a whole number");
}

/**
 * Makes a reader for times.
 *
 * @param least The least, in milliseconds.
 * @returns The reader.
 */
export function duration(least = 0): Reader<number> {
  return (value) => value.parse((text) => within(parseDuration(text), least, MAX_DURATION_MS), "a duration");
}

/**
 * Makes a reader for sizes.
 *
 * @param most The most, in bytes, 2^40 by default.
 * @returns The reader.
 */
export function size(most = MAX_SIZE): Reader<number> {
  return (value) => value.parse((text) => within(parseSize(text), 0, most), "a size");
}

/**
 * Reads permission bits.
 *
 * @param value Three octal digits.
 * @returns The bits, 0–0o777.
 */
export function mode(value: ConfigValue): number | undefined {
  return value.parse(parseMode, "a mode");
}

/**
 * Reads a yes or no.
 *
 * @param value `true` or `false`, without quotes.
 * @returns Which.
 */
export function bool(value: ConfigValue): boolean | undefined {
  const text = value.text("true or false");
  if (text === undefined) return undefined;
  if (/^(true|True|TRUE)$/.test(text) && !value.isQuoted) return true;
  if (/^(false|False|FALSE)$/.test(text) && !value.isQuoted) return false;
  const meant = /^(true|yes|on)$/i.test(text) ? "true" : /^(false|no|off)$/i.test(text) ? "false" : undefined;
  const advice = meant === undefined
    ? "write true or false"
    : `write ${meant}${value.isQuoted ? ", without quotes" : ""}`;
  return value.complain(`'${text}' is neither true nor false: ${advice}`);
}
