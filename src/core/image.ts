/**
 * What a program is started with, as bytes: its path, arguments, environment.
 *
 * @module
 */

import { native } from "./native.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Where programs are looked for when PATH is not set. */
const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

/** Strings one after the other, each with its NUL, as the shim takes them. */
export interface PackedStrings {
  /** How many there are. */
  count: number;
  /** All of them. */
  bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Packs strings for the shim.
 *
 * @param strings The strings, or their bytes.
 * @returns All of them.
 * @throws {TypeError} If one contains a NUL.
 */
export function packStrings(strings: readonly (string | Uint8Array)[]): PackedStrings {
  for (const string of strings) {
    if (typeof string === "string" && string.includes("\0")) {
      throw new TypeError(`an argument cannot contain a NUL: '${string.replaceAll("\0", "\\x00")}'`);
    }
  }
  if (strings.every((string) => typeof string === "string")) {
    return { count: strings.length, bytes: encoder.encode(strings.map((string) => `${string}\0`).join("")) };
  }
  const parts = strings.map((string) => typeof string === "string" ? encoder.encode(string) : string);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length + 1, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length + 1;
  }
  return { count: strings.length, bytes };
}

/** Variables by name; what is not UTF-8 stays as it is. */
export type Environment = Map<string, string | Uint8Array>;

/**
 * Reads this process's environment, byte by byte: `Deno.env` loses what is not UTF-8.
 *
 * @returns A copy.
 */
export function ownEnvironment(): Environment {
  let buffer = new Uint8Array(16_384);
  let length: number;
  while ((length = native.ipcx_environment(buffer, buffer.length)) > buffer.length) {
    buffer = new Uint8Array(length);
  }
  const environment: Environment = new Map();
  for (let at = 0, end; at < length; at = end + 1) {
    end = buffer.indexOf(0, at);
    const equals = buffer.indexOf(61, at);
    if (equals < 0 || equals > end) continue;
    environment.set(decoder.decode(buffer.subarray(at, equals)), buffer.subarray(equals + 1, end));
  }
  return environment;
}

/**
 * Writes an environment as execve(2) takes it.
 *
 * @param environment The variables.
 * @returns `NAME=VALUE` for each.
 * @throws {TypeError} If a name or a value contains a NUL, or a name is empty or has a `=`.
 */
export function packEnvironment(environment: Environment): PackedStrings {
  return packStrings(Array.from(environment, ([name, value]) => {
    if (name === "" || name.includes("=")) throw new TypeError(`'${name}' is no name for a variable`);
    if (typeof value === "string") return `${name}=${value}`;
    const prefix = encoder.encode(`${name}=`);
    const entry = new Uint8Array(prefix.length + value.length);
    entry.set(prefix);
    entry.set(value, prefix.length);
    return entry;
  }));
}

/**
 * Lists where execvp(3) would look for a program.
 *
 * @param command Its name, or its path if it has a slash.
 * @param environment The environment whose PATH counts.
 * @returns Paths, in their order.
 */
export function candidatesFor(command: string, environment: Environment): string[] {
  if (command.includes("/") || command === "") return [command];
  const path = environment.get("PATH") ?? DEFAULT_PATH;
  return (typeof path === "string" ? path : decoder.decode(path)).split(":").map((folder) =>
    `${folder || "."}/${command}`
  );
}
