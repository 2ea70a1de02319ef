/**
 * A Unix socket of this host, as it is told of.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import type { SocketType } from "../core/options.ts";
import type { SocketHolder } from "../core/socket_holders.ts";

/**
 * What a socket is ready for.
 *
 * - `listening`: others can connect to it.
 * - `pending`: connected, but the listener's owner has not accepted it yet.
 * - `connected`: it has a peer. For a datagram socket, the one that it sends to.
 * - `half-closed`: it has a peer, and one direction was shut down.
 * - `closing`: its peer has gone, or both directions were shut down; a listener that was shut down.
 * - `unconnected`: none of these. Datagram sockets that receive are, and sockets
 *   whose owner waits in connect(2) for room at a listener.
 */
export type SocketState = "listening" | "pending" | "connected" | "half-closed" | "closing" | "unconnected";

/**
 * What has become of the file that a socket was bound to.
 *
 * - `present`: the path leads to it.
 * - `gone`: nothing is there any more, so nobody can connect.
 * - `replaced`: another file is there.
 * - `unknown`: it was bound to a relative path, or by a process that we may not look at.
 */
export type BoundFileState = "present" | "gone" | "replaced" | "unknown";

/** The other end of a connection; of a socket that is pending, the listener. */
export interface SocketPeer {
  /** Its inode. */
  readonly inode: number;
  /** Its name; missing if it is in a network namespace that was not looked at. */
  readonly address?: UnixAddress;
  /** Who has it open, as for {@linkcode SocketEntry.processes}. */
  readonly processes?: readonly SocketHolder[];
}

/** A Unix socket of this host. */
export interface SocketEntry {
  /** What no other socket has until the next boot. */
  readonly id: string;
  /** Its type. */
  readonly type: SocketType;
  /** What it is ready for. */
  readonly state: SocketState;
  /** Its name. A socket that was accepted has the listener's. */
  readonly address: UnixAddress;
  /** What has become of its file, if its name is a path and processes were looked at. */
  readonly file?: BoundFileState;
  /** Its inode, as in `socket:[INODE]` of /proc/PID/fd. */
  readonly inode: number;
  /** The inode of its network namespace, as in `net:[INODE]` of /proc/PID/ns/net. */
  readonly network: number;
  /** The user that made it; missing before Linux 5.3. */
  readonly uid?: number;
  /** The other end; missing if there is none, or none any more. */
  readonly peer?: SocketPeer;
  /** Of a listener: how many connections wait to be accepted. */
  readonly pending?: number;
  /** Of a listener: how many may wait; one more than that gets in. */
  readonly backlog?: number;
  /**
   * Of others: the bytes that wait to be read. Of a datagram socket, those of the
   * first packet only.
   */
  readonly receiveQueue?: number;
  /** Of others: the memory, in bytes, of what it has sent and nobody has read. It is more than the bytes sent. */
  readonly sendQueue?: number;
  /** Of others: how much memory that may be (SO_SNDBUF). */
  readonly sendBuffer?: number;
  /**
   * Whether the next one has to wait: who connects to the listener, or who sends
   * with the socket.
   */
  readonly isFull: boolean;
  /**
   * Who has it open; none if it is in flight between processes, or the kernel's.
   * Missing if that was not looked at, or if nobody was found although there are
   * processes that we may not look at.
   */
  readonly processes?: readonly SocketHolder[];
}
