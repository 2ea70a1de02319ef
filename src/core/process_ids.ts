/**
 * The users and groups of a process (credentials(7), /proc/PID/status of proc(5)).
 *
 * @module
 */

/** Ids of one kind: of the user, or of the group. */
export interface IdSet {
  /** Who started it. */
  readonly real: number;
  /** Whose rights it has. */
  readonly effective: number;
  /** Whose rights it can take again. */
  readonly saved: number;
  /** Whose rights it has with files. */
  readonly filesystem: number;
}

/** The ids of a process. */
export interface ProcessIds {
  /** Its users. */
  readonly uids: IdSet;
  /** Its groups. */
  readonly gids: IdSet;
  /** Its supplementary groups. */
  readonly groups: readonly number[];
}

function numbersOf(text: string, name: string): number[] {
  const [, numbers] = new RegExp(`^${name}:([\\d\\s]*?)$`, "m").exec(text) ?? [];
  if (numbers === undefined) throw new TypeError(`/proc tells no ${name} of the process`);
  return numbers.trim().split(/\s+/).filter((word) => word !== "").map(Number);
}

function idSet([real, effective, saved, filesystem]: number[]): IdSet {
  return { real, effective, saved, filesystem };
}

/**
 * Reads the ids of a process.
 *
 * @param status What its file `status` in /proc says.
 * @returns The ids.
 * @throws {TypeError} If it is no such file.
 */
export function parseProcessIds(status: string): ProcessIds {
  return {
    uids: idSet(numbersOf(status, "Uid")),
    gids: idSet(numbersOf(status, "Gid")),
    groups: numbersOf(status, "Groups"),
  };
}
