/**
 * Looking at a host.
 *
 * @module
 */

import { AddressError, toAddress, type UnixAddress } from "../core/address.ts";
import { CHECK_NAMES, type CheckName } from "./check_names.ts";
import { type Check, type Finding, warning } from "./finding.ts";
import { PROC } from "./proc.ts";
import { LIBRARY, PROGRAM } from "./program.ts";
import { CONTAINER, SANDBOX, SECURITY_MODULE } from "./surroundings.ts";

/** How long a check may take, in milliseconds; then it is told so. */
const PATIENCE_MS = 15_000;

/** What is looked at. */
export interface DiagnoseOptions {
  /** Checks by their names, of {@linkcode CHECK_NAMES}; all of them, unless some are named, or sockets are. */
  only?: readonly CheckName[];
  /** Sockets, paths or abstract names: whether anybody serves there. */
  sockets?: readonly (UnixAddress | string)[];
}

/** What is known before the C library is loaded, and by whom it is loaded. */
const BEFORE: readonly Check[] = [PROGRAM, PROC, LIBRARY, CONTAINER, SANDBOX, SECURITY_MODULE];

/**
 * Makes a finding of a check.
 *
 * @param check What looks.
 * @param patience How long it may take, in milliseconds.
 * @returns What it has found; a warning if it could not look, or not in time.
 */
export async function find({ name, examine }: Check, patience: number = PATIENCE_MS): Promise<Finding> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`it took longer than ${patience} ms`)), patience);
  try {
    return { name, ...await Promise.race([examine(), late]) };
  } catch (error) {
    return {
      name,
      ...warning(
        `it could not be looked at: ${(error as Error).message}`,
        "what it is about may work, or not",
        "free what is short (descriptors, memory), and look for a sandbox",
      ),
    };
  } finally {
    clearTimeout(timer);
  }
}

/** What can be asked whether it is there. */
function named(socket: UnixAddress | string): UnixAddress {
  const address = toAddress(socket);
  if (address.kind === "path" || address.kind === "abstract") return address;
  throw new AddressError(`'${address}' is neither a file nor an abstract name`);
}

/**
 * Looks at this host: what of ipcx will not work on it, and why, and what to do.
 *
 * Things are tried, in children that end at once or with files without a name,
 * rather than concluded from versions. Nothing on the host changes, and nothing
 * is waited for longer than some seconds. It works for any user, who is told
 * what that user can do, also where there is no /proc or no C library: what
 * cannot be looked at is a finding like another.
 *
 * @param options What is looked at; by default everything, and no sockets beside those that ipcx has by default.
 * @returns What was found, in the order of {@linkcode CHECK_NAMES}, then the sockets in theirs.
 * @throws {RangeError} If there is no check of a name.
 * @throws {AddressError} If a socket's address is none, or that of an open descriptor.
 *
 * @example What does not work here
 * ```ts
 * import { diagnose } from "ipcx";
 *
 * for (const { name, state, found, means, remedy } of await diagnose()) {
 *   if (state !== "ok") console.log(`${name}: ${found}\n  so: ${means}\n  do: ${remedy}`);
 * }
 * ```
 */
export async function diagnose({ only = [], sockets = [] }: DiagnoseOptions = {}): Promise<Finding[]> {
  for (const name of only) {
    if (!CHECK_NAMES.includes(name)) throw new RangeError(`there is no check '${name}'`);
  }
  const addresses = sockets.map(named);
  const isAsked = ({ name }: { name: string }): boolean =>
    only.length === 0 ? sockets.length === 0 : only.includes(name as CheckName);
  const library = await find(LIBRARY);
  const findings: Finding[] = [];
  for (const check of BEFORE.filter(isAsked)) findings.push(check === LIBRARY ? library : await find(check));
  if (library.state !== "ok") return findings.includes(library) ? findings : [...findings, library];
  const { CHECKS, DESCRIPTORS, isShortOfDescriptors, socketCheck } = await import("./checks.ts");
  if (isShortOfDescriptors()) return [...findings, await find(DESCRIPTORS)];
  for (const check of [...CHECKS.filter(isAsked), ...addresses.map(socketCheck)]) findings.push(await find(check));
  return findings;
}
