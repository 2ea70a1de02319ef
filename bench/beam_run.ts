/** One measurement: a sender and a receiver at the ends of a fresh pair of sockets. */

import { OPEN, SO } from "../src/core/linux.ts";
import { setNumber } from "../src/core/options.ts";
import { openPath } from "../src/core/reach.ts";
import { type ChildProcess, type Fd, spawn, UnixSocket } from "../mod.ts";
import type { BeamCandidate, Peer } from "./beam_candidates.ts";
import type { BeamWorkload } from "./beam_workloads.ts";
import type { Load } from "./matrix.ts";

const SOCKET = 3;
const ATTACHMENT = 4;
const CACHE_LINE = 64;

/** What a receiver prints: of the messages after the warm-up, from the last one of that on. */
interface Measurement {
  messages: number;
  bytes: number;
  descriptors: number;
  /** Sum of the bytes that were read, all of which are 1. */
  touched: number;
  seconds: number;
}

function commandLine({ command }: Peer, role: string, workload: BeamWorkload, load: Load): string[] {
  return [
    ...command,
    ...["--role", role],
    ...["--size", `${workload.size}`],
    ...["--warmup", `${load.warmup}`],
    ...["--messages", `${load.messages}`],
    ...(workload.hasDescriptor ? ["--descriptor"] : []),
    ...(workload.isFramed ? ["--framed"] : []),
  ];
}

/** A candidate that loses something is not the faster for it. */
function verify({ isGlued }: BeamCandidate, workload: BeamWorkload, load: Load, got: Measurement): void {
  const { messages } = load;
  const expected = {
    messages,
    bytes: messages * workload.size,
    descriptors: workload.hasDescriptor ? messages : 0,
    ...(isGlued ? {} : { touched: messages * Math.ceil(workload.size / CACHE_LINE) }),
  };
  for (const [what, count] of Object.entries(expected)) {
    const arrived = got[what as keyof Measurement];
    if (arrived !== count) throw new Error(`${arrived} ${what} arrived, not ${count}`);
  }
}

/** Undoes what the library does to its sockets: they wait, and packets have no time stamps. */
function makeOrdinary({ fd, type }: UnixSocket): void {
  fd.setBlocking();
  if (type === "seqpacket") setNumber(fd.number, SO.TIMESTAMP, 0);
}

/** Starts both; what is passed is closed here, so that each sees the end of the other. */
function start(
  candidate: BeamCandidate,
  workload: BeamWorkload,
  load: Load,
): { receiver: ChildProcess; sender: ChildProcess } {
  const [near, far] = UnixSocket.pair(workload.socket);
  using attachment = openPath("/dev/null", OPEN.WRITE);
  const child = (role: "receiver" | "sender", socket: UnixSocket, fds: Record<number, Fd>): ChildProcess => {
    const peer = candidate[role];
    if (!peer.isOurs) makeOrdinary(socket);
    const [command, ...args] = commandLine(peer, role, workload, load);
    const stdout = role === "receiver" ? "piped" : "null";
    return spawn({ command, args, fds, stdin: "null", stdout, deathSignal: "SIGKILL" });
  };
  try {
    const receiver = child("receiver", far, { [SOCKET]: far.fd });
    // Should this throw, the receiver sees the end of the stream, and ends.
    const sender = child("sender", near, { [SOCKET]: near.fd, [ATTACHMENT]: attachment });
    return { receiver, sender };
  } finally {
    near.close();
    far.close();
  }
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
  candidate: BeamCandidate,
  workload: BeamWorkload,
  load: Load,
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted();
  const { receiver, sender } = start(candidate, workload, load);
  const kill = () => [receiver, sender].forEach((child) => child.kill("SIGKILL"));
  signal.addEventListener("abort", kill);
  try {
    const [text, received, sent] = await Promise.all([
      new Response(receiver.stdout).text(),
      receiver.status,
      sender.status,
    ]);
    signal.throwIfAborted();
    if (!received.success) throw new Error(`the receiver ended with ${received.signal ?? received.code}`);
    if (!sent.success) throw new Error(`the sender ended with ${sent.signal ?? sent.code}`);
    const got: Measurement = JSON.parse(text);
    verify(candidate, workload, load, got);
    return got.messages / got.seconds;
  } finally {
    signal.removeEventListener("abort", kill);
    kill();
  }
}
