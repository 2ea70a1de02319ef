/**
 * All Unix sockets of a network namespace, or of the host.
 *
 * @module
 */

import { toAddress, type UnixAddress } from "../core/address.ts";
import { KernelPort } from "../core/diag_port.ts";
import { askForSockets } from "../core/diag_questions.ts";
import { SystemError } from "../core/errors.ts";
import { findSocketHolders } from "../core/socket_holders.ts";
import type { DiagSocket } from "../core/unix_diag.ts";
import { assemble } from "./assemble.ts";
import { BoundFiles } from "./bound_file.ts";
import type { SocketEntry } from "./entry.ts";
import { byAddress, type Candidate, conditionOf, type SocketFilter } from "./filter.ts";
import { type Network, openAllNetworks, openNetwork, ownNetwork } from "./networks.ts";

/** Where to look, and what for. */
export interface ListSocketsOptions extends SocketFilter {
  /**
   * The network namespace to look into, by default this process's own: a process
   * that is in it, its file, or a name of ip-netns(8). Another one than one's own
   * takes CAP_SYS_ADMIN.
   */
  network?: string | number;
  /**
   * Whether to look into every network namespace that a process is in, or that
   * has a name, by default false. What this process may not look at is left out.
   */
  allNetworks?: boolean;
  /**
   * Whether to find out who has each socket open, by default true. That takes a
   * look at every descriptor of the host, and is done in any case for `pids` and
   * `stale`.
   */
  processes?: boolean;
  /** Whether to leave out the sockets that this process has opened itself, by default false. */
  withoutOwn?: boolean;
}

const O_CLOEXEC = 0o2000000;

/** The order of kinds of names in a list. */
const KINDS = ["path", "abstract", "unnamed"];

function openNetworks({ network, allNetworks }: ListSocketsOptions): Network[] {
  if (allNetworks) return openAllNetworks();
  return [network === undefined ? ownNetwork() : openNetwork(network)];
}

function socketsIn(network: Network): DiagSocket[] {
  try {
    using port = new KernelPort(network.fd);
    return askForSockets(port);
  } catch (error) {
    if (!(error instanceof SystemError && error.syscall === "setns")) throw error;
    throw new SystemError(error.syscall, error.errno, { address: `${network.path} (net namespace)` });
  }
}

/** The inodes of the sockets that the runtime or the program has opened: those that were passed on to it are kept on exec. */
function ownInodes(): Set<number> {
  const own = new Set<number>();
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(Deno.readLinkSync(`/proc/self/fd/${name}`)) ?? [];
      if (inode === undefined) continue;
      const [, flags] = /^flags:\s+([0-7]+)$/m.exec(Deno.readTextFileSync(`/proc/self/fdinfo/${name}`)) ?? [];
      if (parseInt(flags, 8) & O_CLOEXEC) own.add(Number(inode));
    } catch {
      // Closed meanwhile.
    }
  }
  return own;
}

function compareBytes(one: Uint8Array, other: Uint8Array): number {
  for (let at = 0; at < one.length && at < other.length; at++) {
    if (one[at] !== other[at]) return one[at] - other[at];
  }
  return one.length - other.length;
}

/** By name, those without one last; a listener before those that it accepted. */
function compare(one: SocketEntry, other: SocketEntry): number {
  return KINDS.indexOf(one.address.kind) - KINDS.indexOf(other.address.kind) ||
    compareBytes(one.address.bytes, other.address.bytes) ||
    Number(other.pending !== undefined) - Number(one.pending !== undefined) ||
    one.inode - other.inode;
}

/** All sockets of the namespaces; the kernel is asked first, so that processes are found that have just got one. */
function look(options: ListSocketsOptions): { candidates: Candidate[]; seesProcesses: boolean } {
  using stack = new DisposableStack();
  const networks = openNetworks(options);
  for (const network of networks) stack.use(network);
  const found = networks.map((network) => ({ network: network.inode, sockets: socketsIn(network) }));
  const seesProcesses = options.processes !== false || options.pids !== undefined || options.stale === true;
  const entries = assemble(found, seesProcesses ? findSocketHolders() : undefined);
  const files = found.flatMap(({ sockets }) => sockets.map(({ file }) => file));
  return { candidates: entries.map((entry, at) => ({ entry, file: files[at] })), seesProcesses };
}

/** What was found, and what was not. */
export interface FoundSockets {
  /** The sockets. */
  sockets: SocketEntry[];
  /** The addresses that none of them has. */
  missing: UnixAddress[];
}

/** What becomes of the sockets' files is looked at only where processes are: paths are theirs. */
function withFiles(candidates: readonly Candidate[], files: BoundFiles): SocketEntry[] {
  return candidates.map(({ entry, file }): SocketEntry => {
    const state = files.stateOf(entry.address, file, entry.processes ?? []);
    return state ? { ...entry, file: state } : entry;
  });
}

function isStale({ file }: SocketEntry): boolean {
  return file === "gone" || file === "replaced";
}

/**
 * Lists sockets, and the addresses that were looked for in vain.
 *
 * @param options As for {@linkcode listSockets}, which throws the same.
 * @returns What was found, and what was not.
 */
export function findSockets(options: ListSocketsOptions): FoundSockets {
  const files = new BoundFiles();
  const isWanted = conditionOf(options);
  const addresses = options.addresses?.map(toAddress);
  const named = addresses?.map((address) => ({ address, fits: byAddress(address, files) }));
  const { candidates, seesProcesses } = look(options);
  const own = options.withoutOwn ? ownInodes() : new Set();
  const fitting = candidates.filter((one) => !own.has(one.entry.inode) && isWanted(one));
  const chosen = named ? fitting.filter((one) => named.some(({ fits }) => fits(one))) : fitting;
  chosen.sort((one, other) => compare(one.entry, other.entry));
  const entries = seesProcesses ? withFiles(chosen, files) : chosen.map(({ entry }) => entry);
  return {
    sockets: options.stale ? entries.filter(isStale) : entries,
    missing: (named ?? []).filter(({ fits }) => !chosen.some(fits)).map(({ address }) => address),
  };
}

/**
 * Lists the Unix sockets of this network namespace, or of another one, as the
 * kernel has them (sock_diag(7)).
 *
 * The list is none of a single instant. Abstract names count only in their network
 * namespace; a socket that was accepted is in the one of its client, wherever
 * its listener is. Of processes only those are seen that we may look at: all for
 * root, for others their own.
 *
 * @param options Where to look, and which sockets are wanted; by default all.
 * @returns The sockets by name, path names first and those without a name last;
 * nothing of them is kept open.
 * @throws {SystemError} ENOENT where the kernel cannot list Unix sockets; for
 * another network namespace ENOENT, EACCES or EPERM.
 * @throws {TypeError} For a file that is no network namespace.
 * @throws {AddressError} For an address that is none.
 *
 * @example Who listens here, and whether somebody waits
 * ```ts
 * import { listSockets, UnixListener } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const address = `@example-${crypto.randomUUID()}`;
 * using listener = UnixListener.listen(address, { backlog: 8 });
 * const [socket] = listSockets({ addresses: [address] });
 * assertEquals([socket.state, socket.pending, socket.backlog], ["listening", 0, 8]);
 * assertEquals(socket.processes?.map(({ pid }) => pid), [Deno.pid]);
 * ```
 */
export function listSockets(options: ListSocketsOptions = {}): SocketEntry[] {
  return findSockets(options).sockets;
}
