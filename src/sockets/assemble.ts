/**
 * From what the kernel tells of each socket to entries that know their peers.
 *
 * @module
 */

import { UnixAddress } from "../core/address.ts";
import type { SocketHolder, SocketHolders } from "../core/socket_holders.ts";
import type { SocketEntry, SocketPeer, SocketState } from "./entry.ts";
import { type DiagSocket, SHUTDOWN, TCP } from "./unix_diag.ts";

/** The sockets of a network namespace. */
export interface NetworkSockets {
  /** The inode of the namespace. */
  network: number;
  /** Its sockets. */
  sockets: readonly DiagSocket[];
}

function stateOf({ type, state, shutdown, peer }: DiagSocket): SocketState {
  if (state === TCP.LISTEN) return shutdown & SHUTDOWN.RECEIVE ? "closing" : "listening";
  // A datagram socket that somebody else has connected to is established without a peer.
  if (peer === undefined) return shutdown === SHUTDOWN.BOTH ? "closing" : "unconnected";
  if (shutdown === SHUTDOWN.BOTH) return "closing";
  // A peer that is gone has shut down a connection; one that was not accepted yet has no inode.
  if (peer === 0) return type === "dgram" ? "closing" : "pending";
  return shutdown === 0 ? "connected" : "half-closed";
}

/** What the two numbers of a socket's queues mean. */
function queuesOf({ state, receiveQueue, sendQueue, sent, sendBuffer }: DiagSocket): Partial<SocketEntry> {
  if (state === TCP.LISTEN) return { pending: receiveQueue, backlog: sendQueue };
  return { receiveQueue, sendQueue: sendQueue ?? sent, sendBuffer };
}

function isFull({ pending, backlog, sendQueue, sendBuffer }: Partial<SocketEntry>): boolean {
  if (pending !== undefined && backlog !== undefined) return pending > backlog;
  return sendQueue !== undefined && sendBuffer !== undefined && sendQueue >= sendBuffer;
}

/** Who waits at which listener, by the inodes of those who wait. */
function listenersOf(sockets: readonly DiagSocket[]): Map<number, number> {
  const found = new Map<number, number>();
  for (const { inode, pending } of sockets) {
    for (const waiting of pending ?? []) found.set(waiting, inode);
  }
  return found;
}

/**
 * Makes entries of what the kernel has told.
 *
 * @param networks The sockets of each network namespace that was looked at.
 * @param holders Who has which open, if that was looked at.
 * @returns The entries, in the same order, without the states of their files.
 */
export function assemble(networks: readonly NetworkSockets[], holders?: SocketHolders): SocketEntry[] {
  const all = networks.flatMap(({ sockets }) => sockets);
  const byInode = new Map(all.map((socket) => [socket.inode, socket]));
  const listeners = listenersOf(all);
  const processesOf = (inode: number): readonly SocketHolder[] | undefined =>
    holders?.byInode.get(inode) ?? (holders?.isComplete ? [] : undefined);
  const peerOf = ({ inode, peer }: DiagSocket): SocketPeer | undefined => {
    const other = peer || listeners.get(inode);
    if (!other) return undefined;
    const known = byInode.get(other);
    const address = known && UnixAddress.fromKernel(known.name ?? new Uint8Array());
    return { inode: other, ...(address && { address }), ...defined({ processes: processesOf(other) }) };
  };
  return networks.flatMap(({ network, sockets }) =>
    sockets.map((socket): SocketEntry => {
      const queues = defined(queuesOf(socket));
      return {
        id: `${socket.inode}-${socket.cookie.toString(16)}`,
        type: socket.type,
        state: stateOf(socket),
        address: UnixAddress.fromKernel(socket.name ?? new Uint8Array()),
        inode: socket.inode,
        network,
        ...queues,
        isFull: isFull(queues),
        ...defined({ uid: socket.uid, peer: peerOf(socket), processes: processesOf(socket.inode) }),
      };
    })
  );
}

/** Without what is not known. */
function defined<T extends object>(parts: T): Partial<T> {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as Partial<T>;
}
