import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { compileLauncher } from "../../deploy/portable/native.ts";
import { HOST } from "../../deploy/targets.ts";
import { LAST_LINE, type ManifestLine, readLastLine, readManifest } from "../../src/doctor/manifest.ts";
import { damagedParts } from "../../src/doctor/own_file.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { type Result, runProgram } from "../cli/program.ts";
import { portableIpcx } from "./binary.ts";

/** What the launcher looks at of an ELF file. */
const HEADER_BYTES = 4096;

const DAMAGED = "ipcx: this file is damaged; get it again\n";
const CUT_OFF = "ipcx: this file has been cut off; get it again\n";

/** A copy that is there to be damaged. */
class Copy implements Disposable {
  readonly #directory = new OwnDirectory();
  /** Where it is. */
  readonly path = this.#directory.file("ipcx");

  private constructor(original: string) {
    Deno.copyFileSync(original, this.path);
  }

  static async make(): Promise<Copy> {
    return new Copy(await portableIpcx());
  }

  /** How long it is, in bytes. */
  get size(): number {
    return Deno.statSync(this.path).size;
  }

  /** Where its parts are. */
  get parts(): Map<string, ManifestLine> {
    const size = this.size;
    const last = readLastLine(new TextDecoder().decode(this.#read(size - LAST_LINE, LAST_LINE)))!;
    const parts = readManifest(this.#read(size - LAST_LINE - last.length, last.length), last.hash)!;
    return new Map(parts.map((part) => [part.name, part]));
  }

  #read(at: number, length: number): Uint8Array {
    using file = Deno.openSync(this.path);
    const bytes = new Uint8Array(length);
    file.seekSync(at, Deno.SeekMode.Start);
    for (let read = 0; read < length;) read += file.readSync(bytes.subarray(read))!;
    return bytes;
  }

  /** Changes a bit while something is done. */
  async with<T>(at: number, bit: number, done: () => T | Promise<T>): Promise<T> {
    const [before] = this.#read(at, 1);
    const write = (byte: number) => {
      using file = Deno.openSync(this.path, { write: true });
      file.seekSync(at, Deno.SeekMode.Start);
      file.writeSync(Uint8Array.of(byte));
    };
    write(before ^ (1 << bit));
    try {
      return await done();
    } finally {
      write(before);
    }
  }

  async run(...args: string[]): Promise<Result> {
    return await runProgram([this.path, ...args]);
  }

  [Symbol.dispose](): void {
    this.#directory[Symbol.dispose]();
  }
}

function refused(err: string): Result {
  return { status: 1, signal: null, out: "", err };
}

claim("cut off anywhere behind the launcher, it says so", async () => {
  using copy = await Copy.make();
  const { at: first } = copy.parts.get("runtime")!;
  const lengths = fc.sample(fc.integer({ min: first, max: copy.size - 1 }), 12);
  const edges = [...copy.parts.values()].slice(1).flatMap(({ at }) => [at, at + 1]);
  for (const length of [...lengths, ...edges, copy.size - 1].toSorted((one, other) => other - one)) {
    Deno.truncateSync(copy.path, length);
    assertEquals(await copy.run("--version"), refused(CUT_OFF), `${length} bytes`);
  }
});

claim("a launcher alone says that it carries nothing, and how to make one that does", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("launcher");
  Deno.writeFileSync(path, compileLauncher(HOST), { mode: 0o755 });
  const message = "ipcx: this launcher carries no program; make one with 'deno task compile'\n";
  assertEquals(await runProgram([path, "--version"]), refused(message));
});

claim("a bit that is wrong in the table, the headers or the first script is noticed before anything runs", async () => {
  using copy = await Copy.make();
  const { parts } = copy;
  const table = tableOf(copy.path);
  const places: [from: number, length: number][] = [
    table,
    [parts.get("runtime")!.at, HEADER_BYTES],
    [parts.get("loader")!.at, HEADER_BYTES],
    [parts.get("script")!.at, 64],
    [parts.get("boot")!.at, 64],
  ];
  for (const [from, length] of places) {
    for (const [offset, bit] of fc.sample(fc.tuple(fc.nat(length - 1), fc.nat(7)), 6)) {
      const seen = await copy.with(from + offset, bit, () => copy.run("--version"));
      assertEquals([seen.status, seen.signal, seen.out], [1, null, ""], `bit ${bit} of byte ${from + offset}`);
      assert([DAMAGED, CUT_OFF].includes(seen.err) || seen.err.includes("carries no program"), seen.err);
    }
  }
  assertEquals((await copy.run("--version")).status, 0);
});

/** Where the table is behind its magic, and how long. */
function tableOf(path: string): [at: number, length: number] {
  const bytes = new Uint8Array(65_536);
  using file = Deno.openSync(path);
  file.readSync(bytes);
  const text = String.fromCharCode(...bytes.subarray(0, 32_768));
  const magic = "ipcx payload 01\0";
  const at = text.indexOf(magic);
  assert(at > 0);
  return [at + magic.length, (2 + 1 + 8 + 3 + 32) * 8 + 96];
}

claim("a bit that is wrong anywhere at all is found by what ipcx doctor does", async () => {
  using copy = await Copy.make();
  assertEquals(damagedParts(copy.path), []);
  const places = fc.sample(fc.integer({ min: 0, max: copy.size - 1 }), 5);
  const each = [...copy.parts.values()].map(({ at }) => at + 1);
  for (const at of [...places, ...fc.sample(fc.constantFrom(...each), 3), copy.size - 1, copy.size - LAST_LINE - 9]) {
    const found = await copy.with(at, 3, () => damagedParts(copy.path));
    assertEquals(found.length, 1, `byte ${at}: ${found}`);
  }
  Deno.writeFileSync(copy.path, new Uint8Array(1), { append: true });
  assertEquals(damagedParts(copy.path), ["manifest"]);
});

claim("ipcx doctor names the part that is damaged, and says so if none is", async () => {
  using copy = await Copy.make();
  const { parts } = copy;
  // What is between two parts nobody misses, and belongs to the first of them.
  const doctor = () => copy.run("doctor", "--only", "program");
  const seen = await copy.with(parts.get("program")!.at - 1, 0, doctor);
  assertEquals(seen.status, 1);
  assertMatch(seen.out, /^fails +program +this file of ipcx is not as it was made: libipcx\.so\n/);
  const whole = await doctor();
  assertMatch(whole.out, /^ok +program +ipcx in one file, on Deno \d.*, every byte as it was made\n/);
});

claim("a program that is damaged ends with a message, not by a signal", async () => {
  using copy = await Copy.make();
  const { parts } = copy;
  const [from, to] = [parts.get("program")!.at, parts.get("script")!.at];
  {
    using file = Deno.openSync(copy.path, { write: true });
    file.seekSync(from, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(to - from).fill("}".charCodeAt(0)));
  }
  assertEquals(await copy.run("--version"), refused("ipcx: Unexpected token '}'\n"));
});
