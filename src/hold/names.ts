/**
 * The names of held descriptors.
 *
 * They are those of systemd (sd_listen_fds_with_names(3)), so that each can stand
 * in LISTEN_FDNAMES.
 *
 * @module
 */

import { escapeBytes } from "../core/address.ts";

/** The most bytes of a name. */
export const MAX_NAME_BYTES = 255;

const encoder = new TextEncoder();
const NAME = /^[ -9;-~]+$/;

/**
 * Makes sure that a text can name a descriptor.
 *
 * @param name The text.
 * @returns The same.
 * @throws {RangeError} Unless it is 1 to 255 printable characters of ASCII without a colon.
 */
export function checkName(name: string): string {
  if (name.length > MAX_NAME_BYTES) {
    throw new RangeError(`a name has ${name.length} characters; ${MAX_NAME_BYTES} is the most`);
  }
  if (!NAME.test(name)) {
    throw new RangeError(
      `'${escapeBytes(encoder.encode(name))}' is no name: printable characters of ASCII, and no colon`,
    );
  }
  return name;
}
