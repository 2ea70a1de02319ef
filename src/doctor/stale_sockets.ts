/**
 * Socket files that nobody serves: where ipcx has its own, and where somebody asks for.
 *
 * @module
 */

import { UnixAddress } from "../core/address.ts";
import { addressOf, BROKER_PLACE, HOLDER_PLACE, runtimeDirectory } from "../core/default_place.ts";
import { directoryOf } from "../core/reach.ts";
import { type Check, fails, type Judgement, ok, warning } from "./finding.ts";
import { inTime, type SocketState, socketState } from "./socket_state.ts";

/** How many names are told. */
const MOST_TOLD = 5;

/** How many entries of a directory are looked at. */
const MOST_ENTRIES = 10_000;

/** What there is to know of socket files. */
export interface StaleFacts {
  /** Where was looked. */
  directories: readonly string[];
  /** How many there are. */
  count: number;
  /** Those that nobody serves. */
  stale: readonly string[];
}

/** Judges socket files. */
export function judgeStale({ directories, count, stale }: StaleFacts): Judgement {
  const where = directories.join(" and ");
  if (directories.length === 0) return ok("there is no directory to look at");
  if (stale.length === 0) {
    return ok(
      `${count} socket file${count === 1 ? "" : "s"} in ${where}, ${count === 0 ? "so none is" : "none"} stale`,
    );
  }
  const more = stale.length > MOST_TOLD ? ` and ${stale.length - MOST_TOLD} more` : "";
  return warning(
    `${stale.length} of ${count} socket files in ${where} are stale: ${stale.slice(0, MOST_TOLD).join(" ")}${more}`,
    "clients are told ECONNREFUSED there, and servers that do not remove them EADDRINUSE (those of ipcx do)",
    "start their servers, or remove the files",
  );
}

/** Directories that cannot be read have nothing to tell. */
async function socketsIn(directory: string): Promise<string[]> {
  const found: string[] = [];
  try {
    let left = MOST_ENTRIES;
    for await (const { name, isFile, isDirectory, isSymlink } of Deno.readDir(directory)) {
      if (!isFile && !isDirectory && !isSymlink) found.push(`${directory}/${name}`);
      if (--left === 0) break;
    }
  } catch {
    return found;
  }
  return found.sort();
}

function directoryOfPlace(place: typeof BROKER_PLACE): string[] {
  try {
    const address = UnixAddress.parse(addressOf(place));
    return address.kind === "path" ? [directoryOf(address.filename)] : [];
  } catch {
    return [];
  }
}

async function facts(): Promise<StaleFacts> {
  const own = runtimeDirectory();
  const session = Deno.env.get("XDG_RUNTIME_DIR");
  const directories = [
    ...new Set([
      ...[BROKER_PLACE, HOLDER_PLACE].flatMap(directoryOfPlace),
      ...(own ? [own] : []),
      ...(session ? [session] : []),
    ]),
  ];
  const stale: string[] = [];
  let count = 0;
  for (const directory of directories) {
    for (const path of await inTime(socketsIn(directory)) ?? []) {
      const { is } = await socketState(UnixAddress.path(path));
      if (is === "stale") stale.push(path);
      if (is !== "other" && is !== "absent") count++;
    }
  }
  return { directories, count, stale };
}

/** Socket files that nobody serves. */
export const STALE_SOCKETS: Check = { name: "stale-sockets", examine: async () => judgeStale(await facts()) };

/** Judges a socket that somebody asks for. */
export function judgeSocket(state: SocketState): Judgement {
  const means = "nobody can connect there";
  switch (state.is) {
    case "served":
      return ok("somebody serves there");
    case "stale":
      return fails(
        `it is stale: its server, of user ${state.uid}, is gone`,
        "clients are told ECONNREFUSED",
        "start its server again; one that says EADDRINUSE does not remove such a file: remove it before",
      );
    case "absent":
      return fails(
        "it is not there",
        means,
        "start its server; an abstract name counts in its own network namespace only",
      );
    case "other":
      return fails("it is no socket", means, "name the socket itself");
    case "late":
      return fails("it does not answer: its file system hangs", means, "mount it anew");
    case "refused":
      return fails(
        `this user may not connect: ${state.code}`,
        "whether somebody serves there is not known",
        "it takes the right to write to the socket, and to search all directories above it",
      );
  }
}

/**
 * Makes the check of a socket that somebody asks for.
 *
 * @param address A path or an abstract name.
 * @returns The check, which has that for its name.
 */
export function socketCheck(address: UnixAddress): Check {
  return { name: `${address}`, examine: async () => judgeSocket(await socketState(address)) };
}
