/**
 * Names that are files: how long they can be, and what remains of them.
 *
 * @module
 */

import { check } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import { OPEN } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { openPath } from "../core/reach.ts";
import { bind, connect, errorIn, newSocket, reportedName } from "./calls.ts";
import type { Probe } from "./probe.ts";
import { largest } from "./search.ts";

/** Longer than sun_path. */
const TOO_LONG = 200;

/** The bytes of a family, in front of each name. */
const FAMILY_BYTES = 2;

const encoder = new TextEncoder();

function makeDirectory(): string {
  try {
    return Deno.makeTempDirSync({ prefix: "ipcx-limits-" });
  } catch (error) {
    throw new Error(`no directory can be made in ${Deno.env.get("TMPDIR") ?? "/tmp"}: ${(error as Error).message}`);
  }
}

/** A directory whose own path does not count. */
class Directory implements Disposable {
  readonly #path = makeDirectory();
  readonly #fd: Fd;
  readonly #used = new Set<string>();

  constructor() {
    try {
      this.#fd = openPath(this.#path, OPEN.DIRECTORY);
    } catch (error) {
      Deno.removeSync(this.#path);
      throw error;
    }
  }

  /** The path of a file in it, through its descriptor. */
  through(name: string): string {
    this.#used.add(name);
    return this.#through(name);
  }

  #through(name: string): string {
    return `/proc/self/fd/${this.#fd.number}/${name}`;
  }

  /** The path of a file in it. */
  file(name: string): string {
    this.#used.add(name);
    return `${this.#path}/${name}`;
  }

  /** The least bytes that a path of {@linkcode ofLength} can have. */
  get shortest(): number {
    return this.#through("n").length;
  }

  /** The path of a file in it that has so many bytes. */
  ofLength(length: number): string {
    return this.through("n".repeat(length - this.shortest + 1));
  }

  /** Removes it one by one: to look for what is in it would take descriptors, and there may be none left. */
  [Symbol.dispose](): void {
    this.#fd.close();
    for (const path of [...Array.from(this.#used, (name) => `${this.#path}/${name}`), this.#path]) {
      try {
        Deno.removeSync(path);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }
}

function bindTo(socket: Fd, path: string): number {
  return bind(socket, encoder.encode(path));
}

function tryBinding(path: string): number {
  using socket = newSocket("stream");
  const result = bindTo(socket, path);
  if (result >= 0) Deno.removeSync(path);
  return result;
}

function tryConnecting(path: string): number {
  using socket = newSocket("stream");
  return connect(socket, encoder.encode(path));
}

function longest(directory: Directory): number {
  return largest("bind", directory.shortest, TOO_LONG, (length) => tryBinding(directory.ofLength(length)));
}

function reportedLength(): number {
  using directory = new Directory();
  using socket = newSocket("stream");
  check(bindTo(socket, directory.ofLength(longest(directory))), "bind");
  return FAMILY_BYTES + reportedName(socket).length;
}

function isLongPathReachable(): boolean {
  using directory = new Directory();
  const below = "d".repeat(TOO_LONG);
  Deno.mkdirSync(directory.file(below));
  using deep = openPath(directory.file(below), OPEN.DIRECTORY);
  using listener = newSocket("stream");
  const path = `/proc/self/fd/${deep.number}/socket`;
  if (bindTo(listener, path) < 0) return false;
  try {
    check(native.ipcx_listen(listener.number, 1), "listen");
    return tryConnecting(path) >= 0;
  } finally {
    Deno.removeSync(path);
  }
}

/** Whether a client gets in by a descriptor of the file, which was moved away since. */
function isReachedByDescriptor(): boolean {
  using directory = new Directory();
  using listener = newSocket("stream");
  check(bindTo(listener, directory.through("before")), "bind");
  check(native.ipcx_listen(listener.number, 1), "listen");
  using file = openPath(directory.file("before"));
  Deno.renameSync(directory.file("before"), directory.file("behind"));
  return tryConnecting(`/proc/self/fd/${file.number}`) >= 0;
}

/** A directory with the file of a socket that was closed. */
function withStaleFile<Result>(look: (path: string) => Result): Result {
  using directory = new Directory();
  const path = directory.through("stale");
  {
    using socket = newSocket("stream");
    check(bindTo(socket, path), "bind");
  }
  return look(path);
}

/** Names that are files. */
export const SOCKET_FILES: readonly Probe[] = [
  {
    name: "path-most",
    title: "bytes of a path to bind to, without a NUL at its end",
    unit: "bytes",
    source: "sun_path: unix(7), BUGS",
    measure: () => {
      using directory = new Directory();
      return longest(directory);
    },
  },
  {
    name: "path-most-reported",
    title: "length that getsockname gives such an address: more than sizeof(struct sockaddr_un)",
    unit: "bytes",
    source: "unix(7), BUGS",
    measure: reportedLength,
  },
  {
    name: "path-beyond",
    title: "error for one byte more than path-most",
    unit: "error",
    source: "unix_validate_addr() in net/unix/af_unix.c",
    measure: () => {
      using directory = new Directory();
      return errorIn(tryBinding(directory.ofLength(longest(directory) + 1)));
    },
  },
  {
    name: "path-through-descriptor",
    title: "a longer path is reached through its directory: /proc/self/fd/N/name",
    unit: "yes or no",
    source: "proc(5)",
    measure: isLongPathReachable,
  },
  {
    name: "path-moved",
    title: "a socket file that was moved is reached through a descriptor of it: /proc/self/fd/N",
    unit: "yes or no",
    source: "open(2), O_PATH; proc(5)",
    measure: isReachedByDescriptor,
  },
  {
    name: "path-stays",
    title: "a socket file stays when its socket is closed",
    unit: "yes or no",
    source: "unix(7)",
    measure: () => withStaleFile((path) => Deno.lstatSync(path).isSocket === true),
  },
  {
    name: "path-stale-connect",
    title: "error of connect to a file whose socket is closed",
    unit: "error",
    source: "connect(2)",
    measure: () => withStaleFile((path) => errorIn(tryConnecting(path))),
  },
  {
    name: "path-stale-bind",
    title: "error of bind to a file whose socket is closed",
    unit: "error",
    source: "bind(2)",
    measure: () =>
      withStaleFile((path) => {
        using socket = newSocket("stream");
        return errorIn(bindTo(socket, path));
      }),
  },
];
