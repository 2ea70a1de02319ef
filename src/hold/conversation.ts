/**
 * One connection to a holder, from the side of its client.
 *
 * @module
 */

import { isPeerGone, SystemError } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import { type JsonPacket, JsonPackets, PacketError } from "../core/json_packets.ts";
import type { UnixSocket } from "../core/socket.ts";
import { HoldError } from "./hold_error.ts";
import { type HoldReply, type HoldRequest, MAX_REPLY_BYTES, readReply } from "./protocol.ts";

/** A reply that says yes. */
type Granted = HoldReply & { ok: true };

/** Asks one thing after another. */
export class Conversation implements Disposable {
  readonly #packets: JsonPackets<HoldReply, HoldRequest>;
  readonly #address: string;
  readonly #signal: AbortSignal | undefined;

  /**
   * Asks nothing yet.
   *
   * @param socket The connection; the conversation's from now on.
   * @param address Where it leads, for those who are told of failures.
   * @param signal Ends the conversation with its reason.
   */
  constructor(socket: UnixSocket, address: string, signal: AbortSignal | undefined) {
    this.#packets = new JsonPackets(socket, { maxBytes: MAX_REPLY_BYTES, check: readReply });
    this.#address = address;
    this.#signal = signal;
  }

  /**
   * Asks for something.
   *
   * @param request What.
   * @param fds The descriptors that go along; they stay the caller's.
   * @param wanted How many are to come back.
   * @returns The reply with as many descriptors, the caller's.
   * @throws {HoldError} If it is not granted, or that is no holder.
   * @throws {SystemError} As recvmsg(2) and sendmsg(2).
   */
  async ask(request: HoldRequest, fds: readonly Fd[], wanted = 0): Promise<JsonPacket<Granted>> {
    try {
      await this.#packets.send(request, { fds, signal: this.#signal });
    } catch (error) {
      // Who is turned away at the door is told why nevertheless.
      if (!isPeerGone(error)) throw error;
    }
    const packet = await this.#reply();
    const { value, message } = packet;
    const count = message.fds.length;
    if (value.ok && count === wanted) return packet as JsonPacket<Granted>;
    packet[Symbol.dispose]();
    if (!value.ok) throw new HoldError(value.error, value.message);
    throw this.#noHolder(`it sent ${count} descriptors for ${wanted} names`);
  }

  async #reply(): Promise<JsonPacket<HoldReply>> {
    try {
      const packet = await this.#receive();
      if (packet) return packet;
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      if (error.reason !== "descriptors lost") throw this.#noHolder(error.message, error);
      throw new HoldError("lost", "there is no room for the descriptors here: RLIMIT_NOFILE is reached");
    }
    throw new HoldError("invalid", `the holder at ${this.#address} closed the connection without a reply`);
  }

  /** That the holder left what was sent unread comes before the reply that it left. */
  async #receive(): Promise<JsonPacket<HoldReply> | null> {
    try {
      return await this.#packets.receive({ signal: this.#signal });
    } catch (error) {
      if (!(error instanceof SystemError) || error.code !== "ECONNRESET") throw error;
      return await this.#packets.receive({ signal: this.#signal });
    }
  }

  #noHolder(what: string, cause?: Error): HoldError {
    return new HoldError("invalid", `what answers at ${this.#address} is no holder: ${what}`, { cause });
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    this.#packets.close();
  }
}
