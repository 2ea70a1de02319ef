/**
 * Pipes for the output of managed processes (pipe(7)).
 *
 * @module
 */

import { SystemError } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import { OPEN } from "../core/linux.ts";
import { openPipe } from "../core/pipe.ts";
import { openPath } from "../core/reach.ts";

/** Both ends of a pipe. */
export interface OutputPipe {
  /** The end that the process gets; the caller's. */
  theirs: Fd;
  /** The end that is read from; the caller's. */
  ours: Fd;
  /** What no other pipe has as long as this one is there. */
  inode: number;
}

function inodeOf(fd: Fd): number {
  return Deno.statSync(`/proc/self/fd/${fd.number}`).ino ?? -1;
}

/**
 * Makes a pipe.
 *
 * @param outlivesReader Whether the process's end is also one to read from, so
 * that writing to it is no error while nobody reads: it waits once the pipe is full.
 * @returns Both ends.
 * @throws {SystemError} EMFILE, ENFILE.
 */
export function openOutputPipe(outlivesReader: boolean): OutputPipe {
  const { reader: ours, writer } = openPipe();
  try {
    if (!outlivesReader) return { theirs: writer, ours, inode: inodeOf(ours) };
    const theirs = openPath(`/proc/self/fd/${writer.number}`, OPEN.READ | OPEN.WRITE);
    writer.close();
    return { theirs, ours, inode: inodeOf(ours) };
  } catch (error) {
    ours.close();
    writer.close();
    throw error;
  }
}

/**
 * Opens a pipe again that a process writes to.
 *
 * @param pid The process.
 * @param number Under which number it has the pipe.
 * @param inode The pipe's inode.
 * @returns An end to read from, the caller's; `undefined` if the process has
 * something else there by now, or may not be looked at.
 */
export function reopenOutputPipe(pid: number, number: number, inode: number): Fd | undefined {
  let found: Fd;
  try {
    const path = `/proc/${pid}/fd/${number}`;
    // Opening whatever else is there could wait, or do something.
    if (Deno.readLinkSync(path) !== `pipe:[${inode}]`) return undefined;
    found = openPath(path, OPEN.READ);
  } catch (error) {
    if (error instanceof SystemError || error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
  if (inodeOf(found) === inode) return found;
  found.close();
  return undefined;
}
