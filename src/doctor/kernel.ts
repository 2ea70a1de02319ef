/**
 * Which kernel runs, and which calls and options of newer kernels it has.
 *
 * @module
 */

import { check, SystemError } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { SO, SOL_SOCKET } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { typeNumber } from "../core/options.ts";
import { inodeOf } from "../core/process_identity.ts";
import { type Check, fails, type Judgement, ok, warning } from "./finding.ts";

/** Something that not every kernel has. */
export interface KernelFeature {
  /** What it is called. */
  readonly call: string;
  /** The first kernel that has it. */
  readonly since: string;
  /** What does not work without it. */
  readonly lost: string;
  /** Whether a command is lost, not only a part of one. */
  readonly isNeeded?: boolean;
  /** Tries it: a result of 0 or more, or −errno. */
  attempt(): number;
}

/** What there is to know of a kernel. */
export interface KernelFacts {
  /** Its release. */
  release: string;
  /** The machine. */
  machine: string;
  /** What it lacks, and why: the name of an error. */
  missing: readonly (Omit<KernelFeature, "attempt"> & { code: string })[];
}

/** Sets an option of a fresh socket. */
function setting(option: number, value: number): () => number {
  return () => {
    using fd = new Fd(check(native.ipcx_socket(typeNumber("stream")), "socket"));
    const slot = new Int32Array([value]);
    return native.ipcx_set_option(fd.number, SOL_SOCKET, option, slot, slot.byteLength);
  };
}

function onPair(attempt: (left: number, right: number) => number): () => number {
  return () => {
    const ends = new Int32Array(2);
    check(native.ipcx_socketpair(typeNumber("stream"), ends), "socketpair");
    using left = new Fd(ends[0]);
    using right = new Fd(ends[1]);
    return attempt(left.number, right.number);
  };
}

function openPeer(left: number): number {
  const slot = new Int32Array(1);
  const result = native.ipcx_get_option(left, SOL_SOCKET, SO.PEERPIDFD, slot, slot.byteLength);
  if (result >= 0) new Fd(slot[0]).close();
  return result;
}

function openSelf(): number {
  const result = native.ipcx_pidfd_open(Deno.pid);
  if (result >= 0) new Fd(result).close();
  return result;
}

const EINVAL = 22;
const MFD_NOEXEC_SEAL = 8;

/** Before they had inodes of their own, pidfds had that of all files without a name, such as an epoll's. */
function nameByInode(): number {
  const result = native.ipcx_pidfd_open(Deno.pid);
  if (result < 0) return result;
  using pidfd = new Fd(result);
  using other = new Fd(check(native.ipcx_epoll_create(), "epoll_create1"));
  return inodeOf(pidfd.number) === inodeOf(other.number) ? -EINVAL : 0;
}

function forbidExecution(): number {
  const result = native.ipcx_probe_memory(MFD_NOEXEC_SEAL);
  if (result >= 0) new Fd(result).close();
  return result;
}

const FEATURES: readonly KernelFeature[] = [
  {
    call: "pidfd_open",
    since: "5.3",
    lost: "'spawn', 'proxy', 'lock' and 'hold' cannot hold on to a process",
    isNeeded: true,
    attempt: openSelf,
  },
  {
    call: "close_range with CLOSE_RANGE_CLOEXEC",
    since: "5.11",
    lost: "'spawn' and 'proxy' cannot start a program",
    isNeeded: true,
    attempt: () => native.ipcx_probe_close_range(),
  },
  {
    call: "MSG_OOB for Unix sockets",
    since: "5.15",
    lost: "no urgent bytes (sendUrgent)",
    attempt: onPair((left) => native.ipcx_send_urgent(left, 0)),
  },
  {
    call: "MFD_NOEXEC_SEAL",
    since: "6.3",
    lost: "memory that is passed on can be run as a program",
    attempt: forbidExecution,
  },
  {
    call: "SO_PEERPIDFD",
    since: "6.5",
    lost: "a peer is known by its number only, which another process may get",
    attempt: onPair((left) => openPeer(left)),
  },
  {
    call: "SO_PASSPIDFD",
    since: "6.5",
    lost: "senders are known by their numbers only, those of READY=1 among them",
    attempt: setting(SO.PASSPIDFD, 1),
  },
  {
    call: "inodes of pidfds",
    since: "6.9",
    lost: "'spawn --target PID:INODE' finds nobody",
    attempt: nameByInode,
  },
  {
    call: "SO_PASSRIGHTS",
    since: "6.16",
    lost: "a socket cannot refuse descriptors (passRights)",
    attempt: setting(SO.PASSRIGHTS, 0),
  },
];

/** Whether a release is at least as new as a version. */
export function isAtLeast(release: string, version: string): boolean {
  const [have, need] = [release, version].map((text) => text.split(/[.-]/).map(Number));
  return have[0] > need[0] || (have[0] === need[0] && have[1] >= need[1]);
}

/** Judges a kernel. */
export function judgeKernel({ release, machine, missing }: KernelFacts): Judgement {
  const found = `Linux ${release} on ${machine}`;
  if (missing.length === 0) return ok(`${found} has all that ipcx uses`);
  const list = missing.map(({ call, code }) => `${call} (${code})`).join(", ");
  const means = missing.map(({ lost }) => lost).join("; ");
  const newest = missing.map(({ since }) => since).reduce((one, other) => isAtLeast(one, other) ? one : other);
  const remedy = missing.every(({ since }) => isAtLeast(release, since))
    ? "this kernel should have it: it was built without, or a sandbox such as a container's seccomp filter refuses it"
    : `a kernel of Linux ${newest} or later has all of it`;
  const judge = missing.some(({ isNeeded }) => isNeeded) ? fails : warning;
  return judge(`${found} lacks ${list}`, means, remedy);
}

function lacks({ attempt, ...feature }: KernelFeature): KernelFacts["missing"] {
  const result = attempt();
  return result >= 0 ? [] : [{ ...feature, code: new SystemError("", -result).code }];
}

/** Which kernel runs. */
export const KERNEL: Check = {
  name: "kernel",
  examine: () => judgeKernel({ release: Deno.osRelease(), machine: Deno.build.arch, missing: FEATURES.flatMap(lacks) }),
};
