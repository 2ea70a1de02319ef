/**
 * The table in the launcher: where everything is, and the sums by which it knows damage (ffi/launcher/launcher.h, sum.c).
 *
 * @module
 */

/** How the table begins: ffi/launcher/launcher.c. */
const MAGIC = new TextEncoder().encode("ipcx payload 01\0");

const MOST_LIBRARIES = 16, GLIBC_NAMES = 96, HEADER_BYTES = 4096;

/** A part of the file, and where it is, in bytes from its beginning. */
export interface Placed {
  /** Where it begins. */
  at: number;
  /** What is there. */
  bytes: Uint8Array<ArrayBuffer>;
}

/** What the table says. */
export interface Table {
  /** How long the file is, in bytes. */
  fileLength: number;
  /** An ELF file. */
  runtime: Placed;
  /** An ELF file. */
  loader: Placed;
  /** What the runtime is told to run, with a NUL at its end. */
  boot: Placed;
  /** What that runs. */
  script: Placed;
  /** The minor version of the glibc that is carried. */
  glibcVersion: number;
  /** By which names that is loaded. */
  glibcNames: readonly string[];
  /** All libraries, glibc's before the others. */
  libraries: readonly Placed[];
}

function placeOf(launcher: Uint8Array): number {
  for (let at = 0; at + MAGIC.length <= launcher.length; at += 8) {
    if (MAGIC.every((byte, index) => launcher[at + index] === byte)) return at;
  }
  throw new Error("the launcher has no table: ffi/launcher and deploy/portable/table.ts do not belong together");
}

/** FNV-1a, of words instead of bytes; the last one is filled up with zeros. */
function addTo(sum: bigint, bytes: Uint8Array): bigint {
  const whole = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
  whole.set(bytes);
  for (const word of new BigUint64Array(whole.buffer)) sum = BigInt.asUintN(64, (sum ^ word) * 0x100000001b3n);
  return sum;
}

function contentSum({ runtime, loader, boot, script }: Table): bigint {
  const headers = [runtime, loader].map(({ bytes }) => bytes.subarray(0, HEADER_BYTES));
  return [...headers, boot.bytes, script.bytes].reduce(addTo, 0n);
}

/**
 * Fills in the table of a launcher.
 *
 * @param launcher The launcher; changed.
 * @param table What it is to know.
 * @throws {Error} If it has no table.
 */
export function fillTable(launcher: Uint8Array<ArrayBuffer>, table: Table): void {
  const { fileLength, runtime, loader, boot, script, glibcVersion, glibcNames, libraries } = table;
  const names = new TextEncoder().encode(glibcNames.join(":"));
  if (libraries.length > MOST_LIBRARIES || names.length >= GLIBC_NAMES) throw new RangeError("too many libraries");
  const numbers = [
    fileLength,
    ...[runtime, loader, boot, script].flatMap(({ at, bytes }) => [at, bytes.length]),
    ...[glibcVersion, glibcNames.length, libraries.length],
    ...libraries.flatMap(({ at, bytes }) => [at, bytes.length]),
  ];
  const place = placeOf(launcher) + MAGIC.length;
  const fixed = 1 + 4 * 2 + 3 + MOST_LIBRARIES * 2;
  const [tableSum, rest] = [place, place + 8];
  const words = new BigUint64Array(launcher.buffer, rest, 1 + fixed);
  words[0] = contentSum(table);
  words.set(numbers.map(BigInt), 1);
  launcher.set(names, rest + words.byteLength);
  const covered = launcher.subarray(rest, rest + words.byteLength + GLIBC_NAMES);
  new BigUint64Array(launcher.buffer, tableSum, 1)[0] = addTo(0n, covered);
}
