/**
 * Unix sockets: streams, packets and datagrams, with descriptors and credentials.
 *
 * @module
 */

import { toAddress, type UnixAddress } from "./address.ts";
import type { PacketBatch } from "./batch.ts";
import { type ConnectOptions, connectSocket, insistOnPeer } from "./connect.ts";
import { lockDirectory } from "./directory_lock.ts";
import { nameSender } from "./empty_packets.ts";
import { Endpoint, unixTypeOf } from "./endpoint.ts";
import { check, ClosedError } from "./errors.ts";
import { Fd } from "./fd.ts";
import type { Message, Payload, ReceiveManyOptions, ReceiveOptions, SendOptions } from "./message.ts";
import { native } from "./native.ts";
import { type SocketType, typeNumber } from "./options.ts";
import { reach } from "./reach.ts";
import { Receiving } from "./receiving.ts";
import { Sending } from "./sending.ts";
import { bindSocket, type SocketFile, type SocketFileOptions } from "./socket_file.ts";
import { trafficOf } from "./traffic.ts";

/**
 * A connected Unix socket, or a bound datagram socket (unix(7)).
 *
 * It owns its descriptor. Every method that waits takes an `AbortSignal`, and
 * the process stays alive only while something is awaited.
 *
 * @example A packet with a descriptor in it
 * ```ts
 * import { UnixSocket } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [left, right] = UnixSocket.pair("seqpacket");
 * const [near, far] = UnixSocket.pair();
 * await left.send("take this", { fds: [far.fd] });
 * far.close();
 *
 * using message = (await right.receive())!;
 * assertEquals(message.text, "take this");
 * using other = UnixSocket.fromFd(message.takeFds()[0]);
 * await near.send("hello");
 * assertEquals((await other.receive())!.text, "hello");
 * for (const socket of [left, right, near]) socket.close();
 * ```
 */
export class UnixSocket extends Endpoint implements AsyncIterable<Message> {
  readonly #sending: Sending;
  readonly #receiving: Receiving;

  private constructor(fd: Fd, type: SocketType, file?: SocketFile) {
    super(fd, type, file);
    this.#sending = new Sending(fd, type, trafficOf(fd));
    this.#receiving = new Receiving(fd, type, trafficOf(fd));
  }

  /**
   * Makes two sockets that are connected to each other (socketpair(2)). Those of
   * packets get names that the kernel chooses: that is how an empty packet is
   * told from the end for the least effort.
   *
   * @param type The type of both, by default `"stream"`.
   * @returns Both ends.
   * @throws {SystemError} EMFILE or ENFILE at a limit of descriptors.
   */
  static pair(type: SocketType = "stream"): [UnixSocket, UnixSocket] {
    const ends = new Int32Array(2);
    check(native.ipcx_socketpair(typeNumber(type), ends), "socketpair");
    if (type === "seqpacket") { for (const end of ends) nameSender(end); }
    return [new UnixSocket(new Fd(ends[0]), type), new UnixSocket(new Fd(ends[1]), type)];
  }

  /**
   * Takes over a descriptor that is a Unix socket.
   *
   * @param fd The descriptor; the socket's from now on, but closed on failure.
   * @returns The socket.
   * @throws {SystemError} ENOTSOCK, or EAFNOSUPPORT for other sockets.
   */
  static fromFd(fd: Fd): UnixSocket {
    try {
      return new UnixSocket(fd, unixTypeOf(fd.number));
    } catch (error) {
      fd.close();
      throw error;
    }
  }

  /**
   * Connects to a listener, or a datagram socket to its peer.
   *
   * While the listener's backlog is full it tries again, until the time-out.
   *
   * @param address Where to: a path, an abstract name, or `fd:N` to take over a
   * connection that this process was started with.
   * @param options Type, time-out, signal, and whose listener it must be.
   * @returns The connected socket.
   * @throws {SystemError} ECONNREFUSED, ENOENT, EACCES, EPROTOTYPE, ETIMEDOUT, or EPERM for somebody else's listener.
   * @throws {TypeError} For `peerUid` with datagrams: the kernel does not tell whose they go to.
   */
  static async connect(address: UnixAddress | string, options: ConnectOptions = {}): Promise<UnixSocket> {
    const target = toAddress(address);
    if (target.kind === "fd") {
      const fd = Fd.inherit(target.fd);
      try {
        insistOnPeer(fd, target, options.peerUid);
      } catch (error) {
        fd.close();
        throw error;
      }
      return UnixSocket.fromFd(fd);
    }
    return new UnixSocket(await connectSocket(target, options), options.type ?? "stream");
  }

  /**
   * Makes a datagram socket with a name, which others can send to.
   *
   * @param address A path, an abstract name, or unnamed for one that the kernel chooses (autobind).
   * @param options Mode and owner of a socket file.
   * @returns The socket.
   * @throws {SystemError} EADDRINUSE if the name is taken.
   */
  static bound(address: UnixAddress | string, options: SocketFileOptions = {}): UnixSocket {
    const target = toAddress(address);
    const fd = new Fd(check(native.ipcx_socket(typeNumber("dgram")), "socket"));
    using _alone = lockDirectory(target);
    try {
      return new UnixSocket(fd, "dgram", bindSocket(fd, target, options));
    } catch (error) {
      fd.close();
      throw error;
    }
  }

  /**
   * Gives a datagram socket a peer: what is sent without saying where to goes
   * there, and nobody else can send to this socket any more, who gets EPERM.
   *
   * @param address The peer's name; there may have been another peer before.
   * @throws {SystemError} ECONNREFUSED or ENOENT if there is nobody, EACCES, EISCONN for other than datagram sockets.
   */
  connectTo(address: UnixAddress | string): void {
    const target = toAddress(address);
    using name = reach(target, "connect");
    check(native.ipcx_connect(this.number, name.bytes, name.bytes.length), "connect", { address: `${target}` });
  }

  /**
   * Takes a datagram socket's peer away: it receives from everybody again, and
   * sends only where it is told to.
   *
   * @throws {SystemError} EINVAL for other than datagram sockets.
   */
  disconnect(): void {
    check(native.ipcx_disconnect(this.number), "connect");
  }

  /**
   * Sends a message, waiting for room if need be.
   *
   * A stream takes all of the data, in as many pieces as it needs; credentials go
   * with the first, and so do descriptors: if these are more than one message
   * carries, a byte goes with each 253 of them. A packet or datagram is sent
   * whole; one that has nowhere to go waits for its receiver alone.
   *
   * @param data The bytes; text is sent as UTF-8, several buffers one behind the other.
   * @param options What goes along.
   * @returns The bytes sent, which are all.
   * @throws {RangeError} For more than 253 descriptors in a packet, or descriptors on a
   * stream without bytes to carry them: the kernel would lose them; for more than 1024 buffers.
   * @throws {SystemError} EPIPE, EMSGSIZE, ETOOMANYREFS, EPERM.
   */
  send(data: Payload, options: SendOptions = {}): Promise<number> {
    return this.#sending.send(data, options);
  }

  /**
   * Sends what can be sent at once.
   *
   * @param data The bytes, as for {@linkcode send}.
   * @param options What goes along, at most 253 descriptors; the signal is not looked at.
   * @returns The bytes sent, on a stream perhaps not all, or `undefined` if there is no room.
   * @throws {RangeError} As {@linkcode send}.
   * @throws {SystemError} As {@linkcode send}.
   */
  trySend(data: Payload, options: SendOptions = {}): number | undefined {
    return this.#sending.trySend(data, options);
  }

  /**
   * Sends all packets of a batch, waiting for room if need be (sendmmsg(2)).
   *
   * @param batch The packets, which must not change meanwhile; they stay in it.
   * @param options Where datagrams go to, and a signal that ends the wait: some have been sent then.
   * @returns A promise without a value.
   * @throws {TypeError} For a stream.
   * @throws {RangeError} For a packet that was truncated as it was received; those before it were sent.
   * @throws {SystemError} As {@linkcode send}, of the first packet that could not be sent; those before it were.
   */
  sendBatch(batch: PacketBatch, options: Pick<SendOptions, "to" | "signal"> = {}): Promise<void> {
    return this.#sending.sendBatch(batch, options);
  }

  /**
   * Sends the packets of a batch that can be sent at once.
   *
   * @param batch The packets; they stay in it.
   * @param options Which is the first, by default 0, and where datagrams go to.
   * @returns How many, or `undefined` if there is no room for one.
   * @throws {TypeError} For a stream.
   * @throws {RangeError} If there is no such packet, or if it was truncated as it was received.
   * @throws {SystemError} As {@linkcode send}, if it was the first packet that could not be sent.
   */
  trySendBatch(batch: PacketBatch, options: { from?: number; to?: UnixAddress | string } = {}): number | undefined {
    return this.#sending.trySendBatch(batch, options.from ?? 0, options.to);
  }

  /**
   * Sends one byte out of band, which the receiver can take ahead of all others
   * (MSG_OOB, Linux 5.15; streams only).
   *
   * @param byte The byte, 0–255.
   * @param options A signal that ends the wait for room.
   * @returns A promise without a value.
   * @throws {RangeError} If it is no byte.
   * @throws {SystemError} EOPNOTSUPP for packets and datagrams, and on kernels without it; EPIPE.
   */
  sendUrgent(byte: number, options: { signal?: AbortSignal } = {}): Promise<void> {
    return this.#sending.sendUrgent(byte, options.signal);
  }

  /**
   * Takes the byte that was sent out of band, waiting for it if need be.
   *
   * Until it was taken, {@linkcode receive} stops where it was sent; there it is
   * left out, and lost unless somebody has asked for such bytes before. Of several
   * that nobody took, the last counts; others that the kernel still has become
   * part of the data.
   *
   * @param options A signal that ends the wait with its reason.
   * @returns The byte.
   * @throws {SystemError} EOPNOTSUPP for packets and datagrams; EINVAL if
   * `urgentInline` is on; ENODATA if there is none and the peer sends nothing any more.
   */
  receiveUrgent(options: { signal?: AbortSignal } = {}): Promise<number> {
    return this.#receiving.urgent.receive(options.signal);
  }

  /**
   * Takes the byte that was sent out of band, if there is one.
   *
   * @returns The byte, or `undefined`.
   * @throws {SystemError} EOPNOTSUPP and EINVAL as {@linkcode receiveUrgent}.
   */
  tryReceiveUrgent(): number | undefined {
    return this.#receiving.urgent.tryReceive();
  }

  /**
   * Receives a message, waiting for it if need be.
   *
   * @param options How much to take, and where to.
   * @returns The message, whose descriptors are the caller's, or null at the
   * end of the connection. An empty packet is a message of no bytes.
   * @throws {RangeError} For limits out of their range.
   * @throws {TypeError} For `waitAll` on anything but a stream.
   * @throws {SystemError} ECONNRESET if the peer closed without reading all.
   */
  receive(options: ReceiveOptions = {}): Promise<Message | null> {
    return this.#receiving.receive(options);
  }

  /**
   * Receives what is there.
   *
   * @param options How much to take, and where to; the signal and `waitAll` are not looked at.
   * @returns The message, null at the end, or `undefined` if there is nothing yet.
   * @throws {RangeError} As {@linkcode receive}.
   * @throws {SystemError} As {@linkcode receive}.
   */
  tryReceive(options: ReceiveOptions = {}): Message | null | undefined {
    return this.#receiving.tryReceive(options);
  }

  /**
   * Receives the messages that are there, at least one, waiting for it if need be.
   *
   * One call for many costs less; on a stream, a message is what one read gives:
   * bytes up to and including those that descriptors came with. Small messages
   * share one buffer: transfer a copy of their data, not their buffer. Datagrams
   * do not tell which name they came from. A message whose descriptors were lost
   * is the last: those of the next may find room when some have been closed.
   *
   * @param options How many to take, and how much of each.
   * @returns The messages, whose descriptors are the caller's; none of them at the end of the connection.
   * @throws {RangeError} For limits out of their range.
   * @throws {SystemError} ECONNRESET if the peer closed without reading all.
   */
  receiveMany(options: ReceiveManyOptions = {}): Promise<Message[]> {
    return this.#receiving.receiveMany(options);
  }

  /**
   * Receives the messages that are there.
   *
   * @param options How many to take, and how much of each; the signal is not looked at.
   * @returns The messages, none of them at the end, or `undefined` if there is nothing yet.
   * @throws {RangeError} As {@linkcode receiveMany}.
   * @throws {SystemError} As {@linkcode receiveMany}.
   */
  tryReceiveMany(options: ReceiveManyOptions = {}): Message[] | undefined {
    return this.#receiving.tryReceiveMany(options);
  }

  /**
   * Receives the packets that are there into a batch, at least one, waiting for
   * it if need be (recvmmsg(2)): what costs least a packet.
   *
   * @param batch Where to put them; what was in it is gone.
   * @param options A signal that ends the wait with its reason.
   * @returns How many; 0 at the end of the connection.
   * @throws {TypeError} For a stream.
   * @throws {SystemError} ECONNRESET if the peer closed without reading all.
   */
  receiveBatch(batch: PacketBatch, options: { signal?: AbortSignal } = {}): Promise<number> {
    return this.#receiving.receiveBatch(batch, options.signal);
  }

  /**
   * Receives the packets that are there into a batch.
   *
   * @param batch Where to put them; what was in it is gone.
   * @returns How many, 0 at the end, or `undefined` if there is nothing yet.
   * @throws {TypeError} For a stream.
   * @throws {SystemError} As {@linkcode receiveBatch}.
   */
  tryReceiveBatch(batch: PacketBatch): number | undefined {
    return this.#receiving.tryReceiveBatch(batch);
  }

  /** Receives message after message until the end of the connection, or {@linkcode close}. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<Message> {
    while (this.fd.isOpen) {
      let message: Message | null;
      try {
        message = await this.receive();
      } catch (error) {
        if (error instanceof ClosedError) return;
        throw error;
      }
      if (message === null) return;
      yield message;
    }
  }

  /**
   * Ends one or both directions of a connection (shutdown(2)).
   *
   * @param how `"write"` lets the peer see the end of what was sent.
   * @throws {SystemError} ENOTCONN if there is no connection.
   */
  shutdown(how: "read" | "write" | "both"): void {
    check(native.ipcx_shutdown(this.number, { read: 0, write: 1, both: 2 }[how]), "shutdown");
  }

  /** Keeps the process alive while something is awaited, as is so at first. */
  override ref(): void {
    this.#sending.isReferenced = true;
    super.ref();
  }

  /** Lets the process end although something is awaited. */
  override unref(): void {
    this.#sending.isReferenced = false;
    super.unref();
  }

  /**
   * Gives the descriptor away; the socket cannot be used any more. A socket
   * file, if any, stays.
   *
   * @returns The descriptor, owned by the caller; nonblocking, unless it came to us otherwise.
   * @throws {ClosedError} If it was closed or given away before.
   */
  override release(): Fd {
    this.#sending.close();
    return super.release();
  }

  /** Closes the socket, removes its file, and ends every wait on it; does nothing the second time. */
  override close(): void {
    this.#sending.close();
    super.close();
  }
}
