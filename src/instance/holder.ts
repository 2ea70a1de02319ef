/**
 * Who holds a lock.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import { peerCredentialsOf, peerPidfdOf } from "../core/credentials.ts";
import { SystemError } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import { ERRNO } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { isThere } from "../core/pidfd.ts";
import { companionsOf } from "./companion.ts";
import { type ProcessRecord, readRecord } from "./process_records.ts";

/** How far apart clocks may be: one counts in hundredths, one is set by hand. */
const SLACK_MS = 1000;

/**
 * Who holds a lock. Process and user are the kernel's word; the rest is for
 * people to read, and no more: who means to mislead can.
 */
export interface InstanceHolder {
  /** The process that took it; 0 if it is in a pid namespace that this one does not see. */
  pid: number;
  /** Its effective user id when it took it. */
  uid: number;
  /** Its effective group id when it took it. */
  gid: number;
  /**
   * Whether that process has ended, so that only others have it that inherited it.
   * `false` also where that cannot be told.
   */
  hasEnded: boolean;
  /** The name of its program (/proc/PID/comm), printable: other bytes than ASCII as `\xHH`. */
  command?: string;
  /** Since when; what that means `sinceIs` says. */
  since?: Date;
  /** `"taken"`: as the holder itself has noted; `"started"`: when its process began, and not before that. */
  sinceIs?: "taken" | "started";
}

/** Whether the process that listens is still there. */
function isStillThere(connection: Fd, pid: number): boolean {
  try {
    using pidfd = peerPidfdOf(connection.number);
    return isThere(pidfd.number);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    // Before Linux 6.16 there is no pidfd of who has been reaped.
    if (["ESRCH", "EINVAL"].includes(error.code)) return false;
  }
  // Before Linux 6.5 there is none of peers, and another process may have the number by now.
  const result = native.ipcx_pidfd_open(pid);
  if (result >= 0) native.ipcx_close(result);
  return result !== -ERRNO.ESRCH;
}

/** The time that the lock's companion tells, if it can be true. */
function takenAt(lock: UnixAddress, record: ProcessRecord | undefined): Date | undefined {
  const latest = Date.now() + SLACK_MS;
  const earliest = record ? record.startedAt.getTime() - SLACK_MS : 0;
  return companionsOf(lock).filter((time) => time.getTime() >= earliest && time.getTime() <= latest)
    .reduce<Date | undefined>((last, time) => last && last >= time ? last : time, undefined);
}

/**
 * Describes the process that took a lock.
 *
 * @param lock The lock's name.
 * @param connection A connection to it; stays the caller's.
 * @returns The description.
 */
export function describeHolder(lock: UnixAddress, connection: Fd): InstanceHolder {
  const { pid, uid, gid } = peerCredentialsOf(connection.number);
  const found = readRecord(pid);
  // Asked for afterwards: while it is there, nobody else can have had its number.
  const hasEnded = pid > 0 && (found?.isZombie === true || !isStillThere(connection, pid));
  const record = hasEnded ? undefined : found;
  const taken = takenAt(lock, record);
  return {
    pid,
    uid,
    gid,
    hasEnded,
    ...(record ? { command: record.command } : {}),
    ...(taken
      ? { since: taken, sinceIs: "taken" as const }
      : record
      ? { since: record.startedAt, sinceIs: "started" as const }
      : {}),
  };
}
