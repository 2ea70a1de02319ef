/**
 * `ipcx beam` in processes of its own, and peers for it in the test's.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Beam } from "../../src/beam/beam.ts";
import { BeamListener, type BeamListenOptions } from "../../src/beam/listener.ts";
import type { BeamPairOptions } from "../../src/beam/options.ts";
import { delay } from "../../src/core/delay.ts";
import { SystemError } from "../../src/core/errors.ts";
import type { Fd } from "../../src/core/fd.ts";
import type { Message } from "../../src/core/message.ts";
import { native } from "../../src/core/native.ts";
import { ownName } from "../claim.ts";
import { ipcx, type Process, type ProcessOptions, type Result, serving, startIpcx, within } from "./program.ts";

/** Runs `ipcx beam` to its end. */
export async function beam(args: readonly string[], options: ProcessOptions = {}): Promise<Result> {
  return await ipcx(["beam", ...args], options);
}

/** Starts `ipcx beam`. */
export function startBeam(args: readonly string[], options: ProcessOptions = {}): Process {
  return startIpcx(["beam", ...args], options);
}

/**
 * Starts `ipcx beam listen` and waits until it serves.
 *
 * @param args Its arguments.
 * @param options How.
 * @returns The process.
 */
export async function startListening(args: readonly string[], options: ProcessOptions = {}): Promise<Process> {
  return await serving(startBeam(["listen", ...args], options));
}

/**
 * Connects to a process that will listen soon.
 *
 * @param address Where.
 * @param options How to speak there.
 * @returns The beam.
 */
export async function connected(address: string, options: BeamPairOptions = {}): Promise<Beam> {
  const attempt = async (): Promise<Beam> => {
    for (;;) {
      try {
        return await Beam.connect(address, options);
      } catch (error) {
        if (!(error instanceof SystemError) || !["ENOENT", "ECONNREFUSED"].includes(error.code)) throw error;
      }
      await delay(2);
    }
  };
  return await within(attempt(), `nobody listens at ${address}`);
}

/** Runs `ipcx beam` to an end in which nothing was wrong. */
export async function beamed(args: readonly string[], options: ProcessOptions = {}): Promise<string> {
  return await endedWell(beam(args, options));
}

/** All that a process has printed, which had nothing to complain of. */
export async function endedWell(process: Process | Promise<Result>): Promise<string> {
  const { status, signal, out, err } = await ("ended" in process ? process.ended() : process);
  assertEquals({ status, signal, err }, { status: 0, signal: null, err: "" }, out);
  return out;
}

/** What a descriptor holds from where it stands. */
export function contents(fd: Fd): string {
  const piece = new Uint8Array(65536);
  return new TextDecoder().decode(piece.subarray(0, native.ipcx_read(fd.number, piece, piece.length)));
}

/** The log's lines, each with its message and what else is told. */
export function logOf(process: Process): Record<string, unknown>[] {
  return process.err.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}

/** The lines of its log with a message. */
export function logged(process: Process, message: string): Record<string, unknown>[] {
  return logOf(process).filter((line) => line.message === message);
}

/** Has all that it does logged. */
export const DEBUG = ["--log-level", "debug"];

/**
 * Runs `ipcx beam send` to a listener in this process.
 *
 * @param args Its arguments behind the address.
 * @param options How the listener speaks.
 * @param how How to start it.
 * @returns What came.
 */
export async function sent(
  args: readonly string[],
  options: BeamListenOptions = {},
  how: ProcessOptions = {},
): Promise<Message[]> {
  const address = ownName();
  using listener = BeamListener.listen(address, options);
  const ended = beamed(["send", address, ...args], how);
  using peer = await within(Promise.race([listener.accept(), ended.then(() => listener.accept())]), "nobody came");
  const messages = await within(Array.fromAsync(peer), "no end");
  assertEquals(await ended, "");
  return messages;
}
