/**
 * Trying something out in a child that ends at once.
 *
 * @module
 */

import { SystemError } from "../core/errors.ts";

/** A step that failed, and with what. */
export interface Failure {
  /** Its number, of an enumeration in ffi/ipcx.h. */
  step: number;
  /** The name of the error. */
  code: string;
}

/**
 * Tries something out in a child.
 *
 * @param call Gives 0 or more, or −errno; tells how far it came.
 * @returns What failed, or `undefined`.
 */
export function attempt(call: (step: Int32Array<ArrayBuffer>) => number): Failure | undefined {
  const step = new Int32Array(1);
  const result = call(step);
  return result < 0 ? { step: step[0], code: new SystemError("", -result).code } : undefined;
}
