/**
 * A program in the foreground: this process starts it, and becomes its waiter or
 * the program itself.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import { check } from "../core/errors.ts";
import { checkInherited, Fd } from "../core/fd.ts";
import { native } from "../core/native.ts";
import { Pidfile } from "../core/pidfile.ts";
import type { UnixSocket } from "../core/socket.ts";
import { cgroupDirectory } from "./cgroup.ts";
import { preparePlan } from "./create.ts";
import { NAMESPACE_FLAGS } from "./namespaces.ts";
import type { SpawnOptions } from "./options.ts";
import { carryOut, type Created, type Plan, STEP, type Step } from "./plan.ts";
import { becomeProgram, becomeWaiter, type FileToRemove, fileToRemove, holdSignals, prepareWaiter } from "./waiter.ts";

const STANDARD_STREAMS = [0, 1, 2] as const;
const SIGKILL = 9;

/** A socket for the program, by the number under which it finds it. */
export interface SocketFor {
  /** The number. */
  number: number;
  /** Where to listen, or who gets the other end; `"-"`: standard input and output. */
  address: UnixAddress | "-";
}

/** How to run a program in the foreground. */
export interface ForegroundOptions {
  /** The program. */
  spawn: SpawnOptions;
  /** Listeners that it is given. */
  listeners: readonly SocketFor[];
  /** Socket pairs of which it is given one end. */
  socketPairs: readonly SocketFor[];
  /** Whether it gets a terminal of its own. */
  terminal: boolean;
  /** Where to write its process id. */
  pidFile?: string;
  /** The descriptor on which its start and end are told. */
  statusFd?: number;
  /** When it is told to end, in milliseconds. */
  timeout?: number;
  /** How long it then has, in milliseconds. */
  grace: number;
  /** What the waiter shows as its command line. */
  commandLine: readonly [string, ...(string | Uint8Array)[]];
  /** What the waiter keeps open until the program has ended, such as a lock. */
  held?: readonly Fd[];
}

/** An end of a pair whose other end the program has, and who is to get it. */
interface HandOver {
  number: number;
  end: UnixSocket;
  receiver: UnixSocket;
}

/** What is opened for the program. */
class Preparations {
  readonly fds: Record<number, Fd | number>;
  readonly files: FileToRemove[] = [];
  readonly handOvers: HandOver[] = [];
  channel: Fd | undefined;
  terminal: Fd | undefined;
  readonly #stack: DisposableStack;

  constructor(fds: Readonly<Record<number, Fd | number>>, stack: DisposableStack) {
    this.fds = { ...fds };
    this.#stack = stack;
  }

  /** The module is loaded only by those who need it: node:net comes with it. */
  async listen({ number, address }: SocketFor): Promise<void> {
    const { UnixListener } = await import("../core/listener.ts");
    const listener = this.#stack.use(UnixListener.listen(address as UnixAddress));
    this.fds[number] = listener.fd.setBlocking();
    if (listener.listensAt.kind === "path") this.removeInTheEnd(fileToRemove(listener.listensAt.filename));
  }

  async pair({ number, address }: SocketFor): Promise<void> {
    const { UnixSocket } = await import("../core/socket.ts");
    const receiver = address === "-" ? undefined : this.#stack.use(
      address.kind === "fd" ? UnixSocket.fromFd(Fd.inherit(address.fd)) : await UnixSocket.connect(address),
    );
    const [end, theirs] = UnixSocket.pair();
    this.#stack.use(end);
    this.fds[number] = this.#stack.use(theirs).fd.setBlocking();
    if (receiver) this.handOvers.push({ number, end, receiver });
    else this.channel = end.fd;
  }

  removeInTheEnd(file: FileToRemove): void {
    this.#stack.use(file.fd);
    this.files.push(file);
  }

  openTerminal(): void {
    const ends = new Int32Array(2);
    check(native.ipcx_terminal(0, ends), "open", { address: "/dev/ptmx" });
    this.channel = this.#stack.use(new Fd(ends[0]));
    this.terminal = this.#stack.use(new Fd(ends[1]));
  }
}

async function prepare(options: ForegroundOptions, stack: DisposableStack): Promise<Preparations> {
  const preparations = new Preparations(options.spawn.fds ?? {}, stack);
  for (const listener of options.listeners) await preparations.listen(listener);
  for (const pair of options.socketPairs) await preparations.pair(pair);
  if (options.terminal) preparations.openTerminal();
  return preparations;
}

function spawnOptions(options: ForegroundOptions, { fds, terminal }: Preparations): SpawnOptions {
  return { ...options.spawn, fds, ...(terminal ? { terminal } : {}) };
}

/** A reader that is gone is no reason to stop what was asked for. */
function tell(statusFd: number | undefined, event: Record<string, unknown>): void {
  if (statusFd === undefined) return;
  const line = new TextEncoder().encode(`${JSON.stringify(event)}\n`);
  native.ipcx_write(statusFd, line, line.length);
}

/**
 * A terminal is the caller's: another user could not open it again, by /dev/stdout.
 * What an id means in a user namespace that is joined, the caller does not know.
 */
function giveTerminal(terminal: Fd, { steps }: Plan, uid: number | undefined): void {
  const joins = (step: Step): boolean => step.what === STEP.JOIN && step.numbers?.[1] === NAMESPACE_FLAGS.user;
  if (uid === undefined || uid === Deno.uid() || steps.some(joins)) return;
  try {
    Deno.chownSync(`/proc/self/fd/${terminal.number}`, uid, null);
  } catch (error) {
    // Who may not become that user either is told when it is tried.
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  }
}

/** Sends the other ends on their way, with a line that says whose they are. */
async function handOver(handOvers: readonly HandOver[], pid: number): Promise<void> {
  for (const { number, end, receiver } of handOvers) {
    await receiver.send(`${JSON.stringify({ socketpair: number, pid })}\n`, { fds: [end.fd] });
  }
}

/**
 * Starts a program and becomes its waiter.
 *
 * The waiter forwards signals, stops and goes on with the program, and ends as
 * it ends. Returns only by failing; the program does not run then.
 *
 * @param options What to start, and how.
 * @returns Never.
 * @throws {SystemError} Of the step that failed.
 * @throws {TypeError} For options that contradict each other.
 */
export async function runInForeground(options: ForegroundOptions): Promise<never> {
  using stack = new DisposableStack();
  if (options.statusFd !== undefined) checkInherited(options.statusFd);
  const preparations = await prepare(options, stack);
  const pidFile = options.pidFile === undefined ? undefined : stack.use(Pidfile.create(options.pidFile));
  const { channel, terminal, files } = preparations;
  const streams = terminal ? [terminal.number, terminal.number, terminal.number] as const : STANDARD_STREAMS;
  const { plan } = stack.use(preparePlan(spawnOptions(options, preparations), streams));
  if (terminal) giveTerminal(terminal, plan, options.spawn.uid);
  // Where no memory may be executed, that is told before the program runs.
  const waiter = stack.use(await prepareWaiter());
  // Opening may take long, of a network's file; what ends that is not to be held.
  holdSignals();
  const child = carryOut(plan);
  try {
    if (pidFile) preparations.removeInTheEnd(fileToRemove(options.pidFile!, pidFile.rewrite(child.pid)));
    tell(options.statusFd, { event: "started", pid: child.pid, ownPid: child.ownPid });
    await handOver(preparations.handOvers, child.pid);
    becomeWaiter(waiter, {
      child: child.pid,
      leadsGroup: Boolean(terminal || options.spawn.newSession || options.spawn.processGroup),
      statusFd: options.statusFd,
      timeout: options.timeout,
      grace: options.grace,
      channel,
      isTerminal: terminal !== undefined,
      files,
      held: options.held ?? [],
      commandLine: options.commandLine,
    });
  } catch (error) {
    endChild(child);
    throw error;
  }
}

function endChild({ pidfd }: Created): void {
  using held = new Fd(pidfd);
  native.ipcx_signal(held.number, SIGKILL);
}

/**
 * Becomes a program, in other namespaces if need be: nobody waits for it.
 *
 * @param options What to become, and how; a terminal, a time-out and a channel to
 * standard input and output need a waiter.
 * @returns Never.
 * @throws {SystemError} For what cannot be opened. What fails later is told on
 * standard error, with exit status 1, 126 or 127.
 * @throws {TypeError} For what needs a process of its own.
 */
export async function runInPlace(options: ForegroundOptions): Promise<never> {
  using stack = new DisposableStack();
  const program = stack.use(await prepareWaiter());
  const preparations = await prepare(options, stack);
  const { cgroup, ...rest } = spawnOptions(options, preparations);
  const prepared = stack.use(preparePlan(rest, STANDARD_STREAMS));
  if (options.pidFile !== undefined) {
    stack.use(Pidfile.create(options.pidFile));
    preparations.removeInTheEnd(fileToRemove(options.pidFile));
  }
  if (cgroup !== undefined) Deno.writeTextFileSync(`${cgroupDirectory(cgroup)}/cgroup.procs`, `${Deno.pid}`);
  await handOver(preparations.handOvers, Deno.pid);
  becomeProgram(program, prepared, preparations.files);
}
