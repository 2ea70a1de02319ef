/**
 * The shim is tested in C, under sanitizers, by the driver in this folder; here
 * it is built and run, and what TypeScript takes the shim for is compared with
 * what it is.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { compile, shimSources, waiterSources, WARNINGS } from "../../ffi/build.ts";
import { claim } from "../claim.ts";
import { buildDriver, buildPrograms, built, driverSources } from "./driver.ts";

const here = import.meta.dirname!;
const shim = `${here}/../../ffi`;

const SANITIZERS = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/** Why nothing can be built with the sanitizers, or `false`. */
function withoutSanitizers(): string | false {
  const source = built("nothing.c", (output) => Deno.writeTextFileSync(output, "int main(void) { return 0; }\n"));
  try {
    built("nothing", (output) => compile([...SANITIZERS, "-o", output, source]));
    return false;
  } catch (error) {
    const [summary, firstComplaint] = (error as Error).message.split("\n");
    return `needs a C compiler with libasan and libubsan: ${firstComplaint || summary}`;
  }
}

function run(
  command: string,
  args: string[],
  env: Record<string, string> = {},
): { success: boolean; output: string } {
  const { success, stdout, stderr } = new Deno.Command(command, { args, env, stdin: "null" }).outputSync();
  return { success, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

function isInstalled(command: string): boolean {
  try {
    return run(command, ["--version"]).success;
  } catch {
    return false;
  }
}

/** A function as its header or its binding describes it: its parameters' types, then its result's. */
type Signatures = Record<string, string[]>;

/** `uint32_t token` → `u32`. Deno passes what a pointer points to as a buffer, unless it has a pointer to it already. */
function foreignType(declaration: string): string {
  if (/^struct \w+ \*/.test(declaration)) return "pointer";
  if (declaration.includes("*")) return "buffer";
  const type = declaration.match(/^(u?)int32_t\b/);
  assert(type, `a type that the binding has no word for: ${declaration}`);
  return type[1] ? "u32" : "i32";
}

function declared(): Signatures {
  const header = Deno.readTextFileSync(`${shim}/ipcx.h`).replaceAll(/\/\*.*?\*\//gs, "");
  const functions = header.matchAll(/^(\w+) (ipcx_\w+)\(([^)]*)\);/gm);
  return Object.fromEntries(functions.map(([, result, name, list]) => {
    const parameters = list === "void" ? [] : list.split(",").map((parameter) => foreignType(parameter.trim()));
    return [name, [...parameters, foreignType(result)]];
  }));
}

function bound(): Signatures {
  const source = Deno.readTextFileSync(`${here}/../../src/core/native.ts`);
  const functions = source.matchAll(/(ipcx_\w+): \{\s*parameters: \[([^\]]*)\],\s*result: "(\w+)",?\s*\}/g);
  return Object.fromEntries(functions.map(([, name, list, result]) => {
    const parameters = Array.from(list.matchAll(/"(\w+)"/g), ([, type]) => type);
    return [name, [...parameters, result]];
  }));
}

claim("the driver finds every function of the shim to behave, under the sanitizers", () => {
  const driver = buildDriver(Deno.build.arch, SANITIZERS);
  const folder = buildPrograms(Deno.build.arch);
  try {
    const { success, output } = run(driver, [], { IPCX_PROGRAMS: folder });
    const [, skipped] = /^((?:skipped: .*\n)*)\d+ checks in \d+ tests, 0 failed\n$/.exec(output) ?? [];
    assert(success && skipped !== undefined, `the driver failed:\n${output}`);
    if (skipped) console.log(skipped.trimEnd());
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}, { skip: withoutSanitizers() });

for (const compiler of ["gcc", "clang"]) {
  claim(`${compiler} has nothing to say against the shim`, () => {
    built(`libipcx_${compiler}.so`, (library) => {
      const { success, output } = run(compiler, [
        ...WARNINGS,
        ...["-O2", "-fPIC", "-shared", "-o", library],
        ...shimSources(),
        "-lpthread",
      ]);
      assert(success, output);
    });
  }, { skip: !isInstalled(compiler) && `${compiler} is not installed` });

  claim(`${compiler} has nothing to say against the waiter`, () => {
    built(`ipcx-waiter_${compiler}`, (waiter) => {
      const { success, output } = run(compiler, [...WARNINGS, "-O2", "-o", waiter, ...waiterSources()]);
      assert(success, output);
    });
  }, { skip: !isInstalled(compiler) && `${compiler} is not installed` });
}

claim("the shim exports what its header declares, and nothing else", () => {
  const { success, output } = run("nm", ["--dynamic", "--defined-only", "--format=posix", `${shim}/libipcx.so`]);
  assert(success, output);
  const exported = Array.from(output.matchAll(/^(\S+) T /gm), ([, name]) => name);
  assertEquals(exported.sort(), Object.keys(declared()).sort());
}, { skip: !isInstalled("nm") && "nm (binutils) is not installed" });

/** Where an array is passed often, a pointer that was made once stands for it. */
function withBuffers(signatures: Signatures): Signatures {
  const entries = Object.entries(signatures);
  return Object.fromEntries(entries.map(([name, types]) => [
    name,
    types.map((type) => type === "pointer" ? "buffer" : type),
  ]));
}

claim("every function of the shim is bound with the types of its declaration", () => {
  assertEquals(withBuffers(bound()), withBuffers(declared()));
});

claim("every function of the shim is called by the driver", () => {
  const calls = driverSources().map((path) => Deno.readTextFileSync(path)).join("\n");
  const uncalled = Object.keys(declared()).filter((name) => !calls.includes(`${name}(`));
  assertEquals(uncalled, []);
});
