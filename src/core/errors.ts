/**
 * Failed system calls as errors that say what was attempted and what to do.
 *
 * @module
 */

import { native } from "./native.ts";

const text = new Uint8Array(128);

function textOf(call: (number: number, text: Uint8Array<ArrayBuffer>, size: number) => number, errno: number): string {
  return new TextDecoder().decode(text.subarray(0, call(errno, text, text.length)));
}

/** What a person can do about an error, by code, where the text alone leaves that open. */
const ADVICE: Readonly<Record<string, string>> = {
  "bind EADDRINUSE": "the name is taken: stop its owner or choose another",
  "bind EACCES": "the directory may not be written to by this user",
  "bind ENOENT": "the directory does not exist",
  "chown EPERM": "only root may give a socket file to another user, or to a group that it is not in",
  "connect ECONNREFUSED": "nobody listens there",
  "connect @ ECONNREFUSED": "nobody listens there; an abstract name counts only in its own network namespace",
  "connect ENOENT": "there is no such socket: is the server running?",
  "connect EACCES": "the socket's owner and mode do not let this user in",
  "connect EAGAIN": "the listener's backlog is full",
  "connect EPROTOTYPE": "the listener has another socket type (stream, seqpacket, dgram)",
  "connect ETIMEDOUT": "the listener did not take the connection in time",
  "sendmsg ETOOMANYREFS":
    "too many descriptors of this user are in flight: their receivers must take them, or RLIMIT_NOFILE must be raised",
  "sendmsg EMSGSIZE": "the packet is larger than the send buffer: raise sendBuffer or send less",
  "sendmsg EPERM": "the receiver refuses descriptors, or these credentials are not the sender's own",
  "sendmsg EPIPE": "the peer has closed the connection",
  "sendmsg ECONNREFUSED": "nobody receives there any more",
  "sendmsg ENOENT": "nobody receives there any more",
  "sendmsg ENOBUFS": "the kernel carries no packet this large, whatever the send buffer: some 4 MiB are the most",
  "sendmsg ESRCH": "there is no process with the pid of the credentials",
  "sendfile EINVAL":
    "what is sent has to be a regular file or memory, and the target a socket, a pipe, or a file that was not opened for appending",
  "sendfile ESPIPE": "what is sent has to be a regular file or memory: splice() and pump() take pipes and sockets",
  "sendfile EBADF": "the file has to be open for reading, and the target for writing",
  "sendfile EPIPE": "the peer has closed the connection",
  "splice EINVAL": "one of the two has to be a pipe, and the other another pipe, a stream socket, or a file that was " +
    "not opened for appending; pump() goes between two sockets",
  "splice EBADF": "the source has to be open for reading, and the target for writing",
  "splice ESPIPE": "a pipe has no offset",
  "splice EPIPE": "the peer has closed the connection, or nobody reads the pipe",
  "tee EINVAL": "both have to be pipes, and not the same one",
  "tee EBADF": "it goes from the end that is read of a pipe to the end that is written to of another one",
  "tee EPIPE": "nobody reads the pipe",
  "vmsplice EBADF": "it takes the end of a pipe that is written to",
  "vmsplice EPIPE": "nobody reads the pipe",
  "fcntl F_ADD_SEALS EPERM": "it was sealed against that (seal), or is open for reading only",
  "fcntl F_ADD_SEALS EBUSY": "somebody else has mapped it for writing",
  "fcntl F_ADD_SEALS EINVAL": "this kernel has no such seal",
  "recv ENODATA": "no byte out of band was left, and the peer sends nothing any more",
  "recv EINVAL": "with urgentInline the byte is in the data, where it was sent",
  "getsockopt ENODATA": "nobody is at the other end of this socket",
  "accept EMFILE": "RLIMIT_NOFILE is reached",
  "accept ENFILE": "the system's file limit is reached",
  "clone3 ENOMEM":
    "unless memory is short, the first process of the pid namespace has ended: nothing can start in it any more",
  "memfd_create EACCES": "this host forbids programs in memory: sysctl vm.memfd_noexec=1",
  "clone3 EAGAIN": "the limit of processes is reached: RLIMIT_NPROC, or pids.max of the cgroup",
  "clone3 ENOSYS": "a filter of system calls is in force, as in many containers: nothing can begin in a cgroup there",
  "clone3 EBUSY": "the cgroup hands controllers on to groups below it: choose one of those",
  "clone3 EBADF": "it is no directory of cgroup v2",
  "setns EPERM":
    "it takes CAP_SYS_ADMIN in the user namespace that owns it (for mnt CAP_SYS_CHROOT, too): join that one as well",
  "setns EINVAL": "only one's own pid namespace and those below it can be joined, " +
    "and a program with several threads cannot be moved into another mount namespace",
  "ioctl EPERM": "it is another session's already",
  "prctl EPERM": "it takes CAP_SETPCAP",
  "setpriority EACCES": "a lower niceness takes CAP_SYS_NICE, or RLIMIT_NICE",
  "write EACCES": "going below what it was takes CAP_SYS_RESOURCE",
  "setrlimit EPERM": "going above the hard limit takes CAP_SYS_RESOURCE",
  "setgroups EPERM": "it takes CAP_SETGID, and in a user namespace that setgroups is allowed there",
  "sock_diag ENOENT": "this kernel cannot list Unix sockets: it lacks the module unix_diag (CONFIG_UNIX_DIAG)",
  "setsid EPERM": "it leads a process group already, as what a shell starts does; a process of its own need not",
  "setresuid EPERM": "it takes CAP_SETUID",
  "setresgid EPERM": "it takes CAP_SETGID",
  "setresuid EINVAL": "the user namespace has no such user",
  "setresgid EINVAL": "the user namespace has no such group",
  "setgroups EINVAL": "the user namespace does not have all of these groups",
  "ptrace ESRCH": "it ended before its first instruction: it was killed, or it lacks a library and has said which",
  "ptrace ETIMEDOUT": "it did not get to its own first instruction in time",
  "ptrace EPERM": "another tracer follows it, or this host forbids tracing (kernel.yama.ptrace_scope)",
  "execve ENOENT": "there is no such program, or its interpreter is missing",
  "execve EACCES": "the file is not executable",
  "execve ENOEXEC": "it is no program of this machine; a script begins with a line such as #!/bin/sh",
};

/** What a {@linkcode SystemError} concerns, beside the call that failed. */
export interface SystemErrorContext {
  /** The address that the call was about, as people write it. */
  address?: string;
  /** The process that the call was about. */
  pid?: number;
}

/**
 * A system call that failed.
 *
 * @example What it tells
 * ```ts
 * import { SystemError } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new SystemError("connect", 111, { address: "@nobody" });
 * assertEquals(error.code, "ECONNREFUSED");
 * assertEquals(error.syscall, "connect");
 * assertEquals(error.address, "@nobody");
 * ```
 */
export class SystemError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "SystemError";
  /** The symbolic name of the error, such as `"ECONNREFUSED"`. */
  readonly code: string;
  /** The positive error number, as in errno(3). */
  readonly errno: number;
  /** The system call that failed, such as `"connect"`. */
  readonly syscall: string;
  /** The address that the call was about, where there is one. */
  readonly address?: string;
  /** The process that the call was about, where there is one. */
  readonly pid?: number;

  /**
   * Describes a failed call.
   *
   * @param syscall The name of the system call.
   * @param errno The positive error number.
   * @param context What the call was about.
   */
  constructor(syscall: string, errno: number, context: SystemErrorContext = {}) {
    const code = textOf(native.ipcx_error_name, errno) || `E${errno}`;
    const meaning = textOf(native.ipcx_error_text, errno) || "unknown error";
    const subject = [
      context.address === undefined ? "" : ` ${context.address}`,
      context.pid === undefined ? "" : ` (pid ${context.pid})`,
    ].join("");
    const advice = (context.address?.startsWith("@") && ADVICE[`${syscall} @ ${code}`]) || ADVICE[`${syscall} ${code}`];
    super(`${syscall}${subject}: ${meaning} (${code})${advice ? `; ${advice}` : ""}`);
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
    if (context.address !== undefined) this.address = context.address;
    if (context.pid !== undefined) this.pid = context.pid;
  }
}

/**
 * Tells whether a call failed because the peer takes no more, or has closed
 * without taking all.
 *
 * @param error What was thrown.
 * @returns `true` for EPIPE and ECONNRESET.
 */
export function isPeerGone(error: unknown): boolean {
  return error instanceof SystemError && (error.code === "EPIPE" || error.code === "ECONNRESET");
}

/** Thrown by whatever is used after it was closed, or given away. */
export class ClosedError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "ClosedError";
}

/**
 * Passes on the result of a shim function, or throws what it stands for.
 *
 * @param result A value of 0 or more, or −errno.
 * @param syscall The system call it is the result of.
 * @param context What the call was about.
 * @returns The result, which is not negative.
 * @throws {SystemError} If the call failed.
 */
export function check(result: number, syscall: string, context?: SystemErrorContext): number {
  if (result < 0) throw new SystemError(syscall, -result, context);
  return result;
}
