/**
 * `ipcx sockets`: the Unix sockets of this host.
 *
 * @module
 */

import { userId, userNames } from "../core/accounts.ts";
import { UnixAddress } from "../core/address.ts";
import type { SocketEntry } from "../sockets/entry.ts";
import { findSockets, type ListSocketsOptions } from "../sockets/list_sockets.ts";
import { print } from "./output.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { jsonLine } from "./payload_text.ts";
import { SOCKET_ORDERS, SOCKET_STATES, SOCKET_TYPES } from "./sockets_table.ts";
import { columnsFor, rowOf, socketJson } from "./sockets_text.ts";
import { table } from "./text_table.ts";
import { oneOf, positive } from "./values.ts";

const KINDS = ["path", "abstract", "unnamed"] as const;

/** The status of a program that a broken pipe has ended. */
const BROKEN_PIPE = 128 + 13;

const ORDERS: Readonly<Record<typeof SOCKET_ORDERS[number], (one: SocketEntry, other: SocketEntry) => number>> = {
  address: () => 0,
  inode: (one, other) => one.inode - other.inode,
  recv: (one, other) => (other.pending ?? other.receiveQueue ?? 0) - (one.pending ?? one.receiveQueue ?? 0),
  send: (one, other) => (other.sendQueue ?? 0) - (one.sendQueue ?? 0),
};

function addressesFrom(words: readonly string[]): UnixAddress[] {
  return words.map((word) => {
    if (word.startsWith("fd:")) {
      throw new UsageError(`ADDR: '${word}': a descriptor is no name; --pid tells what a process has open`);
    }
    if (/^[^@/]+$/.test(word)) {
      throw new UsageError(`ADDR: '${word}' is no name: write ./${word} for a file, or @${word} for an abstract name`);
    }
    try {
      return UnixAddress.parse(word);
    } catch (error) {
      throw new UsageError(`ADDR: ${(error as Error).message}`);
    }
  });
}

/** What was given, or `undefined` if nothing was, which stands for all. */
function some<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}

function optionsFrom(args: Arguments): ListSocketsOptions {
  if (args.has("net") && args.has("all-nets")) throw new UsageError("--net and --all-nets exclude each other");
  const states = [
    ...args.all("state", oneOf(...SOCKET_STATES)),
    ...(["listening", "connected"] as const).filter((state) => args.has(state)),
  ];
  return {
    types: some(args.all("type", oneOf(...SOCKET_TYPES))),
    states: some(states),
    kinds: some(KINDS.filter((kind) => args.has(kind))),
    addresses: some(addressesFrom(args.words)),
    name: args.get("name"),
    pids: some(args.all("pid", positive)),
    uids: some(args.all("uid", userId)),
    full: args.has("full"),
    stale: args.has("stale"),
    network: args.get("net"),
    allNetworks: args.has("all-nets"),
    processes: !args.has("no-processes"),
    withoutOwn: true,
  };
}

function asText(sockets: readonly SocketEntry[], args: Arguments): string {
  const users = userNames();
  const hasNetworks = args.has("all-nets");
  const columns = columnsFor(hasNetworks);
  const rows = sockets.map((socket) => rowOf(socket, users, hasNetworks));
  const text = table(columns, rows);
  return args.has("no-header") ? text.slice(text.indexOf("\n") + 1) : text;
}

function asJson(sockets: readonly SocketEntry[]): string {
  const users = userNames();
  return sockets.map((socket) => jsonLine(socketJson(socket, users))).join("");
}

/** Whoever reads may have seen enough. */
function isBrokenPipe(error: unknown): boolean {
  return (error as Error).cause instanceof Deno.errors.BrokenPipe;
}

/**
 * Runs `ipcx sockets`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  const options = optionsFrom(args);
  const order = ORDERS[args.get("sort", oneOf(...SOCKET_ORDERS)) ?? "address"];
  try {
    if (args.has("watch")) {
      const { watch } = await import("./sockets_watch.ts");
      return await watch(options, order, args);
    }
    const { sockets, missing } = findSockets(options);
    const sorted = sockets.toSorted(order);
    print(args.has("json") ? asJson(sorted) : asText(sorted, args));
    const where = args.has("all-nets") ? "" : " in this network namespace";
    for (const address of missing) console.error(`ipcx sockets: ${address}: there is no such socket${where}`);
    return missing.length > 0 ? 1 : 0;
  } catch (error) {
    if (isBrokenPipe(error)) return BROKEN_PIPE;
    throw error;
  }
}
