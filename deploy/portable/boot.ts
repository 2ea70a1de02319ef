/**
 * The first JavaScript of the portable form: loads the program's parts from its
 * own file, and calls its main function.
 *
 * @module
 */

/** Where the program's parts are in this file: each part's place, length, and what it requires; made by archive.ts. */
declare const program: {
  /** Where the parts begin, in bytes from the beginning of the file. */
  at: number;
  /** Each part by its name. */
  parts: Readonly<Record<string, readonly [at: number, length: number, requires: readonly string[]]>>;
};

type Exports = Record<string, unknown>;
type Factory = (
  module: { exports: Exports },
  exports: Exports,
  require: (name: string) => Exports,
  load: (name: string) => Promise<Exports>,
) => void;

/** The parts that have been run, or are about to be. */
const modules = new Map<string, { exports: Exports }>();
const factories = new Map<string, Factory>();
const decoder = new TextDecoder();

function readParts(names: readonly string[]): Uint8Array<ArrayBuffer>[] {
  using file = Deno.openSync("/proc/self/exe");
  return names.map((name) => {
    const [at, length] = program.parts[name];
    const bytes = new Uint8Array(length);
    file.seekSync(program.at + at, Deno.SeekMode.Start);
    for (let read = 0; read < length;) {
      const count = file.readSync(bytes.subarray(read));
      if (count === null) throw new Error("ipcx: this file has been cut off; get it again");
      read += count;
    }
    return bytes;
  });
}

/** Modules of Node are slow to load, and often only one function of many is never called. */
function builtin(name: string): Exports {
  let loaded: Exports | undefined;
  const load = () => loaded ??= process.getBuiltinModule(name) as unknown as Exports;
  return Object.create(
    new Proxy({}, { get: (_, key) => load()[key as string], has: (_, key) => key in load() }),
  );
}

/** Names a part with all it requires that is not there yet. */
function missing(name: string, found = new Set<string>()): Set<string> {
  if (found.has(name) || factories.has(name) || !Object.hasOwn(program.parts, name)) return found;
  found.add(name);
  for (const required of program.parts[name][2]) missing(required, found);
  return found;
}

/** Compiles them together, which takes half of what it takes one by one. */
function compile(names: readonly string[]): void {
  const sources = readParts(names).map((bytes) => decoder.decode(bytes));
  const functions = sources.map((source) => `(function(module,exports,require,load){${source}\n})`);
  const made: Factory[] = (0, eval)(`[${functions.join(",")}]\n//# sourceURL=ipcx:${names[0]}`);
  names.forEach((name, at) => factories.set(name, made[at]));
}

const native: Exports = {
  library: "libipcx.so",
  loadWaiter: () => Promise.resolve(readParts(["ipcx-waiter"])[0]),
};

function require(name: string): Exports {
  const known = modules.get(name);
  if (known) return known.exports;
  const module = { exports: {} as Exports };
  modules.set(name, module);
  if (name === "./native_files.ts") return module.exports = native;
  if (!Object.hasOwn(program.parts, name)) return module.exports = builtin(name);
  if (!factories.has(name)) compile([...missing(name)]);
  factories.get(name)!(module, module.exports, require, load);
  return module.exports;
}

function load(name: string): Promise<Exports> {
  return Promise.resolve(
    name.startsWith("node:") ? process.getBuiltinModule(name) as unknown as Exports : require(name),
  );
}

/** What the launcher has put into the environment for the runtime only (ffi/launcher/environment.c). */
const OF_THE_RUNTIME = ["DENO_DIR", "DENO_NO_UPDATE_CHECK"];

function restoreEnvironment(): void {
  const given = Deno.readTextFileSync("/proc/self/environ").split("\0");
  for (const name of OF_THE_RUNTIME) {
    const entry = given.find((text) => text.startsWith(`${name}=`));
    if (entry === undefined) Deno.env.delete(name);
    else Deno.env.set(name, entry.slice(name.length + 1));
  }
}

restoreEnvironment();
const { main } = require("./main.js") as { main(args: readonly string[]): Promise<number> };
Deno.exitCode = await main(Deno.args);
