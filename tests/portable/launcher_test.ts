import { assert, assertEquals, assertMatch } from "@std/assert";
import { compileLauncher } from "../../deploy/portable/native.ts";
import { type Target, targetNamed } from "../../deploy/targets.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { runProgram } from "../cli/program.ts";
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
