/**
 * Unix sockets of the host as rows of a table, and as JSON.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import type { SocketEntry } from "../sockets/entry.ts";
import type { SocketHolder } from "../core/socket_holders.ts";
import { payloadText, textOf } from "./payload_text.ts";
import type { Column, Row } from "./text_table.ts";

/** What stands for something that this user may not see. */
const UNSEEN = "-";
const NONE = "(none)";

/** Of processes, and of the descriptors of one: a socket that a whole family has inherited would fill the screen. */
const MOST_SHOWN = 4;

/** The names of users by their ids. */
export type UserNames = ReadonlyMap<number, string>;

/** The columns of a table of sockets, with that of the network namespace if there are several. */
export function columnsFor(hasNetworks: boolean): Column[] {
  return [
    ["TYPE", "left"],
    ["STATE", "left"],
    ["RECV-Q", "right"],
    ["SEND-Q", "right"],
    ["USER", "left"],
    ...(hasNetworks ? [["NET", "right"] as const] : []),
    ["INODE", "right"],
    ["ADDRESS", "left"],
    ["PEER", "left"],
    ["PROCESSES", "left"],
  ];
}

function addressText(address: UnixAddress): string {
  if (address.kind !== "path") return `${address}`;
  const text = payloadText(address.bytes);
  return text.includes("/") && !/^(@|fd:)/.test(text) ? text : `./${text}`;
}

function boundText({ address, file }: SocketEntry): string {
  return file === "gone" || file === "replaced" ? `${addressText(address)} (${file})` : addressText(address);
}

/** The descriptors of each process. */
function byProcess(holders: readonly SocketHolder[]): Map<string, number[]> {
  const processes = new Map<string, number[]>();
  for (const { command, pid, fd } of holders) {
    const process = `${command}[${pid}]`;
    processes.set(process, [...processes.get(process) ?? [], fd]);
  }
  return processes;
}

function shortened(list: readonly unknown[], separator: string): string {
  const rest = list.length - MOST_SHOWN;
  return [...list.slice(0, MOST_SHOWN), ...(rest > 0 ? [`+${rest}`] : [])].join(separator);
}

function processesText(holders: readonly SocketHolder[] | undefined): string {
  if (!holders) return UNSEEN;
  if (holders.length === 0) return NONE;
  const processes = Array.from(byProcess(holders), ([process, fds]) => `${process}:${shortened(fds, ",")}`);
  return shortened(processes, " ");
}

/** The name of the other end and who has it, or its inode if neither is known. */
function peerText({ state, peer }: SocketEntry): string {
  if (!peer) return state === "pending" ? UNSEEN : NONE;
  const parts = [
    ...(peer.address && peer.address.kind !== "unnamed" ? [addressText(peer.address)] : []),
    ...(peer.processes?.length ? [processesText(peer.processes)] : []),
  ];
  return parts.length > 0 ? parts.join(" ") : `inode ${peer.inode}`;
}

/**
 * Writes a socket as the cells of a row.
 *
 * @param socket The socket.
 * @param users The names of users.
 * @param hasNetworks Whether there is a column for its network namespace.
 * @returns The cells.
 */
export function rowOf(socket: SocketEntry, users: UserNames, hasNetworks: boolean): Row {
  const { type, state, uid, network, inode, processes } = socket;
  return [
    type,
    socket.isFull ? `${state}(full)` : state,
    `${socket.pending ?? socket.receiveQueue ?? UNSEEN}`,
    `${socket.backlog ?? socket.sendQueue ?? UNSEEN}`,
    uid === undefined ? UNSEEN : users.get(uid) ?? `${uid}`,
    ...(hasNetworks ? [`${network}`] : []),
    `${inode}`,
    boundText(socket),
    peerText(socket),
    processesText(processes),
  ];
}

/** As text; bytes that text cannot stand for are added in Base64. */
function addressJson(address: UnixAddress): Record<string, string> {
  const isText = address.kind !== "path" || textOf(address.bytes) !== undefined;
  return {
    ...(address.kind === "unnamed" ? {} : { address: `${address}` }),
    ...(isText ? {} : { addressBase64: address.bytes.toBase64() }),
  };
}

/**
 * Makes a value for JSON of a socket.
 *
 * @param socket The socket.
 * @param users The names of users.
 * @returns The same without objects that JSON does not know; what is not known is missing.
 */
export function socketJson(socket: SocketEntry, users: UserNames): Record<string, unknown> {
  const { id, type, state, address, file, uid, peer, ...others } = socket;
  const user = uid === undefined ? undefined : users.get(uid);
  return {
    id,
    type,
    state,
    kind: address.kind,
    ...addressJson(address),
    file,
    uid,
    user,
    ...others,
    ...(peer && { peer: { ...peer, address: undefined, ...(peer.address && addressJson(peer.address)) } }),
  };
}
