/**
 * Descriptors that nearly every process is started with: opened once, and kept.
 *
 * @module
 */

import { check } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { OPEN } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { openPath } from "../core/reach.ts";

let nothing: Fd | undefined;
let self: Fd | undefined;

/**
 * Opens /dev/null for reading.
 *
 * @returns It; nobody's to close.
 * @throws {SystemError} If there is none.
 */
export function openNull(): Fd {
  return nothing ??= openPath("/dev/null", OPEN.READ);
}

/**
 * Opens a pidfd of this process.
 *
 * @returns It; nobody's to close.
 * @throws {SystemError} EMFILE, ENFILE.
 */
export function openSelf(): Fd {
  return self ??= new Fd(check(native.ipcx_pidfd_open(Deno.pid), "pidfd_open", { pid: Deno.pid }));
}
