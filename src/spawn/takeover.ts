/**
 * From a process to what is to be remembered of it, and back if it still lives.
 *
 * @module
 */

import { UnixAddress } from "../core/address.ts";
import { identify } from "../core/process_identity.ts";
import type { Launched } from "./launch.ts";
import { type LineSink, PipeLines } from "./log_lines.ts";
import type { ManagedParts } from "./managed_parts.ts";
import { ManagedSocket } from "./managed_socket.ts";
import { reopenOutputPipe } from "./output_pipe.ts";
import type { ProcessRecord } from "./process_state.ts";
import { Readiness } from "./readiness.ts";
import { TakenOver } from "./taken_over.ts";

const STREAMS = [["stdout", 1], ["stderr", 2]] as const;

/**
 * Writes down what the next manager has to know.
 *
 * @param parts The process, a child of ours.
 * @param inodes The inodes of the pipes that it prints to.
 * @returns The record; `undefined` if it has gone already.
 */
export function recordOf(parts: ManagedParts, inodes: Launched["inodes"]): ProcessRecord | undefined {
  const { running, socket } = parts;
  const identity = identify(running.pid, running.pidfd.number);
  return identity && {
    identifier: parts.identifier,
    uuid: parts.uuid,
    identity,
    ownPid: parts.ownPid,
    command: parts.command,
    startedAt: parts.startedAt.toISOString(),
    grace: parts.grace,
    isPaused: parts.isPaused,
    isReady: parts.readiness.isConfirmed,
    cgroup: running.cgroup,
    socket: socket && { address: `${socket.address}`, type: socket.type },
    ...inodes,
  };
}

/** Reads on where the last manager has stopped, as far as the process still has the pipes. */
function reopenLines(record: ProcessRecord, onLine: LineSink, stack: DisposableStack): PipeLines[] {
  const { identifier, identity: { pid } } = record;
  return STREAMS.flatMap(([stream, number]) => {
    const inode = record[stream];
    const pipe = inode === undefined ? undefined : reopenOutputPipe(pid, number, inode);
    if (!pipe) return [];
    return stack.use(
      new PipeLines(pipe, (text, truncated) => onLine({ identifier, pid, stream, text, truncated })),
    );
  });
}

/**
 * Takes a process over.
 *
 * @param record What is known of it.
 * @param onLine What takes the lines that it prints.
 * @returns The process; `undefined` if it has gone.
 */
export function takeOver(record: ProcessRecord, onLine: LineSink): ManagedParts | undefined {
  const { identifier, socket } = record;
  using stack = new DisposableStack();
  const dialled = socket && stack.use(new ManagedSocket(UnixAddress.parse(socket.address), socket.type));
  const running = TakenOver.find(record.identity, record.cgroup);
  if (!running) return undefined;
  const lines = reopenLines(record, onLine, stack);
  const notKnown = new Error(`'${identifier}' was taken over before it was ready: whether it is now is not known`);
  return {
    identifier,
    uuid: record.uuid,
    command: record.command,
    startedAt: new Date(record.startedAt),
    running,
    ownPid: record.ownPid,
    socket: dialled,
    lines,
    readiness: Readiness.known(identifier, record.isReady ? undefined : notKnown),
    isPaused: record.isPaused,
    grace: record.grace,
    resources: stack.move(),
  };
}
