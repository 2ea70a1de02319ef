/**
 * Limits of what a process, a user and the host may have (getrlimit(2)).
 *
 * @module
 */

import { check, SystemError } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import { ERRNO, OPEN } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { openPath } from "../core/reach.ts";
import { type Check, fails, type Judgement, ok, warning } from "./finding.ts";
import { hasCapability, isFirst, mounts, numberOf, textOf } from "./proc_text.ts";

const RLIMIT = { NPROC: 6, NOFILE: 7 } as const;

/** The runtime alone has some twenty; each probe, library and pipe takes more. */
const LEAST_DESCRIPTORS = 64;

/** A broker keeps 192 to itself, and one descriptor for each client; a gateway has up to five for each program. */
const ENOUGH_DESCRIPTORS = 1024;

/** More than any check has open at once. */
const ROOM = 16;

/** What there is to know of descriptors. */
export interface DescriptorFacts {
  /** Whether there is room for those that the checks take. */
  isShort: boolean;
  /** RLIMIT_NOFILE, soft and hard; the runtime raises the one to the other at its start. */
  soft: number;
  /** The hard one. */
  hard: number;
  /** How many the host has open, and may have (fs.file-nr). */
  host?: { open: number; most: number };
}

/** Judges descriptors. */
export function judgeDescriptors({ isShort, soft, hard, host }: DescriptorFacts): Judgement {
  const found = `RLIMIT_NOFILE is ${soft}${soft === hard ? "" : ` (hard ${hard})`}`;
  const raise = "ulimit -Hn 65536, systemd's LimitNOFILE=65536, or docker run --ulimit nofile=65536";
  if (isShort && (!host || host.open < host.most)) {
    return fails(
      `${found}, and less than ${ROOM} are left`,
      "commands fail with EMFILE, and descriptors that are received are lost; nothing else was looked at",
      raise,
    );
  }
  if (soft < LEAST_DESCRIPTORS) {
    return fails(found, `below ${LEAST_DESCRIPTORS} commands fail with EMFILE, if they start at all`, raise);
  }
  if (host && host.open > 0.9 * host.most) {
    const filled = `the host has ${host.open} files open, of ${host.most} at most (fs.file-max)`;
    return (host.open >= host.most ? fails : warning)(
      filled,
      "at the limit nobody but root opens anything: ENFILE, and descriptors that are received are lost",
      "find who has so many (lsof), or raise it: sysctl fs.file-max",
    );
  }
  if (soft < ENOUGH_DESCRIPTORS) {
    return warning(
      found,
      `a broker has few clients at once (some ${Math.max(2, soft - Math.min(192, Math.floor(soft / 2)))}), ` +
        "and as many descriptors can be in flight",
      raise,
    );
  }
  return ok(found);
}

function limit(resource: number): [number, number] {
  const both = new BigUint64Array(2);
  check(native.ipcx_probe_limit(resource, both), "getrlimit");
  return [Number(both[0]), Number(both[1])];
}

function hostFiles(): DescriptorFacts["host"] {
  const [open, , most] = (textOf("/proc/sys/fs/file-nr") ?? "").split(/\s+/).map(Number);
  return most > 0 ? { open, most } : undefined;
}

/** Whether there is no room for the descriptors that checks take: what they find would be about that. */
export function isShortOfDescriptors(): boolean {
  const open: Fd[] = [];
  try {
    while (open.length < ROOM) open.push(openPath("/", OPEN.DIRECTORY));
    return false;
  } catch (error) {
    return error instanceof SystemError && (error.errno === ERRNO.EMFILE || error.errno === ERRNO.ENFILE);
  } finally {
    for (const fd of open) fd.close();
  }
}

/** How many descriptors there may be. */
export const DESCRIPTORS: Check = {
  name: "descriptors",
  examine() {
    const [soft, hard] = limit(RLIMIT.NOFILE);
    return judgeDescriptors({ isShort: isShortOfDescriptors(), soft, hard, host: hostFiles() });
  },
};

/** Deno alone has a dozen threads, which count. */
const ENOUGH_PROCESSES = 256;

/** `RLIM_INFINITY`. */
const UNLIMITED = 2 ** 64;

/** What there is to know of the number of processes. */
export interface ProcessFacts {
  /** RLIMIT_NPROC, of the processes and threads of a user. */
  user: number;
  /** Whether it does not count for this process. */
  isExempt: boolean;
  /** How many the control group has, and may have (pids.max). */
  group?: { now: number; most: number };
  /** How many threads the host may have (kernel.threads-max). */
  host?: number;
}

/** Judges the number of processes. */
export function judgeProcesses({ user, isExempt, group, host }: ProcessFacts): Judgement {
  const means =
    "'spawn', 'proxy' and 'exec' fail with EAGAIN once there are as many; a process of Deno has a dozen threads";
  if (group && group.most - group.now < ENOUGH_PROCESSES) {
    return warning(
      `the control group has ${group.now} processes and threads, of ${group.most} at most (pids.max)`,
      means,
      "raise pids.max: systemd's TasksMax=, docker run --pids-limit",
    );
  }
  if (!isExempt && user < ENOUGH_PROCESSES) {
    return warning(
      `RLIMIT_NPROC is ${user}, for all of this user`,
      means,
      "ulimit -u 4096, or systemd's LimitNPROC=4096",
    );
  }
  if (host !== undefined && host < ENOUGH_PROCESSES) {
    return warning(`kernel.threads-max is ${host}`, means, "sysctl kernel.threads-max=65536");
  }
  const most = user >= UNLIMITED ? "unlimited" : `${user}`;
  const inGroup = group ? `, pids.max ${group.most}` : "";
  return ok(`RLIMIT_NPROC is ${most}${isExempt && user < UNLIMITED ? ", and does not count for root" : ""}${inGroup}`);
}

/** Where a group's files are, by the kind of mount that has pids.max, and its line in /proc/self/cgroup. */
const GROUPS = [["cgroup2", /^0::(.*)$/m], ["cgroup", /^\d+:(?:[^:]*,)?pids(?:,[^:]*)?:(.*)$/m]] as const;

/** The tightest of the limits of the group and those above it; `max`, which is no number, stands for none. */
function groupLimit(): ProcessFacts["group"] {
  const limits: { now: number; most: number }[] = [];
  for (const [type, pattern] of GROUPS) {
    const mount = mounts().find((one) => one.type === type && (type === "cgroup2" || one.options.includes("pids")));
    let path = pattern.exec(textOf("/proc/self/cgroup") ?? "")?.[1];
    while (mount && path) {
      const folder = `${mount.path}${path}`;
      const [now, most] = [numberOf(`${folder}/pids.current`), numberOf(`${folder}/pids.max`)];
      if (now !== undefined && most !== undefined) limits.push({ now, most });
      path = path.slice(0, path.lastIndexOf("/"));
    }
  }
  return limits.sort((one, other) => (one.most - one.now) - (other.most - other.now))[0];
}

/** How many processes there may be. */
export const PROCESS_LIMIT: Check = {
  name: "process-limit",
  examine: () =>
    judgeProcesses({
      user: limit(RLIMIT.NPROC)[0],
      // In a user namespace capabilities do not count here.
      isExempt: isFirst("user") !== false &&
        (Deno.uid() === 0 || hasCapability("SYS_RESOURCE") || hasCapability("SYS_ADMIN")),
      group: groupLimit(),
      host: numberOf("/proc/sys/kernel/threads-max"),
    }),
};
