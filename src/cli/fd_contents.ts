/**
 * What a received descriptor holds.
 *
 * @module
 */

import { isPeerGone, SystemError } from "../core/errors.ts";
import type { Message } from "../core/message.ts";
import { native } from "../core/native.ts";
import { print } from "./output.ts";

const PIECE_BYTES = 1 << 18;

/**
 * Copies what there is to read from the first descriptor of a message to standard output.
 *
 * @param message The message, which keeps its descriptors.
 * @throws {Error} If there is none, or it cannot be read.
 */
export function copyContents(message: Message): void {
  const fd = message.fds.at(0);
  if (!fd) throw new Error("the message has no descriptor whose contents could go to standard output");
  const piece = new Uint8Array(PIECE_BYTES);
  for (;;) {
    const got = native.ipcx_read(fd.number, piece, piece.length);
    if (got < 0) {
      const error = new SystemError("read", -got);
      if (isPeerGone(error)) return;
      throw new Error(`the descriptor cannot be read: ${error.message}`);
    }
    if (got === 0) return;
    print(piece.subarray(0, got));
  }
}
