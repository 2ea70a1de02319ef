/**
 * Starting processes (clone3(2), setns(2), execve(2)).
 *
 * @module
 */

import { adoptPipe } from "../core/adoption.ts";
import { Fd } from "../core/fd.ts";
import { OPEN } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { openPipe } from "../core/pipe.ts";
import { openPath } from "../core/reach.ts";
import { startReactor } from "../core/reactor.ts";
import { cgroupDirectory, isEmptyCgroup, OwnCgroup } from "./cgroup.ts";
import { ChildProcess } from "./child_process.ts";
import { create } from "./create.ts";
import type { ChildStream, SpawnOptions } from "./options.ts";

const SIGKILL = 9;

/** What one standard stream is made of. */
interface StreamEnds {
  /** What the child gets. */
  child: number;
  /** Our end of a pipe. */
  own?: Fd;
}

/** Opens what a standard stream is to be; our end of a pipe is kept in `own`, all else is closed with the stack. */
function openStream(
  stream: ChildStream | undefined,
  number: number,
  terminal: Fd | undefined,
  stack: DisposableStack,
): StreamEnds {
  if (stream instanceof Fd) return { child: stream.number };
  if (stream === undefined && terminal) return { child: terminal.number };
  if (stream === "null") {
    return { child: stack.use(openPath("/dev/null", number === 0 ? OPEN.READ : OPEN.WRITE)).number };
  }
  if (stream !== "piped") return { child: number };
  const { reader, writer } = openPipe();
  const [childEnd, own] = number === 0 ? [reader, writer] : [writer, reader];
  return { child: stack.use(childEnd).number, own };
}

/**
 * Starts a process, in other namespaces if need be.
 *
 * When this returns, the process has become its program: whatever fails before,
 * such as a namespace that may not be joined or a program that is not there, is
 * thrown as the error of the step that failed, and no process is left. The
 * caller's memory is not copied, so it makes no difference how much there is.
 *
 * Descriptors that are passed stay the caller's; every other one is closed in
 * the process. It starts with default signal dispositions, but for what this
 * process was started with ignored, and with no signal blocked.
 *
 * Call it from the main thread: a death signal follows the thread that called.
 *
 * @param options What to start, and how.
 * @returns The process.
 * @throws {SystemError} Of the step that failed: open, setns, clone3, chroot, execve…
 * @throws {TypeError} For options that contradict each other.
 *
 * @example
 * ```ts
 * import { spawn } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const child = spawn({ command: "cat", stdin: "piped", stdout: "piped" });
 * const writer = child.stdin.getWriter();
 * await writer.write(new TextEncoder().encode("hello"));
 * await writer.close();
 * assertEquals(await new Response(child.stdout).text(), "hello");
 * assertEquals((await child.status).code, 0);
 * ```
 *
 * @example A descriptor at a number of its own
 * ```ts
 * import { spawn, UnixSocket } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [ours, theirs] = UnixSocket.pair();
 * const child = spawn({ command: "sh", args: ["-c", "echo hello >&5"], fds: { 5: theirs.fd } });
 * theirs.close();
 * assertEquals((await ours.receive())!.text, "hello\n");
 * ours.close();
 * await child.status;
 * ```
 */
export function spawn(options: SpawnOptions): ChildProcess {
  // What it takes to see the end of a process must be there before the process is.
  startReactor();
  using stack = new DisposableStack();
  const ends: StreamEnds[] = [];
  let pidfd: Fd | undefined;
  try {
    ends.push(openStream(options.stdin, 0, options.terminal, stack));
    ends.push(openStream(options.stdout, 1, options.terminal, stack));
    ends.push(openStream(options.stderr, 2, options.terminal, stack));
    const cgroup = options.cgroup === undefined ? undefined : cgroupDirectory(options.cgroup);
    // Others who were there before must not be killed with the child.
    const isAlone = cgroup !== undefined && isEmptyCgroup(cgroup);
    const created = create(options, [ends[0].child, ends[1].child, ends[2].child]);
    pidfd = new Fd(created.pidfd);
    const [stdin, stdout, stderr] = ends.map(({ own }) => own);
    return new ChildProcess({
      pid: created.pid,
      ownPid: created.ownPid,
      pidfd,
      cgroup: cgroup === undefined ? undefined : OwnCgroup.enter(cgroup, isAlone),
      leadsGroup: Boolean(options.processGroup || options.newSession || options.terminal),
      stdin: stdin && adoptPipe(stdin, "write"),
      stdout: stdout && adoptPipe(stdout, "read"),
      stderr: stderr && adoptPipe(stderr, "read"),
    });
  } catch (error) {
    for (const { own } of ends) own?.close();
    // Nobody would see its end.
    if (pidfd) native.ipcx_signal(pidfd.number, SIGKILL);
    pidfd?.close();
    throw error;
  }
}
