/**
 * From the options of a managed process to the process and all that belongs to it.
 *
 * @module
 */

import { MANAGER_VARIABLES } from "../core/activation.ts";
import type { Fd } from "../core/fd.ts";
import { PipeLines } from "./log_lines.ts";
import { checkMilliseconds, type ManagedOptions } from "./managed_options.ts";
import type { ManagedParts } from "./managed_parts.ts";
import { ManagedSocket, openManagedListener, SOCKET_NUMBER } from "./managed_socket.ts";
import { NotifySocket } from "./notify_socket.ts";
import type { ChildStream, SpawnOptions } from "./options.ts";
import { openOutputPipe, type OutputPipe } from "./output_pipe.ts";
import { awaitFirstConnection, isReadyLine, Readiness } from "./readiness.ts";
import { spawn } from "./spawn.ts";

const DEFAULT_READY_TIMEOUT_MS = 30_000;

/** Where what a process prints goes to. */
export type Printed = (stream: "stdout" | "stderr", pid: number, text: string, truncated: boolean) => void;

/** What the manager decides. */
export interface LaunchOptions {
  /** What the process is known by. */
  identifier: string;
  /** Its uuid. */
  uuid: string;
  /** What the name of its socket begins with. */
  socketPrefix: string;
  /** How long it may take to end, in milliseconds, if it does not say otherwise itself. */
  grace: number;
  /** Whether it is to outlive this process. */
  outlives: boolean;
  /** What takes its lines. */
  onPrinted: Printed;
}

/** A process that was started. */
export interface Launched {
  /** What it is made of. */
  parts: ManagedParts;
  /** The inodes of the pipes that it prints to. */
  inodes: { stdout?: number; stderr?: number };
}

/** Refuses what could never work. */
function checkOptions({ ready, withSocket, fds, stdout = "log", stderr = "log" }: ManagedOptions): void {
  if (ready === "connect" && !withSocket) {
    throw new TypeError("ready on 'connect' takes a socket to connect to: start it withSocket");
  }
  if (typeof ready === "object" && stdout !== "log" && stderr !== "log") {
    throw new TypeError("a line is waited for, but neither stdout nor stderr goes to the log");
  }
  if (withSocket && fds?.[SOCKET_NUMBER] !== undefined) {
    throw new TypeError(`descriptor ${SOCKET_NUMBER} is the socket's: give the other one another number`);
  }
}

function openNotifySocket({ namespaces, fds }: ManagedOptions): NotifySocket {
  const staysInOurNetwork = namespaces?.net === undefined && !namespaces?.all;
  if (staysInOurNetwork) return NotifySocket.abstract();
  // Above all others, so that LISTEN_FDS have no gap.
  return NotifySocket.descriptor(Math.max(SOCKET_NUMBER, ...Object.keys(fds ?? {}).map(Number)) + 1);
}

function readinessOf(
  identifier: string,
  { ready, readyTimeout = DEFAULT_READY_TIMEOUT_MS }: ManagedOptions,
): Readiness {
  checkMilliseconds("readyTimeout", readyTimeout);
  switch (ready) {
    case undefined:
      return Readiness.known(identifier);
    case "connect":
      return new Readiness(identifier, "it has not accepted a connection and answered its end", readyTimeout);
    case "notify":
      return new Readiness(identifier, "it has not sent READY=1 to NOTIFY_SOCKET", readyTimeout);
  }
  const what = typeof ready.line === "string" ? `with '${ready.line}'` : `that matches ${ready.line}`;
  return new Readiness(identifier, `it has not printed a line ${what}`, readyTimeout);
}

function environmentOf({ env, clearEnv }: ManagedOptions, notify: NotifySocket | undefined): SpawnOptions["env"] {
  const taken = clearEnv ? [] : MANAGER_VARIABLES.map((name) => [name, undefined]);
  return { ...Object.fromEntries(taken), ...env, ...(notify ? { NOTIFY_SOCKET: notify.variable } : {}) };
}

/** What a process prints to, and the pipe from there if it goes to the log. */
function openOutput(
  stream: ChildStream | "log" | undefined,
  options: ManagedOptions,
  outlives: boolean,
  stack: DisposableStack,
): { stream?: ChildStream; pipe?: OutputPipe } {
  if (stream === undefined && options.terminal) return {};
  if (stream !== undefined && stream !== "log") return { stream };
  const pipe = openOutputPipe(outlives);
  stack.use(pipe.theirs);
  stack.use(pipe.ours);
  return { stream: pipe.theirs, pipe };
}

/**
 * Starts a process and whatever listens to it.
 *
 * @param options How to start it.
 * @param launch What the manager decides.
 * @returns The process.
 * @throws {SystemError} As {@linkcode spawn}, and EADDRINUSE for its socket.
 * @throws {TypeError} For options that contradict each other.
 * @throws {RangeError} For times that nobody can wait for.
 */
export function launch(options: ManagedOptions, launch: LaunchOptions): Launched {
  const { identifier } = launch;
  checkOptions(options);
  options.signal?.throwIfAborted();
  const grace = checkMilliseconds("grace", options.grace ?? launch.grace);
  const readiness = readinessOf(identifier, options);

  // What is only there to be passed is closed in any case, what belongs to the process only if it fails.
  using passed = new DisposableStack();
  using kept = new DisposableStack();
  const socketOptions = options.withSocket === true ? {} : options.withSocket || undefined;
  const listener = socketOptions &&
    passed.use(openManagedListener(`${launch.socketPrefix}${identifier}`, socketOptions));
  const socket = listener && kept.use(new ManagedSocket(listener.listensAt, socketOptions!.type));
  const notify = options.ready === "notify" ? kept.use(openNotifySocket(options)) : undefined;
  const stdout = openOutput(options.stdout, options, launch.outlives, passed);
  const stderr = openOutput(options.stderr, options, launch.outlives, passed);

  const fds: Record<number, Fd | number> = { ...options.fds };
  if (listener) fds[SOCKET_NUMBER] = listener.fd;
  if (notify?.fd) fds[Number(notify.variable.split("/").at(-1))] = notify.fd;
  const child = spawn({
    ...options,
    env: environmentOf(options, notify),
    fds,
    stdin: options.stdin ?? (options.terminal ? undefined : "null"),
    stdout: stdout.stream,
    stderr: stderr.stream,
    // By its process group it can be ended with all that came of it.
    newSession: options.newSession ?? !options.processGroup,
    processGroup: options.processGroup || options.newSession === false,
    deathSignal: options.deathSignal ?? (launch.outlives ? undefined : "SIGKILL"),
  });
  try {
    child.killRestAtEnd();
    notify?.closePassed();
    const lines = (["stdout", "stderr"] as const).flatMap((stream) => {
      const { pipe } = stream === "stdout" ? stdout : stderr;
      if (!pipe) return [];
      return kept.use(
        new PipeLines(pipe.ours, (text, truncated) => {
          if (typeof options.ready === "object" && isReadyLine(text, options.ready.line)) readiness.confirm();
          launch.onPrinted(stream, child.pid, text, truncated);
        }),
      );
    });
    if (options.ready === "connect") void awaitFirstConnection(socket!, readiness);
    notify?.listen(child.pid, () => readiness.confirm()).catch((error) => readiness.fail(error));
    return {
      parts: {
        identifier,
        uuid: launch.uuid,
        command: options.command,
        startedAt: new Date(),
        running: child,
        child,
        ownPid: child.ownPid,
        socket,
        lines,
        readiness,
        isPaused: options.paused ?? false,
        grace,
        resources: kept.move(),
      },
      inodes: { stdout: stdout.pipe?.inode, stderr: stderr.pipe?.inode },
    };
  } catch (error) {
    child.killTree("SIGKILL");
    throw error;
  }
}
