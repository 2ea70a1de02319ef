import { assert, assertEquals, assertThrows } from "@std/assert";
import { bundleModules } from "../../deploy/bundle.ts";
import { makeCanonical } from "../../deploy/canonical.ts";
import { claim, OwnDirectory } from "../claim.ts";

function write(directory: OwnDirectory, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(directory.file(name), text);
}

function read({ path }: OwnDirectory): [string, string][] {
  return Array.from(Deno.readDirSync(path), ({ name }): [string, string] => [
    name,
    Deno.readTextFileSync(`${path}/${name}`),
  ]).sort();
}

/** What the same modules become where the cache is elsewhere: other paths, so other names. */
function bundled(cache: string, [one, other]: readonly [string, string]): Record<string, string> {
  return {
    "main.js": `import { a } from "./chunk-${one}.js";\nimport("./late-${other}.js");\n`,
    [`chunk-${one}.js`]: `// ${cache}/npm/registry.npmjs.org/yaml/2.8.1/dist/index.js\nexport const a = 1;\n`,
    [`late-${other}.js`]: `import { a } from "./chunk-${one}.js";\n` +
      `var b = __commonJS({"${cache}/npm/registry.npmjs.org/prom-client/lib/util.js"(n){}});\n`,
  };
}

claim("a bundle is the same wherever the repository and the cache of npm's packages are", () => {
  using here = new OwnDirectory();
  using there = new OwnDirectory();
  write(here, bundled("../../root/.cache/deno", ["AAAAAAAA", "ZZZZZZZZ"]));
  write(there, bundled("../../../home/some body/.cache/deno", ["YYYYYYYY", "BBBBBBBB"]));
  for (const { path } of [here, there]) makeCanonical(path);
  assertEquals(read(here), read(there));
  const [[chunk, text], [late], [main, source]] = read(here);
  assertEquals(text, "// npm/yaml/2.8.1/dist/index.js\nexport const a = 1;\n");
  assertEquals([main, source], ["main.js", `import { a } from "./${chunk}";\nimport("./${late}");\n`]);
  makeCanonical(here.path);
  assertEquals(read(here), read(there), "once more");
});

claim("two files that are the same are told", () => {
  using directory = new OwnDirectory();
  write(directory, { "a-AAAAAAAA.js": "1", "a-BBBBBBBB.js": "1" });
  assertThrows(() => makeCanonical(directory.path), Error, "two files that are the same");
});

claim("the program's bundle names no place of the machine that it was made on", async () => {
  using directory = new OwnDirectory();
  await bundleModules("src/cli/main.ts", directory.path);
  const files = read(directory);
  assert(files.some(([, text]) => text.includes("npm/prom-client/")));
  for (const [name, text] of files) assertEquals(/.*registry\.npmjs\.org\/.*/.exec(text)?.[0], undefined, name);
});
