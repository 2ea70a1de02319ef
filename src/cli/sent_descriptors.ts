/**
 * Descriptors that go along with what is sent, as options and lines of JSON name them.
 *
 * @module
 */

import { checkInherited, Fd } from "../core/fd.ts";
import { OPEN } from "../core/linux.ts";
import { openPath } from "../core/reach.ts";
import type { JsonFd } from "./json_messages.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { descriptor, oneOf } from "./values.ts";

/** How a file is opened to be sent. */
const FILE_MODES = {
  "read": OPEN.READ,
  "write": OPEN.WRITE | OPEN.CREATE | OPEN.EMPTY,
  "append": OPEN.WRITE | OPEN.CREATE | OPEN.APPEND,
  "read-write": OPEN.READ | OPEN.WRITE | OPEN.CREATE,
} as const;

/** One of them. */
export type FileMode = keyof typeof FILE_MODES;

/** Duplicates a descriptor that ipcx was started with: neither owned nor closed, the same one may be sent twice. */
function inherit(number: number): Fd {
  return new Fd(checkInherited(number)).duplicate();
}

/** Opens all of them, or leaves none open. */
function openAll<Named>(named: readonly Named[], open: (one: Named) => Fd): Fd[] {
  using stack = new DisposableStack();
  const fds = named.map((one) => stack.use(open(one)));
  stack.move();
  return fds;
}

/**
 * Opens the descriptors that a line of JSON names.
 *
 * @param fds Descriptors that ipcx was started with, which stay open, and files.
 * @returns The descriptors, the caller's.
 * @throws {SystemError} EBADF for what is not open, or as open(2).
 */
export function openNamed(fds: readonly JsonFd[]): Fd[] {
  return openAll(fds, (one) => "fd" in one ? inherit(one.fd) : openPath(one.file, FILE_MODES[one.mode ?? "read"]));
}

function fileModeFrom(args: Arguments): FileMode {
  return args.get("file-mode", oneOf(...Object.keys(FILE_MODES) as FileMode[])) ?? "read";
}

/**
 * Opens the descriptors that go along: those of `--fd`, then those of `--file`,
 * which {@linkcode emptyFiles} is still to empty.
 *
 * @param args The arguments.
 * @returns The descriptors, the caller's.
 * @throws {UsageError} For `--file-mode` without a file.
 * @throws {SystemError} For what is not open, or cannot be opened.
 */
export function descriptorsFrom(args: Arguments): Fd[] {
  const numbers = args.all("fd", descriptor);
  const paths = args.all("file");
  const flags = FILE_MODES[fileModeFrom(args)] & ~OPEN.EMPTY;
  if (args.has("file-mode") && paths.length === 0) throw new UsageError("--file-mode is for --file");
  return openAll([...numbers, ...paths], (one) => typeof one === "number" ? inherit(one) : openPath(one, flags));
}

/**
 * Empties files that are to be written, once there is somebody who will write to
 * them: a mistyped address is to cost nobody a file.
 *
 * @param args The arguments.
 * @param fds What {@linkcode descriptorsFrom} has opened for them.
 */
export function emptyFiles(args: Arguments, fds: readonly Fd[]): void {
  if (fileModeFrom(args) !== "write") return;
  for (const { number } of fds.slice(args.all("fd").length)) {
    const opened = `/proc/self/fd/${number}`;
    if (Deno.statSync(opened).isFile) openPath(opened, OPEN.WRITE | OPEN.EMPTY).close();
  }
}
