/**
 * The files that sockets are bound to, and what has become of them.
 *
 * A file is known by its device and inode as the kernel has them inside: on some
 * file systems (overlay, btrfs) stat(2) tells others.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import { check } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { ERRNO, OPEN } from "../core/linux.ts";
import { native } from "../core/native.ts";
import type { SocketHolder } from "../core/socket_holders.ts";
import type { BoundFileState } from "./entry.ts";

/** A file, by what sock_diag(7) tells of it. */
export interface FileIdentity {
  /** Its inode, cut to 32 bits. */
  inode: number;
  /** The number of its file system: 12 bits of the major number, 20 of the minor one. */
  device: number;
}

/** How many of a socket's processes are asked for their view: others were most likely started by them. */
const MOST_VIEWS = 4;

const SLASH = 0x2f;
const encoder = new TextEncoder();

function deviceNumber(major: number, minor: number): number {
  return ((major << 20) | (minor & 0xfffff)) >>> 0;
}

/** From the number that stat(2) tells, of which the parts are interleaved (makedev(3)). */
function deviceOfStat(dev: number): number {
  return deviceNumber((dev >>> 8) & 0xfff, (dev & 0xff) | ((dev >>> 12) & 0xfff00));
}

/** What decides which mounts a process sees: its mount namespace, and its root directory. */
function viewOf(process: string): string {
  try {
    return ["ns/mnt", "root"].map((name) => Deno.readLinkSync(`/proc/${process}/${name}`)).join(" ");
  } catch {
    return process;
  }
}

/** The file systems of mounts, as a process sees them (proc_pid_mountinfo(5)). */
function mountsOf(process: string): Map<number, number> {
  const mounts = new Map<number, number>();
  try {
    for (const line of Deno.readTextFileSync(`/proc/${process}/mountinfo`).split("\n")) {
      const [, mount, major, minor] = /^(\d+) \d+ (\d+):(\d+) /.exec(line) ?? [];
      if (mount !== undefined) mounts.set(Number(mount), deviceNumber(Number(major), Number(minor)));
    }
  } catch {
    // It has ended.
  }
  return mounts;
}

function isSame(one: FileIdentity, other: FileIdentity): boolean {
  return one.inode === other.inode && one.device === other.device;
}

function joined(prefix: string, path: Uint8Array): Uint8Array<ArrayBuffer> {
  const start = encoder.encode(prefix);
  const bytes = new Uint8Array(start.length + path.length + 1);
  bytes.set(start);
  bytes.set(path, start.length);
  return bytes;
}

/** Looks for the files of sockets; what was found out once is kept, so make one for each list. */
export class BoundFiles {
  readonly #mounts = new Map<string, Map<number, number>>();
  readonly #states = new Map<string, BoundFileState>();

  /** They are read once for all processes that see the same: there may be thousands of both. */
  #mountsFor(process: string): Map<number, number> {
    const view = viewOf(process);
    let mounts = this.#mounts.get(view);
    if (!mounts) this.#mounts.set(view, mounts = mountsOf(process));
    return mounts;
  }

  #identify(fd: Fd, process: string): FileIdentity {
    const info = Deno.readTextFileSync(`/proc/self/fdinfo/${fd.number}`);
    const stat = Deno.statSync(`/proc/self/fd/${fd.number}`);
    // Told since Linux 5.14.
    const [, inode] = /^ino:\s*(\d+)$/m.exec(info) ?? [];
    const [, mount] = /^mnt_id:\s*(\d+)$/m.exec(info) ?? [];
    return {
      inode: Number(BigInt(inode ?? stat.ino ?? 0) & 0xffffffffn),
      device: this.#mountsFor(process).get(Number(mount)) ?? deviceOfStat(stat.dev),
    };
  }

  /**
   * Looks at what a path leads to.
   *
   * @param path The path, ending in a NUL.
   * @param flags What to insist on, of {@linkcode OPEN}.
   * @param process The process whose mounts it leads through.
   * @returns The file; `"gone"` if there is none, `"unknown"` if that cannot be told.
   */
  #look(path: Uint8Array<ArrayBuffer>, flags: number, process: string): FileIdentity | "gone" | "unknown" {
    const result = native.ipcx_open_path(path, flags);
    if (result === -ERRNO.ENOENT || result === -ERRNO.ENOTDIR) return "gone";
    if (result === -ERRNO.EMFILE || result === -ERRNO.ENFILE) check(result, "open");
    if (result < 0) return "unknown";
    using fd = new Fd(result);
    return this.#identify(fd, process);
  }

  /** What a path is for somebody: absolute in his root, relative where he is now. */
  #stateFor(path: Uint8Array, file: FileIdentity, process: string): BoundFileState {
    const isAbsolute = path[0] === SLASH;
    const found = this.#look(joined(`/proc/${process}/${isAbsolute ? "root" : "cwd/"}`, path), OPEN.NO_FOLLOW, process);
    if (typeof found !== "string") {
      if (isSame(found, file)) return "present";
      return isAbsolute ? "replaced" : "unknown";
    }
    return isAbsolute ? found : "unknown";
  }

  #search(path: Uint8Array, file: FileIdentity, holders: readonly SocketHolder[]): BoundFileState {
    const pids = [...new Set(holders.map(({ pid }) => `${pid}`))].slice(0, MOST_VIEWS);
    const states = pids.map((pid) => this.#stateFor(path, file, pid));
    if (states.includes("present") || this.#stateFor(path, file, "self") === "present") return "present";
    return states.find((state) => state !== "unknown") ?? "unknown";
  }

  /**
   * Tells what has become of a socket's file. Paths are followed as those follow
   * them that have it open: they may be in another mount namespace.
   *
   * @param address The socket's name.
   * @param file The file that it was bound to, if that is known.
   * @param holders Who has it open.
   * @returns Its state; `undefined` for a socket without a file.
   */
  stateOf(
    address: UnixAddress,
    file: FileIdentity | undefined,
    holders: readonly SocketHolder[],
  ): BoundFileState | undefined {
    if (address.kind !== "path") return undefined;
    if (!file) return "unknown";
    const key = `${file.device} ${file.inode} ${address.bytes}`;
    const known = this.#states.get(key);
    if (known) return known;
    const state = this.#search(address.bytes, file, holders);
    // Of other sockets with this name somebody may be known whom we can ask.
    if (state !== "unknown") this.#states.set(key, state);
    return state;
  }

  /**
   * Finds the file that an address leads to from here, symbolic links followed.
   *
   * @param address A path.
   * @returns The file, or `undefined` if there is none that we may see.
   */
  fileAt(address: UnixAddress): FileIdentity | undefined {
    const found = this.#look(joined("", address.bytes), 0, "self");
    return typeof found === "string" ? undefined : found;
  }

  /** Whether two files are the same. */
  static isSame(one: FileIdentity | undefined, other: FileIdentity | undefined): boolean {
    return one !== undefined && other !== undefined && isSame(one, other);
  }
}
