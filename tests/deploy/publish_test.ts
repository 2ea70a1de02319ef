import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { writeJsrPackage } from "../../deploy/jsr/package.ts";
import { HOST, TARGETS } from "../../deploy/targets.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { ROOT } from "../cli/program.ts";
import { runTool } from "./npm_project.ts";

function filesBelow(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder)).flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${folder}/${name}`).map((path) => `${name}/${path}`) : [name]
  );
}

claim("deno publish would take the package for JSR, types and all", async () => {
  using directory = new OwnDirectory();
  const folder = directory.file("package");
  await writeJsrPackage(folder, [HOST]);
  const { status, err } = await runTool([Deno.execPath(), "publish", "--dry-run", "--allow-dirty"], folder);
  assertEquals(status, 0, err);
  assertStringIncludes(err, `Simulating publish of ${manifest.name}@${manifest.version}`);
  const published = Array.from(err.matchAll(/^ +file:\/\/\S*?\/package\/(\S+)/gm), ([, path]) => path);
  assertEquals(published.sort(), filesBelow(folder).filter((path) => path !== ".gitignore").sort());
});

claim("the package has what the library and the program consist of, and nothing else", async () => {
  using directory = new OwnDirectory();
  const folder = directory.file("package");
  await writeJsrPackage(folder, [HOST]);
  const files = filesBelow(folder);
  const others = files.filter((path) =>
    !/^(src\/|ffi\/\w+\.ts$|(mod|cli)\.ts$|deno\.json$|README\.md$|LICENSE$)/.test(path)
  );
  assertEquals(others, []);
  const { name, version, license, exports, imports } = JSON.parse(await Deno.readTextFile(`${folder}/deno.json`));
  assertEquals([name, version, license], [manifest.name, manifest.version, manifest.license]);
  assertEquals(exports, { ".": "./mod.ts", "./cli": "./cli.ts" });
  for (const [from, to] of Object.entries(imports)) {
    assertEquals(to, (manifest.imports as Record<string, string>)[from]);
    assertMatch(from, /^(?!ipcx$|fast-check$|playwright-core$)/);
  }
});

claim("the program in the package runs, the C library and the waiter included", async () => {
  using directory = new OwnDirectory();
  const folder = directory.file("package");
  await writeJsrPackage(folder, [HOST]);
  const ipcx = (...args: string[]) =>
    runTool([Deno.execPath(), "run", "--quiet", "--allow-all", "--no-lock", "cli.ts", ...args], folder);
  assertEquals((await ipcx("--version")).out, `ipcx ${manifest.version}\n`);
  assertEquals(await ipcx("spawn", "--", "sh", "-c", "echo hello; exit 3"), { status: 3, out: "hello\n", err: "" });
});

claim("the library needs no leave but for FFI", async () => {
  using directory = new OwnDirectory();
  const folder = directory.file("package");
  await writeJsrPackage(folder, [HOST]);
  const program = 'import { UnixSocket } from "./mod.ts";\nfor (const one of UnixSocket.pair()) one.close();\n';
  await Deno.writeTextFile(`${folder}/pair.ts`, program);
  const { status, err } = await runTool(
    [Deno.execPath(), "run", "--quiet", "--no-prompt", "--allow-ffi", "pair.ts"],
    folder,
  );
  assertEquals({ status, err }, { status: 0, err: "" });
});

claim("for each processor the package has its own library, and takes that", async () => {
  using directory = new OwnDirectory();
  const built = TARGETS.filter((target) => target === HOST || isBuilt(target.name));
  await writeJsrPackage(directory.file("package"), built);
  const module = await Deno.readTextFile(directory.file("package/src/core/native_files.ts"));
  for (const { name } of built) {
    assertStringIncludes(module, `../../ffi/libipcx_${name}.ts`);
    assertStringIncludes(module, `../../ffi/waiter_${name}.ts`);
    Deno.statSync(directory.file(`package/ffi/libipcx_${name}.ts`));
  }
});

function isBuilt(name: string): boolean {
  try {
    return Deno.statSync(`${ROOT}ffi/build/${name}/libipcx.so`).isFile;
  } catch {
    return false;
  }
}
