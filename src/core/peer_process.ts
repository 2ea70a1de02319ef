/**
 * The process at the other end, held so that nobody else can pass for it.
 *
 * @module
 */

import type { Credentials } from "./credentials.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Fd } from "./fd.ts";
import { type Held, holdByNumber, holdPeerOf } from "./hold_process.ts";
import { OPEN } from "./linux.ts";
import type { Message } from "./message.ts";
import { hasEnded, sendSignal } from "./pidfd.ts";
import { type NamespaceKind, ProcessFolder } from "./process_folder.ts";
import { currentBootId, inodeOf, parseStat, type ProcessIdentity } from "./process_identity.ts";
import { parseProcessIds, type ProcessIds } from "./process_ids.ts";
import { Waiters } from "./waiters.ts";

/**
 * A process at the other end of a socket, held by its pidfd (pidfd_open(2)).
 *
 * A number is worth nothing for a check: between the look at it and the look at
 * the process, that may end and another one get its number. What this tells is
 * told of the process that is held, or it is an ESRCH error; a process that has
 * ended is never mixed up with a later one.
 *
 * What the kernel vouches for has its limits all the same:
 * - `uid` and `gid` are those at connect(2), listen(2) or socketpair(2), or at
 *   the time of sending; {@linkcode ids} are today's. Both may differ.
 * - The process may run another program by now, by execve(2): whoever connects
 *   and then becomes a program that you trust has that one's
 *   {@linkcode executable}. Decide on users and groups, or ask an executable
 *   only of those who cannot choose what they become.
 * - A descriptor can be shared with, or passed to, other processes. This is who
 *   connected, listened or made the pair, not who reads and writes now; only
 *   messages tell who sent them ({@linkcode ofMessage}).
 *
 * @example Who has connected, and when it ends
 * ```ts
 * import { PeerProcess, UnixListener, UnixSocket } from "ipcx";
 * import { assert, assertEquals } from "@std/assert";
 *
 * using listener = UnixListener.listen(`@example-${crypto.randomUUID()}`);
 * using client = await UnixSocket.connect(listener.address);
 * using server = await listener.accept();
 *
 * using peer = PeerProcess.of(server);
 * assertEquals([peer.pid, peer.uid], [Deno.pid, Deno.uid()]);
 * assert(peer.isAlive);
 * assertEquals(peer.executable, Deno.execPath());
 * ```
 */
export class PeerProcess implements Disposable {
  /** Its process id, 0 if it is in a pid namespace that is not to be seen from here; for people to read. */
  readonly pid: number;
  /** Its effective user id when it connected, listened or made the pair, or as it was sent. */
  readonly uid: number;
  /** Its effective group id at that time. */
  readonly gid: number;
  /** Its pidfd, which stays this object's. */
  readonly pidfd: Fd;
  /**
   * Whether the kernel says that this is the process. It does since Linux 6.5;
   * before, the process is found by its number, and another one of the same user
   * may have got that between the connection and this look at it.
   */
  readonly isVouchedFor: boolean;
  readonly #waiters: Waiters;
  #folder: ProcessFolder | undefined;

  private constructor({ pid, uid, gid }: Credentials, { pidfd, isVouchedFor }: Held) {
    this.pid = pid;
    this.uid = uid;
    this.gid = gid;
    this.pidfd = pidfd;
    this.isVouchedFor = isVouchedFor;
    this.#waiters = new Waiters(pidfd.number);
  }

  /**
   * Holds the process that connected, listened where we connected, or made the pair.
   *
   * @param socket A connected socket.
   * @returns The process, to be disposed of; the kernel still knows it when it has ended.
   * @throws {SystemError} ENODATA for a socket without a peer, and for datagrams; ESRCH on older kernels if it has ended.
   */
  static of(socket: Endpoint): PeerProcess {
    const credentials = socket.peerCredentials;
    return new PeerProcess(credentials, holdPeerOf(socket, credentials));
  }

  /**
   * Holds the process that sent a message: of a descriptor that several have, the
   * one that used it.
   *
   * It is who was claimed, if the sender has CAP_SYS_ADMIN and claimed to be another.
   *
   * @param message A message that came with credentials: set the options
   * `passCredentials` and `passPidfd` before it is sent.
   * @returns The process, to be disposed of; the message keeps its own pidfd.
   * @throws {TypeError} If the message came without credentials.
   * @throws {SystemError} ESRCH if it came without a pidfd, and its sender has ended or is not to be seen from here.
   */
  static ofMessage({ credentials, pidfd }: Message): PeerProcess {
    if (!credentials) {
      throw new TypeError("the message came without credentials: set passCredentials before it is sent");
    }
    const held = pidfd
      ? { pidfd: pidfd.duplicate(), isVouchedFor: true }
      : { pidfd: holdByNumber(credentials), isVouchedFor: false };
    return new PeerProcess(credentials, held);
  }

  /** Whether it has not ended yet; it may end before the answer is looked at. */
  get isAlive(): boolean {
    return !hasEnded(this.pidfd.number);
  }

  /**
   * Waits for its end, by an event and not by looking again and again.
   *
   * @param options A signal that ends the wait with its reason.
   * @returns A promise without a value, settled when it has ended.
   * @throws {ClosedError} If this is closed meanwhile.
   */
  ended(options: { signal?: AbortSignal } = {}): Promise<void> {
    return this.#waiters.ready("readable", options.signal);
  }

  get #files(): ProcessFolder {
    return this.#folder ??= ProcessFolder.open(this.pidfd);
  }

  /**
   * The program that it runs by now, as a path in its own mount namespace, with
   * ` (deleted)` behind it if the file is gone. Whoever may mount or write there
   * chooses what the path names: compare the file, by `open("exe")`.
   *
   * @throws {SystemError} ESRCH if it has ended, EACCES if it is another user's and we are not root.
   */
  get executable(): string {
    return this.#files.readLink("exe");
  }

  /**
   * Its arguments, as it shows them: it can write there what it likes.
   *
   * @throws {SystemError} ESRCH if it has ended.
   */
  get commandLine(): string[] {
    return this.#files.readText("cmdline").replace(/\0$/, "").split("\0");
  }

  /**
   * Its control group (v2), such as `"/system.slice/one.service"`, as seen from our cgroup namespace.
   *
   * @returns The group, or `undefined` where there is no cgroup v2.
   * @throws {SystemError} ESRCH if it has ended.
   */
  get cgroup(): string | undefined {
    return /^0::(.*)$/m.exec(this.#files.readText("cgroup"))?.[1];
  }

  /**
   * When it began, in clock ticks (100 a second) since the host was started.
   *
   * @throws {SystemError} ESRCH if it has ended.
   */
  get startTime(): number {
    return parseStat(this.#files.readText("stat")).startTime;
  }

  /**
   * The users and groups that it has by now.
   *
   * @throws {SystemError} ESRCH if it has ended.
   */
  get ids(): ProcessIds {
    return parseProcessIds(this.#files.readText("status"));
  }

  /**
   * What tells it from all others, those of the past and the future included, to be written down.
   *
   * @throws {SystemError} ESRCH if it has ended.
   */
  get identity(): ProcessIdentity {
    const { pid, startTime, pidfd } = this;
    return { pid, startTime, inode: inodeOf(pidfd.number), bootId: currentBootId() };
  }

  /**
   * Names a namespace that it is in.
   *
   * @param kind The kind.
   * @returns Such as `"net:[4026531840]"`: equal for processes in the same one.
   * @throws {SystemError} ESRCH if it has ended, EACCES if it is another user's and we are not root.
   */
  namespace(kind: NamespaceKind): string {
    return this.#files.readLink(`ns/${kind}`);
  }

  /**
   * Opens a file of its directory in /proc, for reading: `"exe"`, `"ns/net"`, `"status"`.
   *
   * @param name The file.
   * @returns The descriptor, owned by the caller.
   * @throws {SystemError} ESRCH if it has ended, EACCES if it is not to be looked into.
   */
  open(name: string): Fd {
    return this.#files.open(name, OPEN.READ);
  }

  /**
   * Sends it a signal; no other process can be hit.
   *
   * @param number The signal's number.
   * @returns Whether it was there to get it.
   * @throws {SystemError} EPERM if it is another user's, EINVAL if it is in a pid namespace that is not to be seen from here.
   */
  signal(number: number): boolean {
    return sendSignal(this.pidfd, number, this.pid);
  }

  /** Lets go of the process; does nothing the second time. */
  close(): void {
    if (!this.pidfd.isOpen) return;
    this.#waiters.close();
    this.#folder?.[Symbol.dispose]();
    this.pidfd.close();
  }

  /** Lets go of the process at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}
