/**
 * Runs a program that deploy/bundle.ts has split: each part when it is needed.
 *
 * @module
 */

/** Where each part is, and what it requires. */
export type Index = Readonly<Record<string, readonly [at: number, length: number, requires: readonly string[]]>>;

/** What src/core/native_files.ts exports. */
export interface NativeFiles {
  /** The C library: its bytes, or the name by which the dynamic loader finds it. */
  library: Uint8Array<ArrayBuffer> | string;
  /** Loads the program that waits in this one's place. */
  loadWaiter(): Promise<Uint8Array<ArrayBuffer>>;
}

type Exports = Record<string, unknown>;
type Module = { exports: Exports };
type Load = (name: string) => Promise<Exports>;
type Factory = (module: Module, exports: Exports, require: (name: string) => Exports, load: Load) => void;

function readPieces(path: string, pieces: readonly (readonly [number, number])[]): Uint8Array<ArrayBuffer>[] {
  using file = Deno.openSync(path);
  return pieces.map(([at, length]) => {
    const bytes = new Uint8Array(length);
    file.seekSync(at, Deno.SeekMode.Start);
    for (let read = 0; read < length;) {
      const count = file.readSync(bytes.subarray(read));
      if (count === null) throw new Error(`${path} has been cut off; get it again`);
      read += count;
    }
    return bytes;
  });
}

/**
 * Reads parts of an archive, when they are needed.
 *
 * @param path The file that it is in.
 * @param index What is in it.
 * @param at Where it begins there, in bytes.
 * @returns Reads the named parts.
 */
export function archiveReader(
  path: string,
  index: Index,
  at = 0,
): (names: readonly string[]) => Uint8Array<ArrayBuffer>[] {
  return (names) => readPieces(path, names.map((name) => [at + index[name][0], index[name][1]]));
}

function loadBuiltin(name: string): Exports {
  const module: object | undefined = process.getBuiltinModule(name);
  if (!module) throw new Error(`there is no part '${name}': this program was not built as it should be`);
  return module as Exports;
}

/** Modules of Node are slow to load, and often only one function of many is never called. */
function lazyBuiltin(name: string): Exports {
  let loaded: Exports | undefined;
  const load = () => loaded ??= loadBuiltin(name);
  return Object.create(
    new Proxy({}, { get: (_, key) => load()[key as string], has: (_, key) => key in load() }),
  );
}

/**
 * Runs the program.
 *
 * @param index Its parts.
 * @param read Reads the named parts.
 * @param native What the module of each form of the program exports.
 * @returns The exit status.
 */
export async function runProgram(
  index: Index,
  read: (names: readonly string[]) => Uint8Array<ArrayBuffer>[],
  native: NativeFiles,
): Promise<number> {
  const modules = new Map<string, Module>([["native_files", { exports: native as unknown as Exports }]]);
  const factories = new Map<string, Factory>();
  const decoder = new TextDecoder();

  const missing = (name: string, found = new Set<string>()): Set<string> => {
    if (found.has(name) || factories.has(name) || !Object.hasOwn(index, name)) return found;
    found.add(name);
    for (const required of index[name][2]) missing(required, found);
    return found;
  };
  // What belongs together is compiled together, which takes half the time of one by one.
  const compile = (names: readonly string[]): void => {
    const functions = read(names).map((bytes) =>
      `(function(module,exports,require,__loadPart){${decoder.decode(bytes)}\n})`
    );
    const made: Factory[] = (0, eval)(`[${functions.join(",")}]\n//# sourceURL=ipcx:${names[0]}`);
    names.forEach((name, at) => factories.set(name, made[at]));
  };
  const require = (name: string): Exports => {
    const known = modules.get(name);
    if (known) return known.exports;
    const module: Module = { exports: {} };
    modules.set(name, module);
    if (!Object.hasOwn(index, name)) return module.exports = lazyBuiltin(name);
    if (!factories.has(name)) compile([...missing(name)]);
    factories.get(name)!(module, module.exports, require, load);
    return module.exports;
  };
  // deno-lint-ignore require-await -- what it throws is to reject
  const load: Load = async (name) => name.startsWith("node:") ? loadBuiltin(name) : require(name);

  const { main } = require("./main.js") as { main(args: readonly string[]): Promise<number> };
  return await main(Deno.args);
}
