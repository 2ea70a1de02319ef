/**
 * Namespaces to join: found, opened and checked before anything is done, and put
 * in the order in which the kernel lets them be joined (setns(2)).
 *
 * @module
 */

import { check, SystemError } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { ERRNO, OPEN } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { type NamespaceKind, numberInProc, ProcessFolder } from "../core/process_folder.ts";
import { inodeOf } from "../core/process_identity.ts";
import { openPath } from "../core/reach.ts";

export type { NamespaceKind };

/** The kinds, with their CLONE_NEW flags, in the order in which they are joined. */
export const NAMESPACE_FLAGS: Readonly<Record<NamespaceKind, number>> = {
  user: 0x10000000,
  cgroup: 0x02000000,
  ipc: 0x08000000,
  uts: 0x04000000,
  net: 0x40000000,
  pid: 0x20000000,
  mnt: 0x00020000,
  time: 0x00000080,
};

/** All kinds. */
export const NAMESPACE_KINDS = Object.keys(NAMESPACE_FLAGS) as NamespaceKind[];

/** Where `ip netns` keeps named network namespaces. */
const NETNS_FOLDER = "/run/netns";

/** How a process's directory in /proc names a namespace that its children begin in. */
const FILE_NAMES: Partial<Record<NamespaceKind, string>> = { pid: "pid_for_children", time: "time_for_children" };

/** Which namespaces a process is started in; those not named stay the caller's. */
export interface Namespaces extends Partial<Record<NamespaceKind, string | number | true>> {
  /**
   * The process whose namespaces `true` and `all` mean: its pid, or `PID:INODE`
   * with the inode of its pidfd, which no later process has.
   */
  target?: number | string;
  /** All namespaces of the target. */
  all?: boolean;
}

/** An open namespace. */
export interface OpenNamespace {
  /** Its kind. */
  kind: NamespaceKind;
  /** The descriptor. */
  fd: Fd;
  /** Where it was found. */
  path: string;
}

/** The namespaces to join, open, in the order of joining. */
export interface OpenNamespaces extends Disposable {
  /** In this order; none that the caller is in already. */
  readonly list: readonly OpenNamespace[];
  /** The root directory of the process whose mount namespace it is, where a process was named. */
  readonly root?: Fd;
}

/** A process that is held on to: nothing that is read through it belongs to a later one with its pid. */
class Target implements Disposable {
  readonly pid: number;
  readonly folder: ProcessFolder;
  readonly #pidfd: Fd;

  constructor(target: number | string) {
    const [, digits, inode] = /^(\d{1,10})(?::(\d+))?$/.exec(`${target}`) ?? [];
    if (digits === undefined || Number(digits) === 0) {
      throw new TypeError(`'${target}' is no process: write PID or PID:INODE`);
    }
    this.pid = Number(digits);
    this.#pidfd = new Fd(check(native.ipcx_pidfd_open(this.pid), "pidfd_open", { pid: this.pid }));
    try {
      if (inode !== undefined) this.#insistOn(inode);
      this.#insistOnOwnProc();
      this.folder = ProcessFolder.open(this.#pidfd);
    } catch (error) {
      this.#pidfd.close();
      throw error;
    }
  }

  /** In /proc of another pid namespace somebody else has this pid. */
  #insistOnOwnProc(): void {
    const number = numberInProc(this.#pidfd);
    if (number < 0 || number === this.pid) return;
    throw new SystemError("open", ERRNO.ESRCH, {
      address: `/proc/${this.pid}/ns (/proc is mounted for another pid namespace)`,
    });
  }

  #insistOn(inode: string): void {
    if (inodeOf(this.#pidfd.number) === inode) return;
    throw new SystemError("pidfd_open", ERRNO.ESRCH, {
      address: `${this.pid}:${inode} (that pid is another process's by now)`,
    });
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
    this.#pidfd.close();
  }
}

function openFile(kind: NamespaceKind, where: string): OpenNamespace {
  const path = kind === "net" && !where.includes("/") ? `${NETNS_FOLDER}/${where}` : where;
  let fd: Fd;
  try {
    fd = openPath(path, OPEN.READ);
  } catch (error) {
    if (error instanceof SystemError) {
      throw new SystemError("open", error.errno, { address: `${path} (${kind} namespace)` });
    }
    throw error;
  }
  const type = native.ipcx_namespace_type(fd.number);
  if (type === NAMESPACE_FLAGS[kind]) return { kind, fd, path };
  fd.close();
  const other = NAMESPACE_KINDS.find((name) => NAMESPACE_FLAGS[name] === type);
  throw new TypeError(`${path} is ${other ? `of a ${other} namespace` : "no namespace"}, not of a ${kind} namespace`);
}

function ofProcess(kind: NamespaceKind, target: Target): OpenNamespace | undefined {
  const name = `ns/${kind}`;
  try {
    return { kind, fd: target.folder.open(name), path: target.folder.path(name) };
  } catch (error) {
    if (!(error instanceof SystemError && error.errno === ERRNO.ENOENT)) throw error;
    if (ownLink(kind) === undefined) return undefined;
    // The caller has such a namespace: only a process that has ended, and is not reaped yet, has none.
    throw new SystemError("open", ERRNO.ESRCH, { address: target.folder.path(name) });
  }
}

function isPid(where: string | number): boolean {
  return typeof where === "number" || /^\d+(:\d+)?$/.test(where);
}

/** This process's own; it joins no others, its children do. */
const ownLinks = new Map<NamespaceKind, string | undefined>();

function readOwnLink(kind: NamespaceKind): string | undefined {
  try {
    return Deno.readLinkSync(`/proc/self/ns/${FILE_NAMES[kind] ?? kind}`);
  } catch {
    return undefined;
  }
}

/** What the link to the namespace says that children of this process begin in; `undefined` if there is none. */
function ownLink(kind: NamespaceKind): string | undefined {
  if (!ownLinks.has(kind)) ownLinks.set(kind, readOwnLink(kind));
  return ownLinks.get(kind);
}

function isOwn({ kind, fd }: OpenNamespace): boolean {
  return ownLink(kind) === `${kind}:[${inodeOf(fd.number)}]`;
}

/** Whether a namespace belongs to a user namespace, or to one below it. */
function isOwnedBelow(namespace: OpenNamespace, user: string): boolean {
  let owner = native.ipcx_namespace_owner(namespace.fd.number);
  while (owner >= 0) {
    using held = new Fd(owner);
    if (inodeOf(held.number) === user) return true;
    owner = native.ipcx_namespace_owner(held.number);
  }
  return false;
}

/**
 * Puts namespaces in the order in which they can be joined.
 *
 * Whoever joins a user namespace gains all capabilities there and loses those
 * outside: what belongs to it, or to one below it, comes after it, and all else before.
 */
function inOrder(list: readonly OpenNamespace[]): OpenNamespace[] {
  const sorted = [...list].sort((one, other) =>
    NAMESPACE_KINDS.indexOf(one.kind) - NAMESPACE_KINDS.indexOf(other.kind)
  );
  const user = sorted.find(({ kind }) => kind === "user");
  if (!user) return sorted;
  const inode = inodeOf(user.fd.number);
  const others = sorted.filter((one) => one !== user);
  const after = others.filter((one) => isOwnedBelow(one, inode));
  return [...others.filter((one) => !after.includes(one)), user, ...after];
}

/**
 * Opens the namespaces to join.
 *
 * All are opened before any is joined, since paths vanish with the mount
 * namespace. Those that the caller is in already are left out.
 *
 * @param namespaces Which.
 * @returns The open namespaces in the order of joining; dispose of them when all is done.
 * @throws {SystemError} ENOENT, EACCES or ESRCH for a namespace or a process that is not there.
 * @throws {TypeError} For a file that is no namespace, or one of another kind.
 */
export function openNamespaces(namespaces: Namespaces): OpenNamespaces {
  using opened = new DisposableStack();
  using targets = new DisposableStack();
  const known = new Map<string, Target>();
  const targetOf = (target: number | string): Target => {
    const found = known.get(`${target}`) ?? targets.use(new Target(target));
    known.set(`${target}`, found);
    return found;
  };
  if (namespaces.target !== undefined) targetOf(namespaces.target);
  const list: OpenNamespace[] = [];
  let root: Fd | undefined;
  for (const kind of NAMESPACE_KINDS) {
    const where = namespaces[kind] ?? (namespaces.all ? true : undefined);
    if (where === undefined) continue;
    if (where === true && namespaces.target === undefined) {
      throw new TypeError(`whose ${kind} namespace? name a file, a pid, or a target`);
    }
    const pid = where === true ? namespaces.target : isPid(where) ? where : undefined;
    const namespace = pid === undefined ? openFile(kind, where as string) : ofProcess(kind, targetOf(pid));
    // A kernel without this kind of namespace has nothing to join.
    if (!namespace) {
      if (namespaces[kind] === undefined) continue;
      throw new SystemError("open", ERRNO.ENOENT, { address: targetOf(pid!).folder.path(`ns/${kind}`) });
    }
    opened.use(namespace.fd);
    if (pid !== undefined && kind === "mnt") root = opened.use(targetOf(pid).folder.open("root", OPEN.DIRECTORY));
    if (!isOwn(namespace)) list.push(namespace);
  }
  const held = opened.move();
  return { list: inOrder(list), root, [Symbol.dispose]: () => held.dispose() };
}
