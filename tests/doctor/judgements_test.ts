/**
 * What is said of facts: also of those that no kernel at hand gives.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { judgeCgroup } from "../../src/doctor/cgroup.ts";
import { judgeDevices } from "../../src/doctor/devices.ts";
import type { Judgement } from "../../src/doctor/finding.ts";
import { isAtLeast, judgeKernel } from "../../src/doctor/kernel.ts";
import { judgeMemory } from "../../src/doctor/memory.ts";
import { judgeJoin } from "../../src/doctor/namespaces.ts";
import { judgeDirectory, judgeServer } from "../../src/doctor/places.ts";
import { judgeProc } from "../../src/doctor/proc.ts";
import { judgeCreate } from "../../src/doctor/processes.ts";
import { judgeLibrary, judgeProgram } from "../../src/doctor/program.ts";
import { judgeTrace } from "../../src/doctor/ptrace.ts";
import { judgeBacklog, judgeDatagramQueue, judgePipes, judgeSendBuffer } from "../../src/doctor/queues.ts";
import { judgeDescriptors, judgeProcesses } from "../../src/doctor/resources.ts";
import { judgeManager } from "../../src/doctor/service_manager.ts";
import { judgeSockDiag } from "../../src/doctor/sock_diag.ts";
import { judgeSocket, judgeStale } from "../../src/doctor/stale_sockets.ts";
import { judgeContainer, judgeSandbox, judgeSecurity } from "../../src/doctor/surroundings.ts";
import { judgeUnixSockets } from "../../src/doctor/unix_sockets.ts";
import { judgeUserNamespaces } from "../../src/doctor/user_namespaces.ts";
import { claim } from "../claim.ts";

/** What is said, its parts behind one another. */
function said({ state, found, means, remedy }: Judgement): string {
  return [state, found, means, remedy].filter((part) => part !== undefined).join(" | ");
}

/** Each holds all of its texts. */
function assertSaid(cases: [Judgement, ...string[]][]): void {
  for (const [judgement, state, ...texts] of cases) {
    const text = said(judgement);
    assertEquals(judgement.state, state, text);
    assertEquals(
      [judgement.means === undefined, judgement.remedy === undefined],
      [state === "ok", state === "ok"],
      text,
    );
    for (const part of texts) assert(text.includes(part), `no '${part}' in '${text}'`);
    assert(!/undefined|NaN/.test(text), text);
  }
}

claim("the program: its form, an old Deno, a library that is not there", () => {
  assertSaid([
    [judgeProgram({ form: "compiled", deno: "2.9.6" }), "ok", "ipcx compiled, on Deno 2.9.6"],
    [judgeProgram({ form: "in one file", deno: "3.0.0" }), "ok", "ipcx in one file, on Deno 3.0.0"],
    [judgeProgram({ form: "in one file", deno: "2.9.6", damaged: [] }), "ok", "every byte as it was made"],
    [judgeProgram({ form: "in one file", deno: "2.9.6", damaged: ["a", "b"] }), "fails", "not as it was made: a, b"],
    [judgeProgram({ form: "from source", deno: "2.8.9" }), "warning", "tested with Deno 2.9 and later", "newer Deno"],
    [judgeProgram({ form: "from source", deno: "1.46.0" }), "warning", "on Deno 1.46.0"],
    [judgeLibrary(undefined), "ok", "is loaded"],
    [judgeLibrary(new Error("no such file")), "fails", "cannot be loaded: no such file", "deno task build"],
  ]);
});

claim("/proc: not there, another's, hidden or not", () => {
  const facts = { self: 5, pid: 5, seesAll: false };
  assertSaid([
    [judgeProc({ pid: 5, seesAll: true }), "fails", "/proc is not mounted", "mount -t proc proc /proc"],
    [judgeProc({ ...facts, self: 77 }), "fails", "this process is 5, and called 77 there", "--mount-proc"],
    [judgeProc(facts), "ok", "shows all"],
    [judgeProc({ ...facts, hidepid: "off" }), "ok", "shows all"],
    [judgeProc({ ...facts, hidepid: "2" }), "warning", "hidepid=2", "remount,hidepid=0"],
    [judgeProc({ ...facts, hidepid: "ptraceable" }), "warning", "hidepid=ptraceable"],
    [judgeProc({ ...facts, hidepid: "invisible", seesAll: true }), "ok", "shows all"],
  ]);
});

claim("what is around: sandboxes, containers, security modules are told, and no fault", () => {
  assertSaid([
    [judgeSandbox({ noNewPrivileges: false }), "ok", "it cannot be told"],
    [judgeSandbox({ mode: "0", noNewPrivileges: true }), "ok", "no seccomp filter; no_new_privs is set"],
    [judgeSandbox({ mode: "2", filters: "1", noNewPrivileges: false }), "ok", "a seccomp filter is active"],
    [judgeSandbox({ mode: "2", filters: "3", noNewPrivileges: false }), "ok", "3 seccomp filters are active"],
    [judgeContainer({ own: [] }), "ok", "none can be seen"],
    [judgeContainer({ manager: "podman", own: [] }), "ok", "in a container (podman): only"],
    [judgeContainer({ own: ["pid"] }), "ok", "pid namespace of its own: only"],
    [judgeContainer({ manager: "lxc", own: ["user", "pid"] }), "ok", "(lxc), user and pid namespaces of its own"],
    [judgeSecurity({}), "ok", "none confines this process"],
    [judgeSecurity({ label: "unconfined" }), "ok", "none confines this process (unconfined)"],
    [judgeSecurity({ label: "docker-default (enforce)" }), "ok", "AppArmor confines this process as docker-default"],
    [judgeSecurity({ selinuxEnforces: true, label: "u:r:t:s0" }), "ok", "SELinux is enforcing, and runs", "ausearch"],
    [judgeSecurity({ selinuxEnforces: false }), "ok", "SELinux only tells what it would refuse"],
  ]);
});

claim("the kernel: what it lacks, whether that is needed, and what would help", () => {
  const facts = { release: "5.4.0-42-generic", machine: "x86_64" };
  const range = { call: "close_range", since: "5.11", lost: "no programs", isNeeded: true, code: "ENOSYS" };
  const peer = { call: "SO_PEERPIDFD", since: "6.5", lost: "numbers only", code: "ENOPROTOOPT" };
  assertSaid([
    [judgeKernel({ ...facts, missing: [] }), "ok", "Linux 5.4.0-42-generic on x86_64 has all"],
    [judgeKernel({ ...facts, missing: [peer] }), "warning", "lacks SO_PEERPIDFD (ENOPROTOOPT)", "Linux 6.5 or later"],
    [
      judgeKernel({ ...facts, missing: [range, peer] }),
      "fails",
      "lacks close_range (ENOSYS), SO_PEERPIDFD (ENOPROTOOPT)",
      "no programs; numbers only",
      "Linux 6.5 or later",
    ],
    [judgeKernel({ ...facts, release: "6.18.0", missing: [range] }), "fails", "should have it", "seccomp"],
  ]);
  for (const [release, version] of [["6.10.1", "6.5"], ["6.5-rc1", "6.5"], ["7.0", "6.16"]]) {
    assert(isAtLeast(release, version), `${release} ${version}`);
    assert(!isAtLeast(version, `9.${version}`));
  }
  assert(!isAtLeast("5.15.0", "6.3"));
});

claim("sockets and memory: what a sandbox refuses", () => {
  assertSaid([
    [judgeUnixSockets([]), "ok", "streams, packets and datagrams work"],
    [
      judgeUnixSockets(["stream: socketpair: EPERM", "dgram: x"]),
      "fails",
      "EPERM; dgram: x",
      "RestrictAddressFamilies",
    ],
    [judgeMemory({}), "ok", "memory can be shared"],
    [judgeMemory({ data: "EPERM", program: "EPERM" }), "fails", "memfd_create: EPERM"],
    [judgeMemory({ program: "EACCES", noExec: 2 }), "fails", "(vm.memfd_noexec = 2)", "sysctl vm.memfd_noexec=1"],
    [judgeMemory({ program: "EACCES" }), "fails", "refused: EACCES |", "a security module"],
    [judgeDevices({}), "ok", "/dev/null is there"],
    [judgeDevices({ nothing: "ENOENT", terminal: "ENOENT" }), "fails", "/dev/null: ENOENT", "mknod"],
    [judgeDevices({ terminal: "ENOSPC" }), "warning", "/dev/ptmx: ENOSPC", "spawn --pty"],
    [judgeSockDiag(undefined), "ok", "the kernel lists"],
    [judgeSockDiag("ENOENT"), "fails", "modprobe unix_diag"],
    [judgeSockDiag("EAFNOSUPPORT"), "fails", "EAFNOSUPPORT", "AF_NETLINK"],
  ]);
});

claim("processes, namespaces and tracing: why they are refused, and what to do", () => {
  const join = { absent: [], refused: [], isAdmin: true, isInside: false };
  const refused = [["net", "EPERM"]] as const;
  const user = (step: number, code: string) => ({ failure: { step, code } });
  assertSaid([
    [judgeCreate(undefined), "ok", "processes are made"],
    [judgeCreate({ step: 0, code: "EAGAIN" }), "fails", "clone3: EAGAIN", "ulimit -u"],
    [judgeCreate({ step: 2, code: "EINVAL" }), "fails", "waitid for a pidfd: EINVAL", "Linux 5.5"],
    [judgeJoin(join), "ok", "all kinds can be joined"],
    [judgeJoin({ ...join, absent: ["cgroup"] }), "ok", "(this kernel has none of cgroup)"],
    [judgeJoin({ ...join, refused }), "fails", "although there is CAP_SYS_ADMIN (net: EPERM)", "seccomp"],
    [judgeJoin({ ...join, refused, isInside: true }), "warning", "belong to a user namespace above"],
    [judgeJoin({ ...join, refused, isAdmin: false }), "warning", "this user may not join", "run as root"],
    [judgeUserNamespaces({}), "ok", "this user can make them"],
    [judgeUserNamespaces({ ...user(0, "ENOSPC"), most: 0 }), "warning", "max_user_namespaces=10000: it is 0"],
    [judgeUserNamespaces({ ...user(0, "ENOSPC"), most: 7 }), "warning", "7 are there, or 32 are nested"],
    [judgeUserNamespaces({ ...user(0, "EPERM"), isAllowed: 0 }), "warning", "unprivileged_userns_clone=1: it is 0"],
    [judgeUserNamespaces({ ...user(1, "EACCES"), restricted: 1 }), "warning", "gets no user: EACCES", "AppArmor"],
    [judgeUserNamespaces({ ...user(2, "EPERM"), restricted: 1 }), "warning", "gives no rights: EPERM", "AppArmor"],
    [judgeUserNamespaces(user(0, "ENOSYS")), "warning", "can be made: ENOSYS", "CONFIG_USER_NS"],
    [judgeTrace({}), "ok", "children can be traced"],
    [judgeTrace({ failure: { step: 1, code: "EPERM" }, scope: 2 }), "fails", "not be traced: EPERM", "ptrace_scope=1"],
    [judgeTrace({ failure: { step: 1, code: "EPERM" }, scope: 3 }), "fails", "is 3, which stays"],
    [
      judgeTrace({ failure: { step: 2, code: "EIO" }, scope: 1 }),
      "fails",
      "is not controlled: EIO",
      "add CAP_SYS_PTRACE",
    ],
    [judgeTrace({ failure: { step: 0, code: "EAGAIN" } }), "fails", "no process can be made to be traced: EAGAIN"],
  ]);
});

claim("control groups: mounted, seen, writable, with controllers", () => {
  const facts = { mount: "/sys/fs/cgroup", own: "/sys/fs/cgroup/a", controllers: ["cpu", "memory", "pids"] };
  assertSaid([
    [judgeCgroup({ controllers: [] }), "warning", "cgroup v2 is mounted nowhere", "unified_cgroup_hierarchy"],
    [judgeCgroup({ mount: "/c", controllers: [] }), "warning", "at /c, which does not show the group"],
    [judgeCgroup({ ...facts, refused: "EROFS" }), "warning", "can be made there: EROFS", "mount it for writing"],
    [judgeCgroup({ ...facts, refused: "EACCES" }), "warning", "can be made there: EACCES", "Delegate=yes"],
    [judgeCgroup({ ...facts, notStarted: "EBUSY" }), "warning", "started there: EBUSY", "hands controllers on"],
    [judgeCgroup({ ...facts, notStarted: "EINVAL" }), "warning", "started there: EINVAL", "Linux 5.7"],
    [
      judgeCgroup({ ...facts, controllers: [] }),
      "warning",
      "without the controllers memory pids cpu",
      "subtree_control",
    ],
    [judgeCgroup({ ...facts, controllers: ["cpu", "memory"] }), "warning", "controllers pids |", "such as pids.max"],
    [judgeCgroup(facts), "ok", "in /sys/fs/cgroup/a, can be written to, with cpu memory pids"],
  ]);
});

claim("resources: descriptors and processes of this one, of a user, of a group, of the host", () => {
  const files = { isShort: false, soft: 20_000, hard: 20_000 };
  const processes = { user: 2 ** 64, isExempt: false };
  assertSaid([
    [judgeDescriptors(files), "ok", "RLIMIT_NOFILE is 20000"],
    [judgeDescriptors({ ...files, hard: 30_000 }), "ok", "RLIMIT_NOFILE is 20000 (hard 30000)"],
    [judgeDescriptors({ ...files, soft: 63 }), "fails", "below 64 commands fail with EMFILE"],
    [judgeDescriptors({ ...files, soft: 1023 }), "warning", "(some 831)", "LimitNOFILE"],
    [judgeDescriptors({ ...files, soft: 100, hard: 100 }), "warning", "(some 50)"],
    [judgeDescriptors({ ...files, isShort: true }), "fails", "less than 16 are left", "nothing else was looked at"],
    [judgeDescriptors({ ...files, host: { open: 95, most: 100 } }), "warning", "95 files open, of 100"],
    [judgeDescriptors({ ...files, isShort: true, host: { open: 100, most: 100 } }), "fails", "fs.file-max", "ENFILE"],
    [judgeDescriptors({ ...files, host: { open: 90, most: 100 } }), "ok", "RLIMIT_NOFILE is 20000"],
    [judgeProcesses(processes), "ok", "RLIMIT_NPROC is unlimited"],
    [judgeProcesses({ ...processes, user: 100 }), "warning", "RLIMIT_NPROC is 100", "ulimit -u"],
    [judgeProcesses({ ...processes, user: 100, isExempt: true }), "ok", "100, and does not count for root"],
    [judgeProcesses({ ...processes, group: { now: 50, most: 100 } }), "warning", "has 50", "of 100", "TasksMax"],
    [judgeProcesses({ ...processes, group: { now: 50, most: 5000 } }), "ok", "unlimited, pids.max 5000"],
    [judgeProcesses({ ...processes, host: 200 }), "warning", "kernel.threads-max is 200"],
  ]);
});

claim("queues: settings below the defaults are warnings, those that cannot be read are not", () => {
  assertSaid([
    [judgeBacklog(undefined), "ok", "cannot be read"],
    [judgeBacklog(4096), "ok", "somaxconn is 4096"],
    [judgeBacklog(128), "warning", "at most 128 clients wait", "sysctl net.core.somaxconn=4096"],
    [judgeDatagramQueue(undefined), "ok", "cannot be read"],
    [judgeDatagramQueue(10), "ok", "is 10"],
    [judgeDatagramQueue(2), "warning", "once 3 are not taken"],
    [judgeSendBuffer(425_984), "ok", "wmem_max is 212992: packets of up to 425952 bytes"],
    [judgeSendBuffer(80_000_000), "ok", "packets of up to 4263616 bytes"],
    [judgeSendBuffer(8192), "warning", "wmem_max is 4096", "more than 8160 bytes", "rmem_max does not matter"],
    [judgePipes({ bytes: 65_536 }), "ok", "room for 65536 bytes"],
    [judgePipes({ bytes: 4096 }), "warning", "fs.pipe-user-pages-soft allows"],
    [judgePipes({ bytes: 8192, soft: 16 }), "warning", "fs.pipe-user-pages-soft (16 pages) allows"],
  ]);
});

claim("places: the directory, the servers, socket files, a service manager", () => {
  const file = { isDirectory: true, uid: 7, mode: 0o40700 };
  const directory = { uid: 7, path: "/run/user/7", file };
  const broker = { what: "broker", address: "/run/one.socket" } as const;
  assertSaid([
    [judgeDirectory({ uid: 7 }), "warning", "XDG_RUNTIME_DIR is not set", "XDG_RUNTIME_DIR=/run/user/7"],
    [judgeDirectory({ uid: 7, path: "/x", refused: "late" }), "fails", "/x does not answer"],
    [judgeDirectory({ uid: 7, path: "/x", refused: "ENOENT" }), "fails", "/x: ENOENT", "make it"],
    [judgeDirectory({ ...directory, file: { ...file, isDirectory: false } }), "fails", "is no directory"],
    [judgeDirectory({ ...directory, refused: "EROFS" }), "fails", "made in /run/user/7: EROFS", "a tmpfs will do"],
    [judgeDirectory({ ...directory, refused: "EACCES" }), "fails", "EACCES", "it is of user 7"],
    [judgeDirectory({ ...directory, uid: 8 }), "warning", "is of user 7, not of 8"],
    [judgeDirectory({ ...directory, file: { ...file, mode: 0o41777 } }), "warning", "its mode is 1777", "chmod go-w"],
    [judgeDirectory(directory), "ok", "/run/user/7 can be written to"],
    [judgeServer({ what: "broker" }), "ok", "no default address for a broker"],
    [
      judgeServer({ what: "holder", mistake: "IPCX_HOLD_SOCKET: x" }),
      "fails",
      "IPCX_HOLD_SOCKET: x",
      "no holder is found",
    ],
    [judgeServer({ ...broker, state: { is: "absent" } }), "ok", "no broker at /run/one.socket"],
    [
      judgeServer({ ...broker, state: { is: "stale", uid: 5 } }),
      "warning",
      "is stale",
      "'ipcx broker' takes",
      "user 5",
    ],
    [judgeServer({ ...broker, what: "holder", state: { is: "stale", uid: 5 } }), "warning", "'ipcx hold' takes"],
    [judgeServer({ ...broker, state: { is: "other" } }), "fails", "is no socket", "move away"],
    [judgeServer({ ...broker, state: { is: "late" } }), "fails", "its file system hangs"],
    [judgeServer({ ...broker, state: { is: "refused", code: "EACCES" } }), "warning", "socket: EACCES", "--mode"],
    [judgeServer({ ...broker, state: { is: "served" } }), "ok", "a broker is at /run/one.socket"],
    [judgeServer({ ...broker, state: { is: "served" }, control: { says: "3 clients" } }), "ok", "socket: 3 clients"],
    [judgeServer({ ...broker, state: { is: "served" }, control: { silent: "hm" } }), "warning", "as a broker: hm"],
    [judgeStale({ directories: [], count: 0, stale: [] }), "ok", "no directory to look at"],
    [judgeStale({ directories: ["/a"], count: 0, stale: [] }), "ok", "0 socket files in /a, so none is stale"],
    [judgeStale({ directories: ["/a", "/b"], count: 1, stale: [] }), "ok", "1 socket file in /a and /b, none stale"],
    [
      judgeStale({ directories: ["/a"], count: 9, stale: ["1", "2", "3", "4", "5", "6", "7"] }),
      "warning",
      "7 of 9 socket files in /a are stale: 1 2 3 4 5 and 2 more",
    ],
    [judgeSocket({ is: "served" }), "ok", "somebody serves there"],
    [judgeSocket({ is: "stale", uid: 5 }), "fails", "its server, of user 5, is gone"],
    [judgeSocket({ is: "absent" }), "fails", "it is not there"],
    [judgeSocket({ is: "other" }), "fails", "it is no socket"],
    [judgeSocket({ is: "late" }), "fails", "its file system hangs"],
    [judgeSocket({ is: "refused", code: "EACCES" }), "fails", "may not connect: EACCES"],
    [judgeManager({ isSystemd: true }), "ok", "systemd runs this host; NOTIFY_SOCKET is not set"],
    [judgeManager({ isSystemd: false, notify: "@n" }), "ok", "NOTIFY_SOCKET is @n, and somebody listens"],
    [judgeManager({ isSystemd: false, notify: "/n", refused: "ENOENT" }), "warning", "/n: ENOENT", "READY=1"],
  ]);
});
