/**
 * The C library and the waiter, as this form of the program carries them.
 *
 * From source they are bytes of the program. What is built for others has a
 * module of its own in this one's place (deploy/bundle.ts).
 *
 * @module
 */

import bytes from "../../ffi/libipcx.so" with { type: "bytes" };

/** The C library: its bytes, or the name by which the dynamic loader finds it. */
export const library: Uint8Array<ArrayBuffer> | string = bytes;

/**
 * Loads the program that waits in this one's place (ffi/waiter), when it is needed.
 *
 * @returns Its bytes.
 */
export async function loadWaiter(): Promise<Uint8Array<ArrayBuffer>> {
  const { default: program } = await import("../../ffi/ipcx-waiter", { with: { type: "bytes" } });
  return program;
}
