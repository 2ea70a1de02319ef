/**
 * Descriptors that were sent and not received yet: the kernel counts them for
 * each user.
 *
 * @module
 */

import { check, SystemError } from "../core/errors.ts";
import { ERRNO } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { errorIn, openNothing } from "./calls.ts";
import type { Finding, Probe } from "./probe.ts";
import { largest } from "./search.ts";

/**
 * The limit is lowered for the attempt: with the usual one, those that are tried
 * would use up what other processes of the user have.
 */
const LOWERED = 64;

/** Where users begin that no host has. */
const NOBODYS_USERS = 0x70000000;

interface Attempt {
  readonly sent: number;
  readonly refusal: number;
}

function attempt(limit: number, keepsRights: boolean, uid: number): Attempt {
  using nothing = openNothing();
  const told = new Int32Array(2);
  const rights = keepsRights ? 1 : 0;
  check(native.ipcx_probe_in_flight(nothing.number, limit, rights, uid, told), "clone");
  return { sent: told[0], refusal: -told[1] };
}

/** Root becomes a user that nobody else is, of whom nothing can be in flight. */
function withoutRights(limit: number): Attempt {
  if (Deno.uid() !== 0) return attempt(limit, false, -1);
  try {
    return attempt(limit, false, NOBODYS_USERS + Deno.pid);
  } catch (error) {
    // In most user namespaces there is no such user.
    if (!(error instanceof SystemError) || (error.errno !== ERRNO.EINVAL && error.errno !== ERRNO.EPERM)) throw error;
    return attempt(limit, false, -1);
  }
}

/** RLIMIT_NOFILE, which is never unlimited. */
function softLimit(): number {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(Deno.readTextFileSync("/proc/self/limits")) ?? [];
  return Number(soft);
}

/** How many other processes of the user have in flight: the smallest limit at which one more is taken. */
function inFlightElsewhere(limit: number): number {
  const { sent } = withoutRights(limit);
  if (sent > 0) return limit + 1 - sent;
  const most = softLimit();
  if (withoutRights(most).sent === 0) {
    throw new Error(`more descriptors of this user are in flight than RLIMIT_NOFILE, ${most}`);
  }
  return largest("sendmsg", limit, most, (tried) => withoutRights(tried).sent === 0 ? 0 : -ERRNO.ETOOMANYREFS) + 1;
}

/** As many as are lowered to, beside those of others. */
function refused(): Attempt & { limit: number; elsewhere: number } {
  const elsewhere = inFlightElsewhere(Math.min(LOWERED, softLimit()));
  const limit = Math.min(LOWERED + elsewhere, softLimit());
  return { ...withoutRights(limit), limit, elsewhere };
}

function inFlight(): number | Finding {
  const { sent, limit, elsewhere } = refused();
  if (limit === LOWERED) return sent;
  const others = elsewhere === 0 ? "" : `, beside ${elsewhere} that are in flight elsewhere`;
  return { value: sent, note: `RLIMIT_NOFILE was ${limit}${others}` };
}

function isLimited(): boolean {
  return errorIn(attempt(LOWERED, true, -1).refusal) === "ETOOMANYREFS";
}

/** Descriptors that were sent and not received yet. */
export const IN_FLIGHT: readonly Probe[] = [
  {
    name: "fds-in-flight",
    title: `descriptors of one user in flight, one a message, where RLIMIT_NOFILE is lowered to ${LOWERED}`,
    unit: "descriptors",
    source: "one more than the sender's soft RLIMIT_NOFILE: unix(7), too_many_unix_fds() in net/unix",
    measure: inFlight,
  },
  {
    name: "fds-in-flight-beyond",
    title: "error for one descriptor more than fds-in-flight",
    unit: "error",
    source: "unix(7)",
    measure: () => errorIn(refused().refusal),
  },
  {
    name: "fds-in-flight-limited",
    title: "this process is limited in what its user has in flight",
    unit: "yes or no",
    source: "unless CAP_SYS_RESOURCE or CAP_SYS_ADMIN: unix(7)",
    measure: isLimited,
  },
  {
    name: "fds-open",
    title: "descriptors that this process can have open, once it has raised its limit as far as it may",
    unit: "descriptors",
    source: "hard RLIMIT_NOFILE: getrlimit(2); Deno raises the soft one to it",
    measure: softLimit,
  },
];
