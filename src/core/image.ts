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
    if (typeof string === "string" ? !string.includes("\0") : !string.includes(0)) continue;
    const text = typeof string === "string" ? string : decoder.decode(string);
    throw new TypeError(`an argument cannot contain a NUL: '${text.replaceAll("\0", "\\x00")}'`);
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

/** The bytes of this process's environment; grown when they no longer fit. */
let scratch = new Uint8Array(16_384);

/** A variable as execve(2) takes it. */
function entryOf(name: string, value: string | Uint8Array): string | Uint8Array {
  if (typeof value === "string") return `${name}=${value}`;
  const prefix = encoder.encode(`${name}=`);
  const entry = new Uint8Array(prefix.length + value.length);
  entry.set(prefix);
  entry.set(value, prefix.length);
  return entry;
}

/** Whether `bytes` goes on with `prefix` at a place. */
function continuesWith(bytes: Uint8Array, at: number, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix[i]) return false;
  return true;
}

/**
 * The variables of a program: those of this process, if they are inherited, and
 * what is changed about them.
 *
 * What is inherited is never taken apart: `Deno.env` would lose what is not UTF-8,
 * and most programs are started with the environment as it is.
 */
export class Environment {
  readonly #inherited: Uint8Array<ArrayBuffer>;
  readonly #changes: Map<string, string | Uint8Array | undefined>;

  private constructor(inherited: Uint8Array<ArrayBuffer>, changes: Iterable<[string, string]>) {
    this.#inherited = inherited;
    this.#changes = new Map(changes);
  }

  /**
   * Reads this process's environment.
   *
   * @returns A copy.
   */
  static inherit(): Environment {
    let length: number;
    while ((length = native.ipcx_environment(scratch, scratch.length)) > scratch.length) {
      scratch = new Uint8Array(length);
    }
    return new Environment(scratch.slice(0, length), []);
  }

  /**
   * Makes an environment of nothing but these variables.
   *
   * @param variables The variables.
   * @returns The environment.
   */
  static of(variables: Readonly<Record<string, string>> = {}): Environment {
    return new Environment(new Uint8Array(0), Object.entries(variables));
  }

  /**
   * Changes a variable, adds one, or takes one away.
   *
   * @param name Its name.
   * @param value Its value, as bytes where it is no text; `undefined` takes it away.
   */
  set(name: string, value: string | Uint8Array | undefined): void {
    this.#changes.delete(name);
    this.#changes.set(name, value);
  }

  /**
   * Looks a variable up.
   *
   * @param name Its name.
   * @returns Its value, or `undefined` if there is none of that name.
   */
  get(name: string): string | undefined {
    if (this.#changes.has(name)) {
      const value = this.#changes.get(name);
      return value instanceof Uint8Array ? decoder.decode(value) : value;
    }
    const prefix = encoder.encode(`${name}=`);
    const bytes = this.#inherited;
    for (let at = 0, end; at < bytes.length; at = end + 1) {
      end = bytes.indexOf(0, at);
      if (continuesWith(bytes, at, prefix)) return decoder.decode(bytes.subarray(at + prefix.length, end));
    }
  }

  /**
   * Writes it as execve(2) takes it.
   *
   * @returns `NAME=VALUE` for each, the changed ones last, in the order of their changes.
   * @throws {TypeError} If a name or a value contains a NUL, or a name is empty or has a `=`.
   */
  pack(): PackedStrings {
    const kept = this.#unchanged();
    if (this.#changes.size === 0) return kept;
    const changed = packStrings(
      Array.from(this.#changes).flatMap(([name, value]) => {
        if (name === "" || name.includes("=")) throw new TypeError(`'${name}' is no name for a variable`);
        return value === undefined ? [] : [entryOf(name, value)];
      }),
    );
    const bytes = new Uint8Array(kept.bytes.length + changed.bytes.length);
    bytes.set(kept.bytes);
    bytes.set(changed.bytes, kept.bytes.length);
    return { count: kept.count + changed.count, bytes };
  }

  /** The inherited variables that nothing was changed about. */
  #unchanged(): PackedStrings {
    const from = this.#inherited;
    let count = 0;
    // Who starts a process for each request inherits nothing: there is nothing to look through.
    if (this.#changes.size === 0 || from.length === 0) {
      for (let at = 0; at < from.length; at++) if (from[at] === 0) count++;
      return { count, bytes: from };
    }
    const prefixes = Array.from(this.#changes.keys(), (name) => encoder.encode(`${name}=`));
    const bytes = new Uint8Array(from.length);
    let length = 0;
    for (let at = 0, end; at < from.length; at = end + 1) {
      end = from.indexOf(0, at);
      if (prefixes.some((prefix) => continuesWith(from, at, prefix))) continue;
      bytes.set(from.subarray(at, end + 1), length);
      length += end + 1 - at;
      count++;
    }
    return { count, bytes: bytes.subarray(0, length) };
  }
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
  return path.split(":").map((folder) => `${folder || "."}/${command}`);
}
