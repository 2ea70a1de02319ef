/**
 * Processes that are not our children: an earlier manager has started them.
 *
 * @module
 */

import { check } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { EPOLL, ERRNO } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { isThere, sendSignal } from "../core/pidfd.ts";
import { identify, type ProcessIdentity, readStat } from "../core/process_identity.ts";
import { Watch } from "../core/reactor.ts";
import { OwnCgroup } from "./cgroup.ts";
import type { ResourceUsage } from "./exit_status.ts";
import { signalName, signalNumber } from "./signals.ts";

/** How a managed process ended. */
export interface EndStatus {
  /** Whether it ended by itself with 0. */
  success: boolean;
  /** Its exit status; 128 + n after signal n, as in a shell. */
  code: number;
  /** The signal that ended it, such as `"SIGKILL"`, or `null`. */
  signal: string | null;
  /** What it has used; not known of a process that was taken over. */
  usage?: ResourceUsage;
}

/** A process as its manager sees it, its own child or not. */
export interface RunningProcess {
  /** Its process id here. */
  readonly pid: number;
  /** How it ends; `null` if the kernel does not tell. */
  readonly status: Promise<EndStatus | null>;
  /** Its pidfd. */
  readonly pidfd: Fd;
  /** Its control group's directory, if it has one of its own. */
  readonly cgroup: string | undefined;
  /** Sends it a signal, and tells whether it was there to get it. */
  kill(signal?: string | number): boolean;
  /** Sends a signal to it and to all that came of it. */
  killTree(signal?: string | number): boolean;
  /** Lets this process end although it runs. */
  unref(): void;
}

function statusOf(wait: number): EndStatus {
  const signal = wait & 0x7f;
  const code = signal === 0 ? wait >> 8 & 0xff : 128 + signal;
  return { success: wait === 0, code, signal: signal === 0 ? null : signalName(signal) };
}

/** A process that was taken over; held by its pidfd, so that no other is ever hit. */
export class TakenOver implements RunningProcess {
  /** Its process id here. */
  readonly pid: number;
  /** Its pidfd. */
  readonly pidfd: Fd;
  /** How it ended, settled when it has; `null` if the kernel does not tell. */
  readonly status: Promise<EndStatus | null>;
  readonly #identity: ProcessIdentity;
  readonly #cgroup: OwnCgroup | undefined;
  readonly #watch: Watch;

  private constructor(identity: ProcessIdentity, pidfd: Fd, cgroup: OwnCgroup | undefined) {
    const { promise, resolve } = Promise.withResolvers<EndStatus | null>();
    this.pid = identity.pid;
    this.pidfd = pidfd;
    this.status = promise;
    this.#identity = identity;
    this.#cgroup = cgroup;
    this.#watch = new Watch(pidfd.number, EPOLL.IN, { onReady: () => this.#end(resolve) });
    this.#watch.ref();
  }

  /**
   * Takes a process over, if it is still the same.
   *
   * @param identity Who it was.
   * @param cgroup The directory of its control group, if it has one of its own.
   * @returns The process; `undefined` if it has gone, whoever may have its number now.
   * @throws {SystemError} EMFILE, ENFILE, ENOMEM.
   */
  static find(identity: ProcessIdentity, cgroup?: string): TakenOver | undefined {
    const opened = native.ipcx_pidfd_open(identity.pid);
    if (opened === -ERRNO.ESRCH || opened === -ERRNO.EINVAL) return undefined;
    const pidfd = new Fd(check(opened, "pidfd_open", { pid: identity.pid }));
    const found = identify(identity.pid, pidfd.number);
    const isSame = found && found.startTime === identity.startTime && found.inode === identity.inode &&
      found.bootId === identity.bootId;
    if (isSame) return new TakenOver(identity, pidfd, cgroup === undefined ? undefined : OwnCgroup.enter(cgroup, true));
    pidfd.close();
    return undefined;
  }

  #end(resolve: (status: EndStatus | null) => void): void {
    this.#watch.close();
    try {
      this.killTree("SIGKILL");
    } catch {
      // Who is left belongs to another user by now; the end itself must be seen all the same.
    }
    const status = this.#readStatus();
    this.pidfd.close();
    this.#cgroup?.leave();
    resolve(status);
  }

  /** Told by /proc until its parent has reaped it, and by its pidfd afterwards (Linux 6.15). */
  #readStatus(): EndStatus | null {
    const stat = readStat(this.pid);
    const isZombie = stat?.startTime === this.#identity.startTime && stat.state === "Z";
    if (isZombie && this.#mayLook()) return statusOf(stat.waitStatus);
    const wait = new Int32Array(1);
    return native.ipcx_exit_status(this.pidfd.number, wait) === 1 ? statusOf(wait[0]) : null;
  }

  /** To others the kernel shows a status of 0. */
  #mayLook(): boolean {
    try {
      Deno.readLinkSync(`/proc/${this.pid}/cwd`);
      return true;
    } catch (error) {
      return error instanceof Deno.errors.NotFound;
    }
  }

  /**
   * Sends it a signal.
   *
   * @param signal The signal, by default `"SIGTERM"`.
   * @returns Whether it was there to get it.
   * @throws {SystemError} EPERM if it is another user's.
   */
  kill(signal: string | number = "SIGTERM"): boolean {
    const number = signalNumber(signal);
    if (!this.pidfd.isOpen) return false;
    return sendSignal(this.pidfd, number, this.pid);
  }

  /**
   * Sends a signal to it and to all that came of it; what is left at its end gets SIGKILL.
   *
   * @param signal The signal, by default `"SIGKILL"`.
   * @returns Whether anybody was there to get it.
   * @throws {SystemError} EPERM if all are another user's.
   */
  killTree(signal: string | number = "SIGKILL"): boolean {
    const number = signalNumber(signal);
    if (!this.pidfd.isOpen) return false;
    if (number === signalNumber("SIGKILL") && this.#cgroup?.kill()) return true;
    let result = native.ipcx_signal_own_group(this.pidfd.number, number);
    // Before Linux 6.9 only its number names the group, and that is its own as long as it has not been reaped.
    if (result === -ERRNO.EINVAL && isThere(this.pidfd.number)) {
      result = native.ipcx_signal_group(this.pid, number);
    }
    if (result === -ERRNO.ESRCH) return false;
    check(result, "pidfd_send_signal", { pid: this.pid });
    return true;
  }

  /** Its control group's directory, if it has one of its own. */
  get cgroup(): string | undefined {
    return this.#cgroup?.directory;
  }

  /** Lets this process end although it runs. */
  unref(): void {
    this.#watch.unref();
  }
}
