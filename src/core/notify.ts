/**
 * Telling a service manager how we are (sd_notify(3), sd_watchdog_enabled(3)).
 *
 * @module
 */

import { AddressError, UnixAddress } from "./address.ts";
import { check, SystemError } from "./errors.ts";
import { Fd } from "./fd.ts";
import { UnixSocket } from "./socket.ts";
import { native } from "./native.ts";
import { typeNumber } from "./options.ts";

const encoder = new TextEncoder();

/** States to send, such as `{ READY: 1, STATUS: "serving" }`. */
export type ServiceState = Readonly<Record<string, string | number>>;

/**
 * Sends a state to the socket that NOTIFY_SOCKET names, a path or an abstract
 * name that begins with `@`.
 *
 * @param state Names and values; line breaks in a value become spaces.
 * @returns Whether there is such a socket and it took the state. A manager that
 * does not listen, or want of descriptors, is no reason for a service to fail.
 *
 * @example
 * ```ts
 * import { notify } from "ipcx";
 *
 * notify({ READY: 1, STATUS: "3 sockets" });
 * ```
 */
export function notify(state: ServiceState): boolean {
  const target = Deno.env.get("NOTIFY_SOCKET");
  if (!target) return false;
  const text = Object.entries(state).map(([name, value]) => `${name}=${String(value).replaceAll("\n", " ")}\n`).join(
    "",
  );
  try {
    using socket = UnixSocket.fromFd(new Fd(check(native.ipcx_socket(typeNumber("dgram")), "socket")));
    const address = target.startsWith("@") ? UnixAddress.abstract(target.slice(1)) : UnixAddress.path(target);
    return socket.trySend(encoder.encode(text), { to: address }) !== undefined;
  } catch (error) {
    if (error instanceof SystemError || error instanceof AddressError) return false;
    throw error;
  }
}

/**
 * Tells a manager that the configuration is being read again; READY=1 follows
 * when that is done.
 */
export function notifyReloading(): void {
  // The clock that systemd compares with is the monotonic one, in microseconds.
  notify({ RELOADING: 1, MONOTONIC_USEC: monotonicMicroseconds() });
}

function monotonicMicroseconds(): number {
  const slots = new BigInt64Array(1);
  check(native.ipcx_monotonic_time(slots), "clock_gettime");
  return Number(slots[0] / 1000n);
}

/**
 * Sends WATCHDOG=1 at half the interval that WATCHDOG_USEC asks for, from the
 * event loop: a service that hangs falls silent.
 *
 * @returns Stops it; does nothing if no watchdog was asked for.
 */
export function startWatchdog(): Disposable {
  const interval = Number(Deno.env.get("WATCHDOG_USEC") ?? 0) / 1000;
  const pid = Deno.env.get("WATCHDOG_PID");
  if (!(interval > 0) || (pid !== undefined && Number(pid) !== Deno.pid)) return { [Symbol.dispose]() {} };
  const timer = setInterval(() => notify({ WATCHDOG: 1 }), interval / 2);
  Deno.unrefTimer(timer);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
