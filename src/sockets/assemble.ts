/**
 * From what the kernel tells of each socket to entries that know their peers.
 *
 * @module
 */

import { UnixAddress } from "../core/address.ts";
import type { SocketHolder, SocketHolders } from "../core/socket_holders.ts";
import { type DiagSocket, SHUTDOWN, TCP } from "../core/unix_diag.ts";
import type { SocketEntry, SocketPeer, SocketState } from "./entry.ts";

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

type Queues = Pick<SocketEntry, "pending" | "backlog" | "receiveQueue" | "sendQueue" | "sendBuffer">;

/** What the two numbers of a socket's queues mean. */
function queuesOf({ state, receiveQueue, sendQueue, sendBuffer }: DiagSocket): Queues {
  if (receiveQueue === undefined || sendQueue === undefined) return {};
  if (state === TCP.LISTEN) return { pending: receiveQueue, backlog: sendQueue };
  return { receiveQueue, sendQueue, ...(sendBuffer !== undefined && { sendBuffer }) };
}

const NO_NAME = new Uint8Array();

function addressOf({ name }: DiagSocket): UnixAddress {
  return UnixAddress.fromKernel(name ?? NO_NAME);
}

function isFull({ pending, backlog, sendQueue, sendBuffer }: Queues): boolean {
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
  const everyProcess = holders?.isComplete ? [] : undefined;
  const processesOf = (inode: number): readonly SocketHolder[] | undefined =>
    holders?.byInode.get(inode) ?? everyProcess;
  const peerOf = ({ inode, peer }: DiagSocket): SocketPeer | undefined => {
    const other = peer || listeners.get(inode);
    if (!other) return undefined;
    const known = byInode.get(other);
    const processes = processesOf(other);
    return { inode: other, ...(known && { address: addressOf(known) }), ...(processes && { processes }) };
  };
  return networks.flatMap(({ network, sockets }) =>
    sockets.map((socket): SocketEntry => {
      const { inode, uid } = socket;
      const queues = queuesOf(socket);
      const peer = peerOf(socket);
      const processes = processesOf(inode);
      return {
        id: `${inode}-${socket.cookie.toString(16)}`,
        type: socket.type,
        state: stateOf(socket),
        address: addressOf(socket),
        inode,
        network,
        ...queues,
        isFull: isFull(queues),
        ...(uid !== undefined && { uid }),
        ...(peer && { peer }),
        ...(processes && { processes }),
      };
    })
  );
}
