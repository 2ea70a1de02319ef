/**
 * `ipcx send` and `ipcx recv` in processes of their own, and peers with plain
 * sockets in Python for them.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Fd } from "../../src/core/fd.ts";
import { spawn } from "../../src/spawn/spawn.ts";
import { IPCX, ipcx, Process, type ProcessOptions, type Result, ROOT, startIpcx } from "./program.ts";

/** The types of sockets. */
export const TYPES = ["seqpacket", "dgram", "stream"] as const;

/** One of them. */
export type Type = typeof TYPES[number];

/** Runs `ipcx send` to its end. */
export async function send(args: readonly string[], options: ProcessOptions = {}): Promise<Result> {
  return await ipcx(["send", ...args], options);
}

/** Runs `ipcx recv` to its end. */
export async function recv(args: readonly string[], options: ProcessOptions = {}): Promise<Result> {
  return await ipcx(["recv", ...args], options);
}

/** Runs `ipcx send` to an end in which nothing was wrong, and tells what it has printed. */
export async function sends(args: readonly string[], options: ProcessOptions = {}): Promise<string> {
  const result = await send(args, options);
  assertEquals(result, { status: 0, signal: null, out: result.out, err: "" });
  return result.out;
}

/** What `-v` tells. */
const VERBOSE = /^ipcx (recv|send): (listening at|receiving at|sending from|connected)[^\n]*\n/gm;

/**
 * Starts `ipcx recv` where it is sent to, and waits until that can be done.
 *
 * @param args Its arguments: `--type dgram` or `--listen` is among them.
 * @param options How.
 * @returns The process.
 */
export async function startReceiver(args: readonly string[], options: ProcessOptions = {}): Promise<Process> {
  const process = startIpcx(["recv", "--verbose", ...args], options);
  try {
    await process.says("ing at ");
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
  return process;
}

/** How a process ended, without what `-v` has told. */
export async function endingOf(process: Process): Promise<Result> {
  const result = await process.ended();
  return { ...result, err: result.err.replaceAll(VERBOSE, "") };
}

/** All that a process has printed, which had nothing to complain of. */
export async function outputOf(process: Process): Promise<string> {
  const result = await endingOf(process);
  assertEquals(result, { status: 0, signal: null, out: result.out, err: "" });
  return result.out;
}

/** The options that make `ipcx recv` the one who is sent to. */
export function receiving(type: Type): string[] {
  return type === "dgram" ? ["--type", "dgram"] : ["--type", type, "--listen"];
}

/**
 * Receives what `ipcx send` sends, all of it, until its end.
 *
 * @param type The sockets' type.
 * @param args What `ipcx recv` is told beyond that.
 * @param address Where.
 * @param sending What `ipcx send` is told behind the address.
 * @param how How that is started.
 * @returns What `ipcx recv` has printed.
 */
export async function exchanged(
  type: Type,
  args: readonly string[],
  address: string,
  sending: readonly string[],
  how: ProcessOptions = {},
): Promise<string> {
  await using receiver = await startReceiver([...receiving(type), ...args, address]);
  assertEquals(await sends([address, ...sending], how), "");
  return await outputOf(receiver);
}

/** Starts the peer in Python; where others come to it, waits until they can. */
export async function startPeer(
  role: "receive" | "send" | "echo",
  how: "listen" | "connect" | "bind",
  type: Type,
  address: string,
  { options = [], ...process }: ProcessOptions & { options?: readonly string[] } = {},
): Promise<Process> {
  const script = `${ROOT}tests/peers/packet_peer.py`;
  const peer = new Process(["python3", script, role, how, type, address, ...options], process);
  if (how === "connect" || (how === "bind" && role === "send")) return peer;
  try {
    await peer.says("ready");
  } catch (error) {
    await peer[Symbol.asyncDispose]();
    throw error;
  }
  return peer;
}

/** A message as the peer in Python tells it. */
export interface PeerMessage {
  /** Its bytes. */
  data: Uint8Array;
  /** What its descriptors hold. */
  files: string[];
  /** Whether it was cut. */
  cut: boolean;
  /** Its sender's pid, uid and gid. */
  who?: [number, number, number];
  /** The name that it was sent from. */
  from?: string;
}

/** All messages that the peer in Python has received until its end. */
export async function messagesOf(peer: Process): Promise<PeerMessage[]> {
  const { status, out, err } = await peer.ended();
  assertEquals(status, 0, err);
  return out.split("\n").filter((line) => line !== "").map((line) => {
    const { hex, ...others } = JSON.parse(line);
    return { data: Uint8Array.fromHex(hex), ...others };
  });
}

/** Lines of JSON. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/**
 * Runs `ipcx` with a socket at descriptor 3.
 *
 * @param fd The socket, which stays the caller's.
 * @param args The arguments.
 * @returns What came of it.
 */
export async function withSocket(fd: Fd, args: readonly string[]): Promise<Result> {
  const [command, ...rest] = [...IPCX, ...args];
  const child = spawn({ command, args: rest, fds: { 3: fd }, stdin: "null", stdout: "piped", stderr: "piped" });
  const [out, err, { code }] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.status,
  ]);
  return { status: code, signal: null, out, err };
}

/** Asserts that a command failed with a message, and printed nothing. */
export function assertFailed(result: Result, message: string, status = 1): void {
  assertEquals([result.status, result.out], [status, ""], result.err);
  assert(result.err.includes(message), result.err);
}
