import { assert, assertEquals, assertMatch } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { compileLauncher } from "../../deploy/portable/native.ts";
import { makePortable } from "../../deploy/portable/portable.ts";
import { type Target, targetNamed } from "../../deploy/targets.ts";
import { damagedParts } from "../../src/doctor/own_file.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { ROOT, runProgram } from "../cli/program.ts";
import { isCurrent } from "../current.ts";
import { missing } from "../spawn/compiled.ts";

const QEMU = "qemu-aarch64-static", CROSS = "aarch64-linux-gnu-gcc";
const FOREIGN = missing(QEMU) || missing(CROSS);

const LAUNCHERS: readonly [target: Target, how: readonly string[], skip: string | false][] = [
  [targetNamed("x86_64"), [], Deno.build.arch === "x86_64" ? false : "is for x86_64"],
  [
    targetNamed("aarch64"),
    Deno.build.arch === "aarch64" ? [] : [QEMU],
    Deno.build.arch === "aarch64" ? false : FOREIGN,
  ],
];

async function readelf(option: string, path: string): Promise<string> {
  const { status, out, err } = await runProgram(["readelf", "--wide", option, path]);
  assertEquals({ status, err }, { status: 0, err: "" });
  return out;
}

for (const [target, how, skip] of LAUNCHERS) {
  claim(
    `the launcher for ${target.name} has nothing to relocate, no library, and no memory to write and run`,
    async () => {
      using directory = new OwnDirectory();
      const path = directory.file("launcher");
      // Its warnings are errors: that it is compiled at all says that there is none.
      Deno.writeFileSync(path, compileLauncher(target), { mode: 0o755 });
      assertMatch(await readelf("--relocs", path), /There are no relocations in this file/);
      const dynamic = await readelf("--dynamic", path);
      assert(!/NEEDED|TEXTREL|INIT/.test(dynamic), dynamic);
      const segments = await readelf("--segments", path);
      assert(!segments.includes("INTERP"), segments);
      const loaded = Array.from(segments.matchAll(/^ +LOAD .* (\S\S?\S?|\S \S|\S) +0x[0-9a-f]+$/gm), ([line]) => line);
      assert(loaded.length > 1, segments);
      for (const line of loaded) assert(!/ RWE /.test(line), line);
      assertMatch(segments, /^ +GNU_STACK .* RW +0x/m);
      const symbols = await readelf("--dyn-syms", path);
      assert(!/ UND +\w/.test(symbols), symbols);
    },
    { skip: skip || missing("readelf") },
  );

  claim(`the launcher for ${target.name} says that it carries nothing`, async () => {
    using directory = new OwnDirectory();
    const path = directory.file("launcher");
    Deno.writeFileSync(path, compileLauncher(target), { mode: 0o755 });
    assertEquals(await runProgram([...how, path]), {
      status: 1,
      signal: null,
      out: "",
      err: "ipcx: this launcher carries no program; make one with 'deno task compile'\n",
    });
  }, { skip });
}

/** Makes the whole of it for the other processor, unless it is there. */
async function foreignIpcx(): Promise<string> {
  const path = `${ROOT}tests/build/ipcx_aarch64`;
  if (isCurrent(path)) return path;
  const built = await runProgram([
    Deno.execPath(),
    "run",
    "--quiet",
    "--allow-all",
    `${ROOT}ffi/build.ts`,
    "--target=aarch64",
  ]);
  assertEquals({ status: built.status, err: built.err }, { status: 0, err: "" });
  await Deno.mkdir(`${ROOT}tests/build`, { recursive: true });
  await makePortable(targetNamed("aarch64"), path, undefined, () => {});
  return path;
}

claim("the whole of it, made for aarch64, works under qemu-user", async () => {
  const path = await foreignIpcx();
  const run = async (...args: string[]) => await runProgram([QEMU, path, ...args]);
  assertEquals(await run("--version"), { status: 0, signal: null, out: `ipcx ${manifest.version}\n`, err: "" });
  assertEquals(damagedParts(path), []);
  assertEquals((await run("lock", ownName(), "--", "echo", "locked")).out, "locked\n");
}, { skip: Deno.build.arch === "aarch64" ? "is made for this machine" : FOREIGN });
