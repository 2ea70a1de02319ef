/**
 * Files without a name that nobody can change (memfd_create(2), fcntl(2)).
 *
 * @module
 */

import { check } from "./errors.ts";
import { Fd } from "./fd.ts";
import { native } from "./native.ts";

const encoder = new TextEncoder();

/**
 * Makes a file without a name, which is in memory and cannot be changed.
 *
 * @param name What it is called in /proc, for people.
 * @param bytes What is in it.
 * @param use `"program"` if it is to be run, `"data"` if nobody may run it.
 * @returns The file, the caller's, to be read from its beginning.
 * @throws {SystemError} EMFILE, ENFILE, ENOMEM; EACCES for a program where the host allows none (vm.memfd_noexec).
 */
export function sealedFile(name: string, bytes: Uint8Array<ArrayBuffer>, use: "program" | "data"): Fd {
  const cName = encoder.encode(`${name}\0`);
  return new Fd(
    check(native.ipcx_sealed_file(cName, bytes, bytes.length, use === "program" ? 1 : 0), "memfd_create"),
  );
}
