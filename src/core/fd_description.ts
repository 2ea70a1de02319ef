/**
 * What a descriptor stands for, told to people and to programs.
 *
 * @module
 */

import { escapeBytes } from "./address.ts";
import type { Fd } from "./fd.ts";
import { SO } from "./linux.ts";
import { getNumber } from "./options.ts";

/** What can be done with what a descriptor is open on. */
export type FdAccess = "read" | "write" | "both" | "none";

/** What a descriptor stands for. */
export interface FdDescription {
  /** What it is. */
  kind: "file" | "directory" | "device" | "pipe" | "socket" | "memory" | "other";
  /** The path that the kernel has for it, or the name that memory and others have; none that is no UTF-8, or too long. */
  path?: string;
  /** Of a socket: `unix`, `inet`, `inet6`, or the number of its address family. */
  family?: string;
  /** Of a socket: `stream`, `dgram`, `raw`, `seqpacket`, or the number of its type. */
  type?: string;
  /** Of a socket: whether it is one that listens. */
  listens?: boolean;
  /** What can be done with it. */
  access: FdAccess;
}

const FAMILIES: Readonly<Record<number, string>> = { 1: "unix", 2: "inet", 10: "inet6", 16: "netlink", 40: "vsock" };
const TYPES: Readonly<Record<number, string>> = { 1: "stream", 2: "dgram", 3: "raw", 5: "seqpacket" };
const ACCESS: readonly FdAccess[] = ["read", "write", "both", "none"];
const O_PATH = 0o10000000;
const encoder = new TextEncoder();

/** The UTF-8 of the one character that is being written. */
const place = new Uint8Array(4);

/**
 * Asks how a descriptor is open.
 *
 * @param fd The descriptor.
 * @returns What can be done with it; `"none"` for a mere place (O_PATH).
 */
export function accessOf(fd: Fd): FdAccess {
  const [, octal] = /^flags:\s+([0-7]+)$/m.exec(Deno.readTextFileSync(`/proc/self/fdinfo/${fd.number}`)) ?? [];
  const flags = parseInt(octal, 8);
  return flags & O_PATH ? "none" : ACCESS[flags & 3];
}

function socketOf(fd: Fd): Omit<FdDescription, "access"> {
  const family = getNumber(fd.number, SO.DOMAIN);
  const type = getNumber(fd.number, SO.TYPE);
  return {
    kind: "socket",
    family: FAMILIES[family] ?? `${family}`,
    type: TYPES[type] ?? `${type}`,
    ...(getNumber(fd.number, SO.ACCEPTCONN) ? { listens: true } : {}),
  };
}

/** Its peer has chosen it: the kernel tells none that is longer than a page, and the runtime none that is no UTF-8. */
function pathBehind(link: string): string | undefined {
  try {
    return Deno.readLinkSync(link);
  } catch {
    return undefined;
  }
}

/** Some can be asked for nothing any more: what is left of a process in /proc, a file system that has gone. */
function infoBehind(link: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(link);
  } catch {
    return undefined;
  }
}

function kindOf(fd: Fd): Omit<FdDescription, "access"> {
  const link = `/proc/self/fd/${fd.number}`;
  const path = pathBehind(link);
  const named = path?.startsWith("/") ? { path } : {};
  const found = infoBehind(link);
  if (!found) return { kind: "other", ...named };
  if (found.isSocket) return socketOf(fd);
  if (found.isFifo) return { kind: "pipe", ...named };
  if (found.isDirectory) return { kind: "directory", ...named };
  if (found.isCharDevice || found.isBlockDevice) return { kind: "device", ...named };
  const [, memory] = /^\/memfd:(.*?)(?: \(deleted\))?$/s.exec(path ?? "") ?? [];
  if (memory !== undefined) return { kind: "memory", path: memory };
  // Files without an inode of their own, such as anon_inode:[eventpoll].
  return path === undefined || path.startsWith("/") ? { kind: "file", ...named } : { kind: "other", path };
}

/**
 * Finds out what a descriptor stands for.
 *
 * @param fd The descriptor, which stays the caller's.
 * @returns What it is.
 */
export function describeFd(fd: Fd): FdDescription {
  return { ...kindOf(fd), access: accessOf(fd) };
}

/**
 * Writes text so that no terminal takes it for a command, and each stays on its line.
 *
 * @param text The text.
 * @returns The same with control and format characters, and backslashes, as bytes (`\xHH`).
 */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{C}\p{Zl}\p{Zp}\\]/gu,
    (character) => escapeBytes(place.subarray(0, encoder.encodeInto(character, place).written)),
  );
}

/**
 * Tells a person what a descriptor stands for.
 *
 * @param description What was found out.
 * @returns A few words, printable.
 */
export function fdText({ kind, path, family, type, listens }: FdDescription): string {
  if (kind === "socket") return `${family} ${type} ${listens ? "listener" : "socket"}`;
  return path ? `${kind} ${printable(path)}` : kind;
}
