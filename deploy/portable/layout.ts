/**
 * The file itself: the launcher, and behind it everything that it maps.
 *
 * @module
 */

import { writeManifest } from "../../src/doctor/manifest.ts";
import { fillTable, type Placed } from "./table.ts";

/** The largest page that a kernel may have: each part begins at a multiple. */
const PAGE = 0x10000;

type Bytes = Uint8Array<ArrayBuffer>;

/** What goes into the file. */
export interface Contents {
  /** The launcher, an ELF file with an empty table. */
  launcher: Bytes;
  /** The runtime. */
  runtime: Bytes;
  /** The dynamic loader. */
  loader: Bytes;
  /** The libraries that belong to the loader, by name. */
  glibc: Readonly<Record<string, Bytes>>;
  /** What the loader is given besides. */
  libraries: Readonly<Record<string, Bytes>>;
  /** The program's parts. */
  program: Bytes;
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
function urlOf({ at, bytes: { length } }: Placed): string {
  const code = `const f=Deno.openSync('/proc/self/exe'),b=new Uint8Array(${length});f.seekSync(${at},0);` +
    `for(let n=0;n<${length};)n+=f.readSync(b.subarray(n))||Deno.exit(1);f.close();(0,eval)(new TextDecoder().decode(b))`;
  return `data:application/javascript,${encodeURIComponent(code)}`;
}

/** Parts of a file, one behind the other, with zeros between. */
class Layout {
  readonly #parts: (Placed & { name: string })[] = [];

  /** Where the next one will be. */
  get end(): number {
    const last = this.#parts.at(-1);
    return last ? Math.ceil((last.at + last.bytes.length) / PAGE) * PAGE : 0;
  }

  /** All that were put there. */
  get parts(): readonly (Placed & { name: string })[] {
    return this.#parts;
  }

  /** Puts one behind the others. */
  put(name: string, bytes: Bytes): Placed {
    const part = { name, at: this.end, bytes };
    this.#parts.push(part);
    return part;
  }
}

/**
 * Puts a portable program together.
 *
 * @param contents Its parts.
 * @param boot Writes the first script, for a program at this place, in bytes from the file's beginning.
 * @returns What is written, piece by piece.
 */
export async function layOut(contents: Contents, boot: (at: number) => Promise<string>): Promise<readonly Placed[]> {
  const layout = new Layout();
  const encoder = new TextEncoder();
  const launcher = layout.put("launcher", contents.launcher.slice());
  const runtime = layout.put("runtime", contents.runtime);
  const loader = layout.put("loader", contents.loader);
  const named = [...Object.entries(contents.glibc), ...Object.entries(contents.libraries)];
  const libraries = named.map(([name, bytes]) => layout.put(name, bytes));
  const program = layout.put("program", contents.program);
  const script = layout.put("script", encoder.encode(await boot(program.at)));
  const first = layout.put("boot", encoder.encode(`${urlOf(script)}\0`));
  const parts = layout.parts.slice();
  // How long it is does not depend on the hashes in it.
  const manifest = layout.put("manifest", writeManifest(parts, layout.end));
  fillTable(launcher.bytes, {
    fileLength: manifest.at + manifest.bytes.length,
    runtime,
    loader,
    boot: first,
    script,
    glibcVersion: glibcVersion(contents.loader),
    glibcNames: Object.keys(contents.glibc),
    libraries,
  });
  manifest.bytes.set(writeManifest(parts, manifest.at));
  return layout.parts;
}
