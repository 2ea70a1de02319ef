/**
 * `ipcx sockets --watch`: what comes, changes and goes.
 *
 * @module
 */

import { userNames } from "../core/accounts.ts";
import type { SocketEntry } from "../sockets/entry.ts";
import type { ListSocketsOptions } from "../sockets/list_sockets.ts";
import { type SocketChange, watchSockets } from "../sockets/watch_sockets.ts";
import { printInTurn } from "./output.ts";
import type { Arguments } from "./parse.ts";
import { jsonLine } from "./payload_text.ts";
import { columnsFor, rowOf, socketJson, type UserNames } from "./sockets_text.ts";
import { type Row, rowWriter } from "./text_table.ts";
import { duration } from "./values.ts";

const ENDING = ["SIGINT", "SIGTERM"] as const;

/** What stands before the row of a socket. */
const SIGNS: Readonly<Record<SocketChange["event"], string>> = { here: "  ", came: "+ ", changed: "~ ", went: "- " };

/** Wide cells. */
const LIKELY: Readonly<Record<string, string>> = {
  TYPE: "seqpacket",
  STATE: "unconnected",
  USER: "www-data",
  INODE: "1000000000",
  ADDRESS: "/run/systemd/journal/stdout",
};

type Writer = (changes: readonly SocketChange[]) => string;

function intervalFrom(text: string): number {
  const interval = duration(text === "" ? "1s" : text);
  if (interval === 0) throw new Error("1ms is the least");
  return interval;
}

function jsonWriter(users: UserNames): Writer {
  return (changes) => {
    const time = new Date().toISOString();
    return changes.map(({ event, socket }) => jsonLine({ event, time, ...socketJson(socket, users) })).join("");
  };
}

/** The first rows decide how wide the columns are, and where there is none, what is likely to come. */
function textWriter(users: UserNames, args: Arguments): Writer {
  const hasNetworks = args.has("all-nets");
  const columns = columnsFor(hasNetworks);
  let write: ((row: Row) => string) | undefined;
  return (changes) => {
    const rows = changes.map(({ socket }) => rowOf(socket, users, hasNetworks));
    const lines = [];
    if (!write) {
      const headings = columns.map(([heading]) => heading);
      const likely = columns.map(([heading]) => LIKELY[heading] ?? "");
      write = rowWriter(columns, [headings, likely, ...rows]);
      if (!args.has("no-header")) lines.push(`  ${write(headings)}`);
    }
    const writeRow = write;
    return [...lines, ...rows.map((row, at) => SIGNS[changes[at].event] + writeRow(row))].join("");
  };
}

/**
 * Tells what comes, changes and goes until SIGINT or SIGTERM.
 *
 * @param options What to watch.
 * @param order The order of those that are there at first.
 * @param args The arguments: `--watch`, `--json`, `--all-nets`, `--no-header`.
 * @returns The exit status.
 * @throws {Error} If nobody reads it any more.
 */
export async function watch(
  options: ListSocketsOptions,
  order: (one: SocketEntry, other: SocketEntry) => number,
  args: Arguments,
): Promise<number> {
  const interval = args.get("watch", intervalFrom);
  const users = userNames();
  const write = args.has("json") ? jsonWriter(users) : textWriter(users, args);
  const stop = new AbortController();
  const end = (): void => stop.abort();
  for (const signal of ENDING) Deno.addSignalListener(signal, end);
  try {
    for await (const changes of watchSockets({ ...options, interval, signal: stop.signal })) {
      const sorted = changes.toSorted((one, other) => order(one.socket, other.socket));
      await printInTurn(write(sorted), stop.signal);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    for (const signal of ENDING) Deno.removeSignalListener(signal, end);
  }
  return 0;
}
