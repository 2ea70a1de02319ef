/**
 * Files as descriptors, which the runtime's own files do not show.
 *
 * @module
 */

import type { Fd } from "./fd.ts";
import { OPEN } from "./linux.ts";
import { openPath } from "./reach.ts";

/**
 * What a file is opened for: to be read; to be written anew, made or emptied; to
 * be written to at its end, made if need be; to be read and written, made if need be.
 */
export type FileAccess = "read" | "write" | "append" | "update";

const FLAGS: Readonly<Record<FileAccess, number>> = {
  read: OPEN.READ,
  write: OPEN.WRITE | OPEN.CREATE | OPEN.EMPTY,
  append: OPEN.WRITE | OPEN.CREATE | OPEN.APPEND,
  update: OPEN.READ | OPEN.WRITE | OPEN.CREATE,
};

/**
 * Opens a file as a descriptor, to be sent, spliced or passed on (open(2)).
 *
 * A FIFO is waited for, by the whole process, until somebody has its other end.
 *
 * @param path Where it is.
 * @param access What for; to be read by default. What is made can be read and
 * written by everybody whom the umask lets.
 * @returns The descriptor, close-on-exec, the caller's.
 * @throws {TypeError} For a path with a NUL in it.
 * @throws {SystemError} ENOENT, EACCES and what else open(2) tells.
 *
 * @example Sending a file
 * ```ts
 * import { openFile, sendFile, UnixSocket } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [left, right] = UnixSocket.pair();
 * using file = openFile("/proc/self/exe");
 * await sendFile(left, file, { offset: 1, count: 3 });
 * assertEquals((await right.receive())!.text, "ELF");
 * left.close();
 * right.close();
 * ```
 */
export function openFile(path: string, access: FileAccess = "read"): Fd {
  if (path.includes("\0")) throw new TypeError("a path has no NUL in it");
  return openPath(path, FLAGS[access]);
}
