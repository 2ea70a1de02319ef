/**
 * The new process's side: asking whoever serves at an address for all that it has.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import type { Credentials } from "../core/credentials.ts";
import type { FileIdentity } from "../core/directory_entry.ts";
import { isPeerGone, SystemError } from "../core/errors.ts";
import { closeAll, type Fd } from "../core/fd.ts";
import { type JsonPacket, JsonPackets, PacketError } from "../core/json_packets.ts";
import { UnixListener } from "../core/listener.ts";
import { UnixSocket } from "../core/socket.ts";
import { HandoverError } from "./errors.ts";
import type { Settings } from "./options.ts";
import { checkReply, MAX_PACKET_BYTES, type Reply, type Request, VERSION } from "./packets.ts";
import { unpackState } from "./state.ts";

/** The connection to the old process. */
type Link = JsonPackets<Reply, Request>;

/**
 * Receives a packet, or null at the end. Whoever closes without having read all
 * resets the connection, which the kernel tells before what was said last.
 */
async function receive(link: Link, signal: AbortSignal): Promise<JsonPacket<Reply> | null> {
  try {
    return await link.receive({ signal });
  } catch (error) {
    if (!isPeerGone(error)) throw error;
    return await link.receive({ signal });
  }
}

/** Sends a packet; an old process that has gone may have said why. */
async function say(link: Link, request: Request, signal: AbortSignal): Promise<void> {
  try {
    await link.send(request, { signal });
  } catch (error) {
    if (!isPeerGone(error)) throw error;
  }
}

/** A time limit beside the caller's signal, told as a {@linkcode HandoverError}. */
async function within<Value>(
  { timeout, signal }: Settings,
  complaint: string,
  run: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const late = AbortSignal.timeout(timeout);
  try {
    return await run(signal ? AbortSignal.any([signal, late]) : late);
  } catch (error) {
    const isLate = error === late.reason || (error instanceof SystemError && error.code === "ETIMEDOUT");
    if (isLate) throw new HandoverError("timeout", `${complaint} within ${timeout} ms`, error);
    if (error instanceof PacketError) throw new HandoverError("protocol", error.message, error);
    throw error;
  }
}

function isNobodyThere(error: unknown): boolean {
  return error instanceof SystemError && error.syscall === "connect" &&
    (error.code === "ECONNREFUSED" || error.code === "ENOENT");
}

/** Passes on what is not a refusal. */
function unlessRefused(reply: Reply): Exclude<Reply, { type: "refuse" }> {
  if (reply.type === "refuse") throw new HandoverError(reply.reason, `the old process refused: ${reply.message}`);
  return reply;
}

/** All that an old process has passed on, and the connection by which it is told to let go. */
export class Inheritance implements Disposable {
  /** Who passed it on. */
  readonly predecessor: Credentials;
  /** The listener for handovers. */
  readonly listener: UnixListener;
  /** Its socket file. */
  readonly file: FileIdentity | null;
  /** What the old process let this one know. */
  readonly state: unknown;
  /** The descriptors that nobody took yet. */
  readonly fds: Map<string, Fd>;
  readonly #link: Link;

  private constructor(link: Link, predecessor: Credentials, offer: Offer, fds: Map<string, Fd>) {
    this.#link = link;
    this.predecessor = predecessor;
    this.listener = offer.listener;
    this.file = offer.file;
    this.state = offer.state;
    this.fds = fds;
  }

  /**
   * Asks for it.
   *
   * @param address Where the old process listens.
   * @param settings Time-outs, who is trusted.
   * @returns What it has passed on, or `undefined` if nobody is there, or no more.
   * @throws {HandoverError} If it refuses, or is not to be trusted.
   * @throws {SystemError} EACCES and the like.
   */
  static async ask(address: UnixAddress, settings: Settings): Promise<Inheritance | undefined> {
    return await within(settings, "the old process did not answer", async (signal) => {
      let socket: UnixSocket;
      try {
        socket = await UnixSocket.connect(address, { type: "seqpacket", timeout: settings.timeout, signal });
      } catch (error) {
        if (isNobodyThere(error)) return undefined;
        throw error;
      }
      const link: Link = new JsonPackets(socket, { maxBytes: MAX_PACKET_BYTES, check: checkReply });
      let inheritance: Inheritance | undefined;
      try {
        return inheritance = await Inheritance.#receive(link, settings, signal);
      } finally {
        if (!inheritance) link.close();
      }
    });
  }

  static async #receive(link: Link, settings: Settings, signal: AbortSignal): Promise<Inheritance | undefined> {
    // The ids of whoever listened first: who sends may be a program with more rights that was tricked into it.
    const owner = link.socket.peerCredentials;
    if (!settings.allow(owner)) {
      throw new HandoverError(
        "not allowed",
        `user ${owner.uid} has listened there first, whom this one does not trust`,
      );
    }
    link.socket.setOption("passCredentials", true);
    await say(link, { type: "ask", version: VERSION }, signal);
    using first = await receive(link, signal);
    if (!first) return undefined;
    const offered = unlessRefused(first.value);
    if (offered.type !== "offer") throw new HandoverError("protocol", "the old process did not begin with an offer");
    const fds = new Map<string, Fd>();
    let offer: Offer | undefined;
    try {
      while (fds.size < offered.count) {
        using packet = await receive(link, signal);
        if (!packet) return undefined;
        takeDescriptors(packet, fds);
      }
      offer = takeOffer(first, offered, settings.maxStateBytes);
      return new Inheritance(link, first.message.credentials ?? owner, offer, fds);
    } finally {
      if (!offer) closeAll(fds.values());
    }
  }

  /**
   * Says that this process is ready, and waits until the old one has let go.
   *
   * @param settings The time-out.
   * @returns A promise without a value; also if the old process has died, whose place this one takes then.
   * @throws {HandoverError} `"late"` if it did not wait any longer, `"timeout"` if it does not answer: it serves on.
   */
  async claim(settings: Settings): Promise<void> {
    try {
      await within(settings, "the old process did not let go", async (signal) => {
        await say(this.#link, { type: "ready" }, signal);
        using packet = await receive(this.#link, signal);
        if (!packet) return;
        const { type } = unlessRefused(packet.value);
        if (type !== "yours") throw new HandoverError("protocol", "the old process did not say that all is ours");
      });
    } catch (error) {
      if (!this.#hasBeenLetGo()) throw error;
    }
    this.#link.close();
  }

  /**
   * Whether the old process has let go although the wait for that has ended: nobody
   * would serve if this one gave up. From now on it cannot say so any more.
   */
  #hasBeenLetGo(): boolean {
    try {
      this.#link.socket.shutdown("read");
      using message = this.#link.socket.tryReceive({ maxFds: 0 });
      return message ? checkReply(JSON.parse(message.text)).type === "yours" : false;
    } catch {
      return false;
    }
  }

  /** Closes what nobody took, and the connection: the old process serves on, unless it was told otherwise. */
  [Symbol.dispose](): void {
    this.#link.close();
    closeAll(this.fds.values());
    this.fds.clear();
  }
}

/** What came with the first packet. */
interface Offer {
  readonly listener: UnixListener;
  readonly file: FileIdentity | null;
  readonly state: unknown;
}

function takeOffer(
  packet: JsonPacket<Reply>,
  { state, file }: Extract<Reply, { type: "offer" }>,
  maxStateBytes: number,
): Offer {
  const [, stateFd] = packet.message.fds;
  const known = unpackState(state, stateFd, maxStateBytes);
  const fd = packet.message.takeFd();
  if (!fd) throw new HandoverError("protocol", "an offer without its listener");
  let listener: UnixListener | undefined;
  try {
    listener = UnixListener.fromFd(fd);
  } catch (cause) {
    throw new HandoverError(
      "protocol",
      `an offer of something that does not listen: ${(cause as Error).message}`,
      cause,
    );
  }
  if (listener.type === "seqpacket") return { listener, file, state: known };
  listener.close();
  throw new HandoverError("protocol", `an offer of a listener for ${listener.type} sockets, expected seqpacket`);
}

function takeDescriptors(packet: JsonPacket<Reply>, fds: Map<string, Fd>): void {
  const reply = unlessRefused(packet.value);
  if (reply.type !== "descriptors") throw new HandoverError("protocol", `'${reply.type}' in the middle of an offer`);
  const { names } = reply;
  const isNew = names.every((name, at) => !fds.has(name) && names.indexOf(name) === at);
  if (names.length === 0 || names.length !== packet.message.fds.length || !isNew) {
    throw new HandoverError("protocol", `${packet.message.fds.length} descriptors with ${names.length} names`);
  }
  for (const [at, fd] of packet.message.takeFds().entries()) fds.set(names[at], fd);
}
