/** One measurement: a sender and a receiver at the ends of a fresh pair of sockets. */

import { SO } from "../src/core/linux.ts";
import { setNumber } from "../src/core/options.ts";
import { type ChildProcess, spawn, UnixSocket } from "../mod.ts";
import type { Candidate, Load } from "./matrix.ts";
import type { SocketWorkload } from "./sockets_workloads.ts";

const SOCKET = 3;

/** A program that can be either end. */
export interface Peer {
  /** Its command line, before the options of the load. */
  command: string[];
  /** Whether it is the library: others get a socket as the kernel makes it. */
  isOurs: boolean;
  /** Whether it is to be told the type of the socket, and a path to meet at. */
  meetsAtPath?: boolean;
}

/** Who sends and who receives. */
export interface SocketCandidate extends Candidate {
  sender: Peer;
  receiver: Peer;
}

/** What a receiver prints of the messages after the warm-up. */
interface Measurement {
  bytes: number;
  touched: number;
  seconds: number;
}

function commandLine(peer: Peer, role: string, { mode, size, socket }: SocketWorkload, load: Load, path: string) {
  return [
    ...peer.command,
    ...["--role", role],
    ...["--mode", mode],
    ...["--size", `${size}`],
    ...["--warmup", `${load.warmup}`],
    ...["--messages", `${load.messages}`],
    ...(peer.meetsAtPath ? ["--socket", socket, "--path", path] : []),
  ];
}

/** Undoes what the library does to its sockets: they wait, and packets have no time stamps. */
function makeOrdinary({ fd, type }: UnixSocket): void {
  fd.setBlocking();
  if (type === "seqpacket") setNumber(fd.number, SO.TIMESTAMP, 0);
}

/**
 * Measures a candidate once.
 *
 * @param candidate Who sends and receives.
 * @param workload What.
 * @param load How often.
 * @param signal Ends the processes.
 * @returns Messages per second.
 * @throws {Error} When one of the processes fails, or not everything arrives.
 */
export async function measure(
  candidate: SocketCandidate,
  workload: SocketWorkload,
  load: Load,
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted();
  const folder = await Deno.makeTempDir({ prefix: "ipcx-bench-sockets-" });
  const [near, far] = UnixSocket.pair(workload.socket);
  const children: ChildProcess[] = [];
  const kill = () => children.forEach((child) => child.kill("SIGKILL"));
  signal.addEventListener("abort", kill);
  const child = (role: "receiver" | "sender", socket: UnixSocket): ChildProcess => {
    const peer = candidate[role];
    if (!peer.isOurs) makeOrdinary(socket);
    const [command, ...args] = commandLine(peer, role, workload, load, `${folder}/socket`);
    const stdout = role === "receiver" ? "piped" : "null";
    const fds = { [SOCKET]: socket.fd };
    children.push(spawn({ command, args, fds, stdin: "null", stdout, deathSignal: "SIGKILL" }));
    return children.at(-1)!;
  };
  try {
    const receiver = child("receiver", far);
    const sender = child("sender", near);
    near.close();
    far.close();
    const [text, received, sent] = await Promise.all([
      new Response(receiver.stdout).text(),
      receiver.status,
      sender.status,
    ]);
    signal.throwIfAborted();
    if (!received.success) throw new Error(`the receiver ended with ${received.signal ?? received.code}`);
    if (!sent.success) throw new Error(`the sender ended with ${sent.signal ?? sent.code}`);
    const got: Measurement = JSON.parse(text);
    // A candidate that loses something is not the faster for it.
    const expected = load.messages * workload.size;
    if (got.bytes !== expected || got.touched === 0) throw new Error(`${got.bytes} bytes arrived, not ${expected}`);
    return load.messages / got.seconds;
  } finally {
    signal.removeEventListener("abort", kill);
    kill();
    near.close();
    far.close();
    await Deno.remove(folder, { recursive: true });
  }
}
