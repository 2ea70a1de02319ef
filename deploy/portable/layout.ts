/**
 * The file itself: the launcher, and behind it everything that it maps.
 *
 * @module
 */

/** The largest page that a kernel may have: each part begins at a multiple. */
const PAGE = 0x10000;

/** How the table in the launcher begins: ffi/launcher/launcher.c. */
const MAGIC = new TextEncoder().encode("ipcx payload 01\0");

const MOST_LIBRARIES = 16;

/** What goes into the file. */
export interface Contents {
  /** The launcher, an ELF file with an empty table. */
  launcher: Uint8Array<ArrayBuffer>;
  /** The runtime. */
  runtime: Uint8Array<ArrayBuffer>;
  /** The dynamic loader. */
  loader: Uint8Array<ArrayBuffer>;
  /** The libraries that belong to the loader. */
  glibc: readonly Uint8Array<ArrayBuffer>[];
  /** What the loader is given besides. */
  libraries: readonly Uint8Array<ArrayBuffer>[];
  /** The program's parts. */
  program: Uint8Array<ArrayBuffer>;
}

function placeOf(launcher: Uint8Array, magic: Uint8Array): number {
  for (let at = 0; at + magic.length <= launcher.length; at += 8) {
    if (magic.every((byte, index) => launcher[at + index] === byte)) return at;
  }
  throw new Error("the launcher has no table: ffi/launcher and deploy/portable/layout.ts do not belong together");
}

/** What a dynamic loader says of itself, for its `--version`: the launcher looks for the same in the host's. */
function glibcVersion(loader: Uint8Array): number {
  const found = new TextDecoder("latin1").decode(loader).match(/ release version 2\.(\d+)/);
  if (!found) throw new Error("the dynamic loader does not tell its version: it has to be that of glibc 2.33 or later");
  return Number(found[1]);
}

/**
 * What the runtime is told to run: as short as can be, since it is parsed twice, and
 * without what would have to be written in another way in a URL.
 */
function urlOf(at: number, length: number): string {
  const code = `const f=Deno.openSync('/proc/self/exe'),b=new Uint8Array(${length});f.seekSync(${at},0);` +
    `for(let n=0;n<${length};)n+=f.readSync(b.subarray(n))||Deno.exit(1);f.close();(0,eval)(new TextDecoder().decode(b))`;
  return `data:application/javascript,${encodeURIComponent(code)}`;
}

/**
 * Puts a portable program together.
 *
 * @param contents Its parts.
 * @param boot Writes the first script, for a program at this place, in bytes from the file's beginning.
 * @returns What is written, piece by piece, each with its place in bytes from the beginning of the file.
 */
export async function layOut(
  contents: Contents,
  boot: (at: number) => Promise<string>,
): Promise<[at: number, bytes: Uint8Array<ArrayBuffer>][]> {
  const { runtime, loader, glibc, program } = contents;
  const libraries = [...glibc, ...contents.libraries];
  if (libraries.length > MOST_LIBRARIES) throw new RangeError(`more than ${MOST_LIBRARIES} libraries`);
  const launcher = contents.launcher.slice();
  const pieces: [number, Uint8Array<ArrayBuffer>][] = [[0, launcher]];
  const put = (bytes: Uint8Array<ArrayBuffer>): number => {
    const [last, { length }] = pieces.at(-1)!;
    const at = Math.ceil((last + length) / PAGE) * PAGE;
    pieces.push([at, bytes]);
    return at;
  };
  const place = (bytes: Uint8Array<ArrayBuffer>): [number, number] => [put(bytes), bytes.length];
  const [runtimePart, loaderPart] = [place(runtime), place(loader)];
  const libraryParts = libraries.map(place);
  const script = place(new TextEncoder().encode(await boot(put(program))));
  const bootPart = place(new TextEncoder().encode(`${urlOf(...script)}\0`));
  const fileLength = bootPart[0] + bootPart[1];
  const numbers = [
    fileLength,
    [runtimePart, loaderPart, bootPart],
    [glibcVersion(loader), glibc.length, libraries.length],
    libraryParts,
  ].flat(2);
  const table = new BigUint64Array(launcher.buffer, placeOf(launcher, MAGIC) + MAGIC.length, numbers.length);
  table.set(numbers.map(BigInt));
  return pieces;
}
