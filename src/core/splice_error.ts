/**
 * Failures between two descriptors, of which one is to blame.
 *
 * @module
 */

import { SystemError } from "./errors.ts";
import type { Fd } from "./fd.ts";

/** Bytes that could not be moved from one descriptor to another. */
export class SpliceError extends SystemError {
  /** Which side failed: the source, the target, or `undefined` if the two do not go together. */
  readonly side: "from" | "to" | undefined;
  /** How many bytes the target had taken until then. */
  readonly bytes: number;

  /**
   * Describes a failure.
   *
   * @param syscall The system call that failed.
   * @param errno The positive error number.
   * @param from The source.
   * @param to The target.
   * @param side Which of them failed, if that is known.
   * @param bytes How many bytes had been moved.
   */
  constructor(
    syscall: string,
    errno: number,
    from: Fd,
    to: Fd,
    side: "from" | "to" | undefined,
    bytes: number,
  ) {
    const names = [
      side === "to" || !from.isOpen ? "" : `from fd:${from.number}`,
      side === "from" || !to.isOpen ? "" : `to fd:${to.number}`,
    ];
    super(syscall, errno, { address: names.filter((name) => name !== "").join(" ") });
    this.side = side;
    this.bytes = bytes;
  }
}
