/**
 * The sockets of `ipcx send` and `ipcx recv`: connected, listening, or bound to a name.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import { lockDirectory } from "../core/directory_lock.ts";
import { check, SystemError } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { UnixListener } from "../core/listener.ts";
import { native } from "../core/native.ts";
import { setOption, type SocketType, typeNumber } from "../core/options.ts";
import { UnixSocket } from "../core/socket.ts";
import { bindSocket } from "../core/socket_file.ts";
import { closedAtSignals } from "./closed_at_signals.ts";
import { inTime } from "./in_time.ts";
import { asNoSocket } from "./no_socket.ts";
import { whenSomebodyListens } from "./waiting_connect.ts";

/** Where a socket is to lead, and how it comes about. */
export interface Meeting {
  /** Where. */
  address: UnixAddress;
  /** The sockets' type; what listens there says it if it is left out. */
  type?: SocketType;
  /** Whether to wait until somebody listens. */
  waits: boolean;
  /** The user id that the peer of a connection must have. */
  expectUid?: number;
  /** How long each wait may take, in milliseconds; `undefined` for ever. */
  timeout?: number;
  /** The permissions of a socket file that is made. */
  mode?: number;
  /** Is told what has come about. */
  tell: (text: string) => void;
}

/** A path knows which type listens there; an abstract name is one for each type. */
function isOfAnotherType(error: unknown, { kind }: UnixAddress): boolean {
  if (!(error instanceof SystemError) || error.syscall !== "connect") return false;
  return error.code === "EPROTOTYPE" || (kind === "abstract" && error.code === "ECONNREFUSED");
}

async function connectAs(
  { address, waits, timeout: limit, expectUid: peerUid }: Meeting,
  types: readonly SocketType[],
  signal?: AbortSignal,
): Promise<UnixSocket> {
  // Whoever says how long to wait means that for a full backlog, too.
  const timeout = waits || limit !== undefined ? Infinity : undefined;
  let failure: unknown;
  for (const type of types) {
    try {
      return await UnixSocket.connect(address, { type, timeout, signal, peerUid });
    } catch (error) {
      if (!isOfAnotherType(error, address)) throw error;
      failure = error;
    }
  }
  throw failure;
}

/**
 * Connects to whoever listens, or receives datagrams, at an address.
 *
 * @param meeting Where and how.
 * @param types What it may be, in the order in which that is tried, unless the meeting has a type.
 * @returns The socket, the caller's.
 * @throws {SystemError} As connect(2); EPROTOTYPE for a path if it is none of these.
 */
export async function connected(meeting: Meeting, types: readonly SocketType[]): Promise<UnixSocket> {
  const { address, type, waits, timeout, tell, expectUid } = meeting;
  const complaint = waits ? `nobody listened at ${address}` : `nobody took the connection at ${address}`;
  // Whose datagrams would go to is not known.
  const tried = type ? [type] : types.filter((one) => expectUid === undefined || one !== "dgram");
  try {
    const socket = await inTime(
      timeout,
      complaint,
      (signal) => whenSomebodyListens(waits, () => connectAs(meeting, tried, signal), signal),
    );
    tell(`connected to ${address} (${socket.type})`);
    return socket;
  } catch (error) {
    throw asNoSocket(address, error);
  }
}

/**
 * Listens.
 *
 * @param meeting Where and how.
 * @param opened What is closed in the end, and at signals.
 * @param passCredentials Whether messages come with their sender's credentials.
 * @returns The listener, which is among what is opened.
 * @throws {SystemError} EADDRINUSE if somebody listens there already.
 */
export function listening(
  { address, type: wanted, mode, tell }: Meeting,
  opened: DisposableStack,
  passCredentials: boolean,
): UnixListener {
  const type = wanted === "stream" ? "stream" : "seqpacket";
  const listener = opened.use(UnixListener.listen(address, { type, mode, passCredentials }));
  if (passCredentials) listener.setOption("passCredentials", true);
  tell(`listening at ${address} (${listener.type})`);
  return listener;
}

/** Others are turned away, and keep nobody from coming. */
async function acceptedOf(
  { expectUid, tell }: Meeting,
  listener: UnixListener,
  signal?: AbortSignal,
): Promise<UnixSocket> {
  for (;;) {
    const socket = await listener.accept({ signal });
    const { pid, uid } = socket.peerCredentials;
    if (expectUid === undefined || uid === expectUid) return socket;
    socket.close();
    tell(`turned away: pid ${pid}, uid ${uid}`);
  }
}

/**
 * Waits for one connection.
 *
 * @param meeting Where, and how long.
 * @param listener Who listens there.
 * @returns The connection, the caller's.
 */
export async function accepted(meeting: Meeting, listener: UnixListener): Promise<UnixSocket> {
  const { address, timeout, tell } = meeting;
  const socket = await inTime(
    timeout,
    `nobody connected to ${address}`,
    (signal) => acceptedOf(meeting, listener, signal),
  );
  const { pid, uid, gid } = socket.peerCredentials;
  tell(`connected: pid ${pid}, uid ${uid}, gid ${gid}`);
  return socket;
}

/**
 * Listens for one connection, and for no more than that.
 *
 * @param meeting Where and how.
 * @param passCredentials Whether messages come with their sender's credentials.
 * @returns The connection, the caller's.
 */
export async function acceptedOne(meeting: Meeting, passCredentials = false): Promise<UnixSocket> {
  using opened = new DisposableStack();
  using _closed = closedAtSignals(opened);
  return await accepted(meeting, listening(meeting, opened, passCredentials));
}

/**
 * Gives a datagram socket a name.
 *
 * @param address The name; the unnamed one for one that the kernel chooses.
 * @param options The permissions of its file; whether datagrams come with their
 * sender's credentials, from the first on.
 * @param opened What is closed in the end, and at signals.
 * @returns The socket, which is among what is opened.
 * @throws {SystemError} EADDRINUSE if somebody has the name.
 */
export function bound(
  address: UnixAddress,
  { mode, passCredentials = false }: { mode?: number; passCredentials?: boolean },
  opened: DisposableStack,
): UnixSocket {
  const fd = new Fd(check(native.ipcx_socket(typeNumber("dgram")), "socket"));
  using _alone = lockDirectory(address);
  try {
    if (passCredentials) setOption(fd.number, "passCredentials", true);
    const file = bindSocket(fd, address, { mode });
    // The file goes first: a name without a receiver looks like a crash to senders.
    const socket = opened.use(UnixSocket.fromFd(fd));
    if (file) opened.defer(() => file.remove());
    return socket;
  } catch (error) {
    fd.close();
    throw error;
  }
}
