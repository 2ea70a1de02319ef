/**
 * What clients may ask of a holder, done.
 *
 * @module
 */

import { closeAll, type Fd } from "../core/fd.ts";
import type { Message } from "../core/message.ts";
import type { HoldAccess, HoldOperation } from "./access.ts";
import type { HolderCounts } from "./counts.ts";
import { describeHeld, type HeldDescriptor } from "./held_descriptor.ts";
import { HoldError } from "./hold_error.ts";
import type { Held, Inventory } from "./inventory.ts";
import type { HoldReply, HoldRequest } from "./protocol.ts";

/** About how many bytes of JSON a list has, before the rest waits for the next request. */
const PAGE_BYTES = 64 * 1024;

/** Who asks. */
export interface HoldPeer {
  /** Its process id, for the log. */
  readonly pid: number;
  /** Its user. */
  readonly uid: number;
  /** Its group. */
  readonly gid: number;
  /** Its supplementary groups. */
  readonly groups: readonly number[];
}

/** What a client gets. */
export interface Outcome {
  /** The reply. */
  reply: HoldReply;
  /** The descriptors that go along; they stay the holder's. */
  fds: readonly Fd[];
  /** What is to be done once it has them. */
  afterwards?: () => void;
}

/** What operations are done with. */
export interface OperationsContext {
  /** What is held. */
  inventory: Inventory;
  /** What is counted. */
  counts: HolderCounts;
  /** Who may do what now. */
  readonly access: HoldAccess;
  /** How long to hold what comes without a time, in milliseconds; 0 for ever. */
  expire: number;
  /** How the holder is. */
  readonly status: HoldReply & { ok: true };
}

const encoder = new TextEncoder();

function bytesOf(entry: HeldDescriptor): number {
  return encoder.encode(JSON.stringify(entry)).length;
}

/** Does what clients ask for, if they may. */
export class Operations {
  readonly #context: OperationsContext;

  /**
   * Prepares for requests.
   *
   * @param context What they are done with.
   */
  constructor(context: OperationsContext) {
    this.#context = context;
  }

  /**
   * Does what a client asks for: all of it, or nothing.
   *
   * @param request What it asks for.
   * @param peer Who it is.
   * @param message What came with the request; descriptors that are not wanted stay in it.
   * @returns What it gets.
   * @throws {HoldError} If it gets nothing.
   */
  perform(request: HoldRequest, peer: HoldPeer, message: Message): Outcome {
    if (request.op === "store") return this.#store(request, peer, message);
    if (message.fds.length > 0) throw new HoldError("invalid", `${request.op} takes no descriptors`);
    switch (request.op) {
      case "retrieve":
        return this.#retrieve(request.names, peer);
      case "take":
        return this.#take(request.names, peer);
      case "drop":
        return this.#drop(request.names, peer);
      case "list":
        return this.#list(request.after, peer);
      case "status":
        if (!this.#allows(peer, "status")) throw new HoldError("denied", `uid ${peer.uid} may not ask for the status`);
        return { reply: this.#context.status, fds: [] };
    }
  }

  #allows({ uid, gid, groups }: HoldPeer, op: HoldOperation, name?: string): boolean {
    const owner = name === undefined ? undefined : this.#context.inventory.get(name)?.uid;
    return this.#context.access.allows({ uid, gid, groups, op, name, owner });
  }

  #insistOn(peer: HoldPeer, op: HoldOperation, names: readonly string[]): void {
    const denied = names.find((name) => !this.#allows(peer, op, name));
    if (denied !== undefined) throw new HoldError("denied", `uid ${peer.uid} may not ${op} '${denied}'`);
  }

  #find(names: readonly string[]): Held[] {
    return names.map((name) => {
      const held = this.#context.inventory.get(name);
      if (!held) throw new HoldError("absent", `nothing is held under '${name}'`);
      return held;
    });
  }

  #store(request: HoldRequest & { op: "store" }, peer: HoldPeer, message: Message): Outcome {
    const { names, replace, expire } = request;
    const { inventory, counts } = this.#context;
    const count = message.fds.length;
    if (count !== names.length) {
      throw new HoldError("invalid", `store has ${names.length} names and ${count} descriptors`);
    }
    this.#insistOn(peer, "store", names);
    const taken = replace ? undefined : names.find((name) => inventory.get(name));
    if (taken !== undefined) throw new HoldError("taken", `something is held under '${taken}' already`);
    const fds = message.takeFds();
    try {
      inventory.put(names.map((name, at) => ({ name, fd: fds[at] })), peer.uid, expire ?? this.#context.expire);
    } catch (error) {
      closeAll(fds);
      throw error;
    }
    counts.stored += count;
    return { reply: { ok: true }, fds: [] };
  }

  #retrieve(names: readonly string[], peer: HoldPeer): Outcome {
    this.#insistOn(peer, "retrieve", names);
    const fds = this.#find(names).map(({ fd }) => fd);
    return { reply: { ok: true }, fds, afterwards: () => void (this.#context.counts.retrieved += fds.length) };
  }

  /** Nothing is dropped before the client has it. */
  #take(names: readonly string[], peer: HoldPeer): Outcome {
    this.#insistOn(peer, "drop", names);
    const { reply, fds, afterwards } = this.#retrieve(names, peer);
    return {
      reply,
      fds,
      afterwards: () => {
        afterwards!();
        this.#letGo(names);
      },
    };
  }

  #drop(names: readonly string[], peer: HoldPeer): Outcome {
    this.#insistOn(peer, "drop", names);
    this.#find(names);
    this.#letGo(names);
    return { reply: { ok: true }, fds: [] };
  }

  #letGo(names: readonly string[]): void {
    const { inventory, counts } = this.#context;
    for (const name of names) if (inventory.remove(name)) counts.dropped++;
  }

  #list(after: string | undefined, peer: HoldPeer): Outcome {
    const { inventory } = this.#context;
    const held: HeldDescriptor[] = [];
    let room = PAGE_BYTES;
    for (const name of inventory.names) {
      if ((after !== undefined && name <= after) || !this.#allows(peer, "list", name)) continue;
      if (room <= 0) return { reply: { ok: true, held, more: true }, fds: [] };
      const entry = describeHeld(inventory.get(name)!);
      held.push(entry);
      room -= bytesOf(entry);
    }
    return { reply: { ok: true, held }, fds: [] };
  }
}
