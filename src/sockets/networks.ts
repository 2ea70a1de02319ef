/**
 * Network namespaces to look into: those that processes are in, and those that
 * were given a name (ip-netns(8)).
 *
 * @module
 */

import { SystemError } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import { ERRNO, OPEN } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { openPath } from "../core/reach.ts";

/** CLONE_NEWNET, which is also the type that the file of such a namespace tells. */
const NETWORK = 0x40000000;

const NAMED_FOLDER = "/run/netns";
const OWN = "/proc/self/ns/net";

/** A network namespace, open until disposed of. */
export interface Network extends Disposable {
  /** Its inode. */
  readonly inode: number;
  /** Its descriptor; missing for this process's own, which nobody needs to join. */
  readonly fd?: Fd;
  /** Where it was found. */
  readonly path: string;
}

function inodeAt(path: string): number {
  return Deno.statSync(path).ino ?? 0;
}

/** The namespace that this process is in. */
export function ownNetwork(): Network {
  return { inode: inodeAt(OWN), path: OWN, [Symbol.dispose]() {} };
}

function open(path: string): Network {
  let fd: Fd;
  try {
    fd = openPath(path, OPEN.READ);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new SystemError("open", error.errno, { address: `${path} (net namespace)` });
  }
  if (native.ipcx_namespace_type(fd.number) !== NETWORK) {
    fd.close();
    throw new TypeError(`${path} is no network namespace`);
  }
  const inode = inodeAt(`/proc/self/fd/${fd.number}`);
  if (inode === inodeAt(OWN)) {
    fd.close();
    return ownNetwork();
  }
  return { inode, fd, path, [Symbol.dispose]: () => fd.close() };
}

/**
 * Opens a network namespace.
 *
 * @param where A process that is in it, its file, or its name below /run/netns.
 * @returns The namespace; dispose of it in the end.
 * @throws {SystemError} ENOENT if there is no such process or file, EACCES if it may not be looked at.
 * @throws {TypeError} For a file that is no network namespace.
 */
export function openNetwork(where: string | number): Network {
  if (/^\d+$/.test(`${where}`)) return open(`/proc/${where}/ns/net`);
  return open(`${where}`.includes("/") ? `${where}` : `${NAMED_FOLDER}/${where}`);
}

/** Where namespaces are to be found: of each process, and those with names. */
function places(): string[] {
  const pids = Array.from(Deno.readDirSync("/proc"), ({ name }) => name).filter((name) => /^\d+$/.test(name));
  let names: string[] = [];
  try {
    names = Array.from(Deno.readDirSync(NAMED_FOLDER), ({ name }) => `${NAMED_FOLDER}/${name}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return [...pids.map((pid) => `/proc/${pid}/ns/net`), ...names];
}

/** Whether a process has ended meanwhile, is another user's, or a file's namespace was taken from it. */
function isOutOfReach(error: unknown): boolean {
  if (error instanceof SystemError) {
    return ([ERRNO.ENOENT, ERRNO.ESRCH, ERRNO.EACCES] as number[]).includes(error.errno);
  }
  return error instanceof TypeError || error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.PermissionDenied;
}

/**
 * Opens every network namespace that a process is in that may be looked at, or
 * that has a name. One that only descriptors or mounts elsewhere keep is not found.
 *
 * @returns The namespaces, this process's own first; dispose of each.
 */
export function openAllNetworks(): Network[] {
  using stack = new DisposableStack();
  const found = [stack.use(ownNetwork())];
  const known = new Set([found[0].inode]);
  for (const place of places()) {
    try {
      if (known.has(inodeAt(place))) continue;
      const network = stack.use(open(place));
      if (known.has(network.inode)) continue;
      known.add(network.inode);
      found.push(network);
    } catch (error) {
      if (!isOutOfReach(error) && (error as { code?: string }).code !== "ESRCH") throw error;
    }
  }
  stack.move();
  return found;
}
