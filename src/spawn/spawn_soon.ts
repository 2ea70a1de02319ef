/**
 * Starting processes without waiting for it, and hearing of short-lived ones once.
 *
 * @module
 */

import type { Fd } from "../core/fd.ts";
import { CgroupArrival, cgroupDirectory } from "./cgroup.ts";
import { preparePlan } from "./create.ts";
import type { SpawnOptions } from "./options.ts";
import { RUN_STREAMS, type StartHandler, startRunner, submit } from "./runner.ts";
import { openNull } from "./standing_fds.ts";

/** How a process is started; what it prints goes to the caller. */
export interface SoonOptions extends Omit<SpawnOptions, "stdin" | "stdout" | "stderr" | "terminal" | "paused"> {
  /** Standard input, by default /dev/null. */
  stdin?: Fd;
}

/**
 * Starts a process as {@linkcode spawn} does, but goes on at once: a thread of the
 * shim creates it, and looks after it as long as it is young. One that ends
 * within 5 ms is told of once, with all that it has printed; any other one, or
 * one that prints 64 KiB to either stream, is handed over as it is then.
 *
 * Whatever fails when the process is created is told to the handler; what is
 * wrong before, such as a namespace that is not there, is thrown. Where the
 * process begins, and what limits it has, unless the options say so, is as it is
 * here when it is created. It may be called from any thread: those that create
 * the processes live as long as this process, and so does a death signal wait.
 *
 * @param options What to start, and how; what descriptors it is given stay the caller's, and open until it is told of.
 * @param handler Who is told, once and never before this returns.
 * @throws {SystemError} For what cannot be opened.
 * @throws {TypeError} For options that contradict each other.
 *
 * @example
 * ```ts
 * import { adoptReader, spawnSoon } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const { promise, resolve, reject } = Promise.withResolvers<string>();
 * spawnSoon({ command: "echo", args: ["hello"] }, {
 *   async onStarted({ printed: [output], pipes: [more, errors] }) {
 *     errors?.close();
 *     const beginning = new TextDecoder().decode(output);
 *     // It has ended by now, unless the host is busy.
 *     resolve(beginning + (more ? await new Response(adoptReader(more)).text() : ""));
 *   },
 *   onFailed: reject,
 * });
 * assertEquals(await promise, "hello\n");
 * ```
 */
export function spawnSoon(options: SoonOptions, handler: StartHandler): void {
  const askedMs = performance.now();
  startRunner();
  using held = new DisposableStack();
  const stdin = options.stdin ?? openNull();
  const { plan } = held.use(preparePlan(options as SpawnOptions, [stdin.number, ...RUN_STREAMS]));
  const arrival = options.cgroup === undefined
    ? undefined
    : held.use(CgroupArrival.announce(cgroupDirectory(options.cgroup)));
  const leadsGroup = Boolean(options.processGroup || options.newSession);
  const kept = held.move();
  try {
    submit({ plan, handler, held: kept, arrival, leadsGroup, askedMs });
  } catch (error) {
    kept.dispose();
    throw error;
  }
}
