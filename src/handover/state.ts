/**
 * State that one process leaves to the next, in a file in memory (memfd_create(2)),
 * so that it may have any size.
 *
 * @module
 */

import type { Fd } from "../core/fd.ts";
import { sealedFile } from "../core/sealed_file.ts";
import { HandoverError } from "./errors.ts";
import type { StateKind } from "./packets.ts";

const NAME = "ipcx-handover";

/** State on its way. */
export interface PackedState {
  /** What it was. */
  readonly kind: StateKind;
  /** The file that has it; none for no state. */
  readonly fd?: Fd;
}

/**
 * Puts state into a file.
 *
 * @param state Bytes, anything that can be written as JSON, or `undefined` for none.
 * @returns The file, the caller's.
 * @throws {TypeError} If it cannot be written as JSON.
 * @throws {SystemError} EMFILE, ENFILE, ENOMEM.
 */
export function packState(state: unknown): PackedState {
  if (state === undefined) return { kind: "none" };
  if (state instanceof Uint8Array) return { kind: "bytes", fd: sealedFile(NAME, new Uint8Array(state), "data") };
  const text: string | undefined = JSON.stringify(state);
  if (text === undefined) throw new TypeError(`state of type ${typeof state} cannot be written as JSON`);
  return { kind: "json", fd: sealedFile(NAME, new TextEncoder().encode(text), "data") };
}

/**
 * Reads state from a file.
 *
 * @param kind What it was.
 * @param fd The file, which stays the caller's; none for no state.
 * @param maxBytes The most bytes that it may have.
 * @returns The state.
 * @throws {HandoverError} `"protocol"` if there is no such file, if it is too large, or if it is no JSON.
 */
export function unpackState(kind: StateKind, fd: Fd | undefined, maxBytes: number): unknown {
  if (kind === "none") return undefined;
  const path = fd && `/proc/self/fd/${fd.number}`;
  const info = path === undefined ? undefined : Deno.statSync(path);
  if (path === undefined || !info?.isFile) throw new HandoverError("protocol", "the state is missing");
  if (info.size > maxBytes) {
    throw new HandoverError("protocol", `the state has ${info.size} bytes; ${maxBytes} is the most`);
  }
  const bytes = Deno.readFileSync(path);
  if (kind === "bytes") return bytes;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new HandoverError("protocol", "the state is no JSON in UTF-8", cause);
  }
}
