/**
 * Names that have no file: abstract ones, and those that the kernel chooses.
 *
 * @module
 */

import { check } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import { ERRNO } from "../core/linux.ts";
import type { SocketType } from "../core/options.ts";
import { autobind, bind, errorIn, newSocket } from "./calls.ts";
import type { Finding, Probe } from "./probe.ts";
import { largest } from "./search.ts";

/** Longer than sun_path. */
const TOO_LONG = 200;

/** A chance of one in 2^96 that somebody has the same. */
const OWN_BYTES = 12;

const NAMES_CHOSEN = 16;

/** An abstract name of so many bytes that nobody else has, as it stands in sun_path. */
function abstractName(length: number): Uint8Array<ArrayBuffer> {
  const path = new Uint8Array(1 + length);
  crypto.getRandomValues(path.subarray(1));
  return path;
}

function tryBinding(name: Uint8Array, type: SocketType = "stream"): number {
  using socket = newSocket(type);
  return bind(socket, name);
}

function longest(): number {
  return largest("bind", OWN_BYTES, TOO_LONG, (length) => tryBinding(abstractName(length)));
}

function isAnyByteGood(): boolean {
  const half = abstractName(OWN_BYTES + 64);
  for (let first = 0; first < 256; first += 64) {
    for (let at = 0; at < 64; at++) half[1 + OWN_BYTES + at] = first + at;
    if (tryBinding(half) < 0) return false;
  }
  return true;
}

function isEmptyGood(): boolean | Finding {
  const result = tryBinding(new Uint8Array(1));
  return result === -ERRNO.EADDRINUSE ? { value: true, note: "somebody has it" } : result >= 0;
}

/** Whether two names, or one name for two types, can be had at once. */
function areTwo(one: Uint8Array, other: Uint8Array, type: SocketType = "stream"): boolean {
  using first = newSocket("stream");
  using second = newSocket(type);
  check(bind(first, one), "bind");
  return bind(second, other) >= 0;
}

function isPaddingPart(): boolean {
  const name = abstractName(OWN_BYTES);
  const padded = new Uint8Array(name.length + 1);
  padded.set(name);
  return areTwo(name, padded);
}

function isFreedAtOnce(): boolean {
  const name = abstractName(OWN_BYTES);
  check(tryBinding(name), "bind");
  return tryBinding(name) >= 0;
}

function isTakenTwice(): string {
  const name = abstractName(OWN_BYTES);
  using first: Fd = newSocket("stream");
  check(bind(first, name), "bind");
  return errorIn(tryBinding(name));
}

/** Names that the kernel chose, without their first NUL. */
function chosenNames(): string[] {
  return Array.from({ length: NAMES_CHOSEN }, () => {
    using socket = newSocket("stream");
    return String.fromCharCode(...autobind(socket).subarray(1));
  });
}

function chosenLength(): number {
  const lengths = new Set(chosenNames().map((name) => name.length));
  if (lengths.size !== 1) throw new Error(`they have ${[...lengths].join(" or ")} bytes`);
  return [...lengths][0];
}

/** Names that have no file. */
export const ABSTRACT_NAMES: readonly Probe[] = [
  {
    name: "abstract-most",
    title: "bytes of an abstract name, behind its first NUL",
    unit: "bytes",
    source: "struct sockaddr_un: unix(7)",
    measure: longest,
  },
  {
    name: "abstract-beyond",
    title: "error for one byte more than abstract-most",
    unit: "error",
    source: "unix_validate_addr() in net/unix/af_unix.c",
    measure: () => errorIn(tryBinding(abstractName(longest() + 1))),
  },
  {
    name: "abstract-any-byte",
    title: "an abstract name can have any byte in it, NUL too",
    unit: "yes or no",
    source: "unix(7)",
    measure: isAnyByteGood,
  },
  {
    name: "abstract-empty",
    title: "an abstract name can be empty",
    unit: "yes or no",
    source: "unix_validate_addr() in net/unix/af_unix.c",
    measure: isEmptyGood,
  },
  {
    name: "abstract-padding",
    title: "with a NUL at its end, an abstract name is another one",
    unit: "yes or no",
    source: "unix(7): its length counts",
    measure: isPaddingPart,
  },
  {
    name: "abstract-taken",
    title: "error of bind to an abstract name that is taken",
    unit: "error",
    source: "bind(2)",
    measure: isTakenTwice,
  },
  {
    name: "abstract-per-type",
    title: "a socket of another type can have the same abstract name",
    unit: "yes or no",
    source: "unix_find_abstract() in net/unix/af_unix.c",
    measure: () => {
      const name = abstractName(OWN_BYTES);
      return areTwo(name, name, "dgram");
    },
  },
  {
    name: "abstract-freed",
    title: "an abstract name is free as soon as its socket is closed",
    unit: "yes or no",
    source: "unix(7)",
    measure: isFreedAtOnce,
  },
  {
    name: "autobind-length",
    title: "bytes of a name that the kernel chooses, behind its first NUL",
    unit: "bytes",
    source: "autobind in unix(7)",
    measure: chosenLength,
  },
  {
    name: "autobind-hexadecimal",
    title: "the bytes of such a name are digits, 0 to 9 and a to f",
    unit: "yes or no",
    source: "autobind in unix(7)",
    measure: () => chosenNames().every((name) => /^[0-9a-f]+$/.test(name)),
  },
];
