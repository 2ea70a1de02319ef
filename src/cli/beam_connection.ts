/**
 * The one connection of a command: made, or waited for.
 *
 * @module
 */

import { Beam } from "../beam/beam.ts";
import { BeamListener } from "../beam/listener.ts";
import { delay } from "../core/delay.ts";
import { SystemError } from "../core/errors.ts";
import type { Meeting, Side } from "./beam_settings.ts";

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/** What says that nobody listens there yet. */
const NOBODY_THERE = ["ENOENT", "ECONNREFUSED"];

const ENDING = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/**
 * Gives something up when it takes too long.
 *
 * @param timeout How long it may take, in milliseconds; `undefined` for ever.
 * @param complaint What is said if it takes longer.
 * @param attempt Does it, until the signal.
 * @param given Gives it up earlier, with its reason.
 * @returns What came of it.
 * @throws {Error} With the complaint.
 */
export async function inTime<Result>(
  timeout: number | undefined,
  complaint: string,
  attempt: (signal?: AbortSignal) => Promise<Result>,
  given?: AbortSignal,
): Promise<Result> {
  const late = timeout === undefined ? undefined : AbortSignal.timeout(timeout);
  try {
    return await attempt(late && given ? AbortSignal.any([late, given]) : late ?? given);
  } catch (error) {
    if (late?.aborted) throw new Error(`${complaint} within ${timeout} ms; --timeout is for longer waits`);
    throw error;
  }
}

/** No event tells that a name is listened at: it is tried again and again. */
async function connect({ address, type, options }: Side, waits: boolean, signal?: AbortSignal): Promise<Beam> {
  for (let pause = FIRST_PAUSE_MS;; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await Beam.connect(address, { ...options, type, signal });
    } catch (error) {
      if (!waits || !(error instanceof SystemError) || !NOBODY_THERE.includes(error.code)) throw error;
    }
    await delay(pause, signal);
  }
}

/** The signals that this process was started with ignored, as by nohup or in the background of a script. */
let ignored: bigint | undefined;

function isIgnored(number: number): boolean {
  const status = (): string => Deno.readTextFileSync("/proc/self/status");
  ignored ??= BigInt(`0x${/^SigIgn:\s+([\da-f]+)$/m.exec(status())?.[1] ?? 0}`);
  return (ignored >> BigInt(number - 1) & 1n) === 1n;
}

/** Until disposed of, a signal that ends this process takes along what is opened. */
function closedAtSignals(opened: DisposableStack): Disposable {
  const stop = new AbortController();
  for (const [signal, number] of Object.entries(ENDING)) {
    const name = signal as Deno.Signal;
    const end = (): void => {
      opened.dispose();
      stop.abort();
      Deno.kill(Deno.pid, name);
    };
    // With its first listener the runtime takes all of them over, those that were ignored, too.
    Deno.addSignalListener(name, isIgnored(number) ? () => {} : end);
    stop.signal.addEventListener("abort", () => Deno.removeSignalListener(name, end));
  }
  return { [Symbol.dispose]: () => stop.abort() };
}

async function acceptOne({ address, type, options }: Side, mode?: number, signal?: AbortSignal): Promise<Beam> {
  using opened = new DisposableStack();
  using _closed = closedAtSignals(opened);
  const listener = opened.use(BeamListener.listen(address, { ...options, type, mode }));
  return await listener.accept({ signal });
}

/**
 * Connects, or listens for one connection.
 *
 * @param side Where, and how to speak there.
 * @param meeting How long to wait, and for what.
 * @returns The beam, the caller's.
 * @throws {SystemError} As connect(2), or as listening.
 */
export async function meet(side: Side, { waits, timeout, mode, signal: given }: Meeting): Promise<Beam> {
  const { address, listens } = side;
  if (listens) {
    return await inTime(timeout, `nobody connected to ${address}`, (signal) => acceptOne(side, mode, signal), given);
  }
  const complaint = waits ? `nobody listened at ${address}` : `nobody took the connection at ${address}`;
  try {
    return await inTime(timeout, complaint, (signal) => connect(side, waits, signal), given);
  } catch (error) {
    if (address.kind !== "fd" || !(error instanceof SystemError) || error.syscall !== "getsockopt") throw error;
    throw new Error(`${address} is no Unix socket (${error.code}): pass one, such as ipcx pair and ipcx spawn do`);
  }
}
