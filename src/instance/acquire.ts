/**
 * Taking a lock, waiting for it if need be; and asking who holds it.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import { peerCredentialsOf } from "../core/credentials.ts";
import type { Fd } from "../core/fd.ts";
import { Waiters } from "../core/waiters.ts";
import { findBound, type InstanceKeeper } from "./bound_sockets.ts";
import { InstanceHeldError } from "./held_error.ts";
import { describeHolder, type InstanceHolder } from "./holder.ts";
import { type Instance, takeInstance } from "./instance.ts";
import { lockAddress } from "./name.ts";
import { checkTimeout, Patience } from "./patience.ts";
import { type Answer, ask } from "./question.ts";

/** How long a socket may not listen yet: its owner has it bound, and may have to wait for a processor. */
const UNTIL_IT_LISTENS_MS = 1000;

/** Whoever held it longer did not end as soon as it was waited for. */
const LONG_WAIT_MS = 100;

/** How to take a lock. */
export interface AcquireOptions {
  /** Whether to wait while somebody else holds it; by default only if there is a `timeout`. */
  wait?: boolean;
  /** How long to wait at most, 0–2 147 483 647 milliseconds, 0 for not at all; by default without limit, if `wait` is true. */
  timeout?: number;
  /** Ends the wait with its reason. */
  signal?: AbortSignal;
  /** The only user expected to hold it: that another one does is an error at once, waiting or not. */
  expectUid?: number;
}

/** Who holds a lock that is held. */
export interface InstanceStatus {
  /** Who took it; `undefined` if that cannot be told, for the reason that `unknown` gives. */
  holder?: InstanceHolder;
  /** Who has it open, as far as this process may look. */
  keepers: readonly InstanceKeeper[];
  /** Why it cannot be told who took it. */
  unknown?: string;
}

function heldError(lock: UnixAddress, { connection, reason }: Answer, expectUid?: number): InstanceHeldError {
  const holder = connection && describeHolder(lock, connection);
  const keepers = holder && !holder.hasEnded ? [] : findBound(lock).keepers;
  return new InstanceHeldError({ lock, holder, keepers, unknown: reason, expectUid });
}

/** Ends when the other end is closed, and with it the lock: or else somebody accepts and closes what he was not asked. */
async function hangUp(connection: Fd, signal: AbortSignal): Promise<void> {
  const waiters = new Waiters(connection.number);
  try {
    await waiters.wait("hangup", signal);
  } finally {
    waiters.close();
  }
}

/** Waits until it is worth to try again. */
async function untilItMayBeFree({ connection }: Answer, patience: Patience): Promise<boolean> {
  if (!connection) return await patience.pause();
  const begin = performance.now();
  const isTimeLeft = await patience.spend((signal) => hangUp(connection, signal));
  if (performance.now() - begin < LONG_WAIT_MS) return isTimeLeft && await patience.pause();
  patience.renew();
  return isTimeLeft;
}

/**
 * Takes a lock, so that only one instance of a program runs on this host.
 *
 * The lock is a listening abstract socket: bind(2) gives the name to one, and the
 * kernel frees it as soon as its last descriptor is closed, however the process
 * ends. Nothing is left behind. Descriptors are close-on-exec; see
 * {@linkcode Instance.keepOnExec}.
 *
 * It keeps out those who keep to it. Abstract names have no permissions: anybody
 * in the same network namespace can take the name first, so never rely on it for
 * security; and other network namespaces, such as those of containers, have names
 * of their own. Whoever waits is told by the kernel when the holder is gone; of
 * several that wait any one comes next.
 *
 * @param name The abstract name, `@name`, with `\xHH` for any byte.
 * @param options Whether to wait, and how long.
 * @returns The lock, the caller's.
 * @throws {InstanceHeldError} If somebody else holds it, still so when time is up.
 * @throws {AddressError} For a path, an empty name, or one that is too long.
 * @throws {RangeError} For a time-out out of its range.
 * @throws {SystemError} EMFILE or ENFILE at a limit of descriptors.
 *
 * @example
 * ```ts
 * import { acquireInstance } from "ipcx";
 *
 * using instance = await acquireInstance(`@example-${crypto.randomUUID()}`);
 * console.log(`nobody else has ${instance.address}`);
 * ```
 *
 * @see unix(7)
 */
export async function acquireInstance(name: UnixAddress | string, options: AcquireOptions = {}): Promise<Instance> {
  const lock = lockAddress(name);
  const { timeout, signal, expectUid } = options;
  checkTimeout(timeout);
  signal?.throwIfAborted();
  const waits = timeout !== 0 && (options.wait ?? timeout !== undefined);
  using patience = new Patience(waits ? timeout : UNTIL_IT_LISTENS_MS, signal);
  for (;;) {
    const instance = takeInstance(lock);
    if (instance) return instance;
    using answer = ask(lock);
    if (!waits && !answer.isRefused) throw heldError(lock, answer, expectUid);
    const isExpected = !answer.connection || expectUid === undefined ||
      peerCredentialsOf(answer.connection.number).uid === expectUid;
    if (!isExpected || !await untilItMayBeFree(answer, patience)) throw heldError(lock, answer, expectUid);
  }
}

/**
 * Tells who holds a lock, without trying to take it.
 *
 * Process and user are the kernel's word for who took it. Whoever asks leaves a
 * connection behind that nobody accepts, some 3 KiB of the kernel's memory until
 * the lock is free; when 4097 have asked, as net.core.somaxconn has it, only
 * `keepers` tells.
 *
 * @param name The abstract name, `@name`, with `\xHH` for any byte.
 * @returns Who holds it; `undefined` if it is free.
 * @throws {AddressError} For a path, an empty name, or one that is too long.
 * @throws {SystemError} EMFILE or ENFILE at a limit of descriptors.
 *
 * @example
 * ```ts
 * import { acquireInstance, instanceStatus } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const name = `@example-${crypto.randomUUID()}`;
 * assertEquals(instanceStatus(name), undefined);
 * using instance = await acquireInstance(name);
 * const { holder, keepers } = instanceStatus(name)!;
 * assertEquals([holder!.pid, holder!.since], [Deno.pid, instance.takenAt]);
 * assertEquals(keepers.map(({ pid }) => pid), [Deno.pid]);
 * ```
 */
export function instanceStatus(name: UnixAddress | string): InstanceStatus | undefined {
  const lock = lockAddress(name);
  using answer = ask(lock);
  const { connection, reason, isRefused } = answer;
  const { isBound, keepers, doubt } = findBound(lock);
  if (isRefused && !isBound) return undefined;
  return connection
    ? { holder: describeHolder(lock, connection), keepers }
    : { keepers, unknown: isRefused && doubt ? doubt : reason };
}
