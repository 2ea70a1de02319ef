/**
 * The sockets of this network namespace that have names (/proc/net/unix).
 *
 * @module
 */

/** The state of a socket that has no peer: a listener, or one that is merely bound (SS_UNCONNECTED). */
const UNCONNECTED = 1;

// Not really Latin-1, but each byte becomes a character of its own.
const decoder = new TextDecoder("latin1");

/** A socket with an abstract name. */
export interface NamedSocket {
  /** Its type, as socket(2) numbers them. */
  type: number;
  /** Whether the name is its own: the connections that a listener accepts have its name, too. */
  isOwner: boolean;
  /** Its inode. */
  inode: number;
  /** Its name as {@linkcode shownName} gives it. */
  name: string;
}

/**
 * Writes a name as the kernel does in its table, where NUL and @ look the same.
 *
 * @param name The bytes of an abstract name.
 * @returns The text to compare with.
 */
export function shownName(name: Uint8Array): string {
  return decoder.decode(name.map((byte) => byte === 0 ? 0x40 : byte));
}

/**
 * Reads the table.
 *
 * Others choose their names freely, line ends included: what is here is worth as
 * much as their word.
 *
 * @param start How the names begin that are of interest, as {@linkcode shownName} gives it.
 * @returns The sockets; none where the table cannot be read.
 */
export function namedSockets(start: string): NamedSocket[] {
  let table: string;
  try {
    table = decoder.decode(Deno.readFileSync("/proc/net/unix"));
  } catch {
    return [];
  }
  const found: NamedSocket[] = [];
  const wanted = ` @${start}`;
  for (let at = table.indexOf(wanted); at >= 0; at = table.indexOf(wanted, at + 1)) {
    const row = table.slice(table.lastIndexOf("\n", at) + 1, at);
    const [, type, state, inode] = /^[0-9a-f]+: \S+ \S+ \S+ ([0-9A-F]{4}) ([0-9A-F]{2}) +(\d+)$/.exec(row) ?? [];
    if (type === undefined) continue;
    // A name may have line ends, too.
    const end = table.indexOf("\n", at + wanted.length);
    found.push({
      type: parseInt(type, 16),
      isOwner: parseInt(state, 16) === UNCONNECTED,
      inode: Number(inode),
      name: table.slice(at + 2, end < 0 ? undefined : end),
    });
  }
  return found;
}
