/**
 * How a process is started.
 *
 * @module
 */

import type { Fd } from "../core/fd.ts";
import type { Namespaces } from "./namespaces.ts";
import type { ResourceLimit } from "./rlimits.ts";

/**
 * A standard stream of a child: the caller's, /dev/null, a pipe to the caller,
 * or a descriptor, which stays the caller's.
 */
export type ChildStream = "inherit" | "null" | "piped" | Fd;

/** Who a process is. */
export interface ChildIdentity {
  /** The user id, 0–4 294 967 294. */
  uid?: number;
  /** The group id; needed with `uid` where /etc/passwd does not have that user. */
  gid?: number;
  /** The supplementary groups; none by default, if `uid` or `gid` is given. */
  groups?: readonly number[];
  /** Whether neither it nor its children can gain privileges by exec (PR_SET_NO_NEW_PRIVS). */
  noNewPrivileges?: boolean;
  /** Capabilities that it cannot have, by name, or `["ALL"]`. */
  dropCapabilities?: readonly string[];
}

/** What a process may use. */
export interface ChildResources {
  /** Resource limits by name, such as `{ nofile: 1024 }`. */
  rlimits?: Readonly<Record<string, ResourceLimit>>;
  /** How likely the kernel is to kill it when memory runs out, −1000–1000. */
  oomScoreAdj?: number;
  /** Its niceness, −20–19. */
  nice?: number;
  /** A cgroup v2 directory to start it in: a path, or one below the mount of cgroup v2. */
  cgroup?: string;
}

/** How to start a process. */
export interface SpawnOptions extends ChildIdentity, ChildResources {
  /** The program, looked up in the PATH of its environment if it has no slash. */
  command: string;
  /** Its arguments, without its own name; bytes where they are no text. */
  args?: readonly (string | Uint8Array)[];
  /** What it takes for its own name; by default `command`. */
  argv0?: string;
  /** Namespaces to start it in. */
  namespaces?: Namespaces;
  /** Whether the program, its loader and its libraries come from the caller's mount namespace. */
  local?: boolean;
  /** Its root directory as the caller sees it; by default that of the process whose mount namespace it joins. */
  root?: string;
  /** Its working directory as the caller sees it. */
  wd?: string;
  /** Its working directory as it sees it itself. */
  wdns?: string;
  /** Variables beside the caller's, or instead of them, as bytes where they are no text; `undefined` takes one away. */
  env?: Readonly<Record<string, string | Uint8Array | undefined>>;
  /** Whether it has only the variables of `env`. */
  clearEnv?: boolean;
  /**
   * Descriptors by the number under which it finds them; they stay the caller's.
   * A socket of this library, such as one of `UnixSocket.pair()`, does not wait: a
   * shell's `read`, or cat(1), fails on it at once (EAGAIN), unless it was made to
   * by {@linkcode Fd.setBlocking}.
   */
  fds?: Readonly<Record<number, Fd | number>>;
  /** Standard input, by default `"inherit"`. */
  stdin?: ChildStream;
  /** Standard output, by default `"inherit"`. */
  stdout?: ChildStream;
  /** Standard error, by default `"inherit"`. */
  stderr?: ChildStream;
  /** Whether it begins a session of its own (setsid(2)). */
  newSession?: boolean;
  /** A terminal to be its controlling one and its standard streams; implies `newSession`. Stays the caller's. */
  terminal?: Fd;
  /** Whether it begins a process group of its own, so that all of it can be killed. */
  processGroup?: boolean;
  /** A signal for it when the caller ends, such as `"SIGKILL"`; of `spawn`, when the thread ends that called it. */
  deathSignal?: string | number;
  /** Whether it stops before its first instruction, until SIGCONT. */
  paused?: boolean;
  /** Passes LISTEN_FDS: the names of the descriptors from 3 on. */
  listenFdNames?: readonly string[];
}
