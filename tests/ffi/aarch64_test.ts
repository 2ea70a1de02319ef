/**
 * The shim is cross-compiled for aarch64 and tested in C there as it is here: by
 * qemu-user, without what that does not emulate, or natively.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { compile, compilerFor, waiterSources, WARNINGS } from "../../ffi/build.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { buildDriver, buildPrograms } from "./driver.ts";
import { emulated, IS_EMULATED, runEmulated, TARGET, withoutEmulator } from "./emulator.ts";
import { NOT_EMULATED } from "./not_emulated.ts";
import { driveWaiter, WAITER_CASES } from "./waiter_cases.ts";

const skip = withoutEmulator();

const SANITIZERS = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

const WAITER_SANITIZERS = ["-g", "-fsanitize=undefined", "-fno-sanitize-recover=all"];

/** Leaks are looked for by ptrace(2), which there is none of under qemu-user. */
const SETTINGS: Record<string, string> = IS_EMULATED ? { ASAN_OPTIONS: "detect_leaks=0" } : {};

/** A line for each test that is to be skipped. */
function skipped(): string {
  if (!IS_EMULATED) return "";
  return Object.entries(NOT_EMULATED).flatMap(([reason, names]) => names.map((name) => `${name} ${reason}\n`)).join("");
}

claim("on aarch64 the driver finds every function of the shim to behave, but for what is not emulated", () => {
  const driver = buildDriver(TARGET, SANITIZERS);
  const folder = buildPrograms(TARGET);
  try {
    const { status, out, err } = runEmulated(driver, [], {
      IPCX_PROGRAMS: folder,
      IPCX_SKIPPED: skipped(),
      ...SETTINGS,
    });
    assertEquals([status, err], [0, ""], out);
    const [, list, checks, tests] = /^((?:skipped: .*\n)*)(\d+) checks in (\d+) tests, 0 failed\n$/.exec(out) ?? [];
    assert(list !== undefined, out);
    console.log(`${list}${checks} checks in ${tests} tests`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}, { skip });

/**
 * Builds the waiter, and what starts it where a kernel cannot. AddressSanitizer
 * takes a second at each of its many starts under qemu-user: it goes without.
 */
function emulatedWaiter(folder: string): string {
  const program = `${folder}/waiter`;
  compile([...WARNINGS, ...WAITER_SANITIZERS, "-o", program, ...waiterSources()], compilerFor(TARGET));
  if (!IS_EMULATED) return program;
  const [command, args] = emulated(program, ['"$@"']);
  const path = `${folder}/emulated`;
  Deno.writeTextFileSync(path, `#!/bin/sh\nexec ${[command, ...args].join(" ")}\n`, { mode: 0o755 });
  return path;
}

claim("on aarch64 the waiter does what it does here, but for numbers of signals that qemu-user changes", () => {
  using folder = new OwnDirectory();
  const waiter = emulatedWaiter(folder.path);
  for (const name of Object.keys(WAITER_CASES)) {
    // A child that ends by SIGRTMIN+6 has ended by another one there.
    if (IS_EMULATED && name === "status_line") continue;
    const [command, args] = driveWaiter(waiter, name);
    const { code, stdout, stderr } = new Deno.Command(command, { args, stdin: "null" }).outputSync();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assertEquals([code, said], [0, ""], name);
  }
}, { skip });

function build(args: readonly string[], env: Record<string, string> = {}): { status: number; err: string } {
  const script = new URL("../../ffi/build.ts", import.meta.url).pathname;
  const { code, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-lock", "--allow-all", script, ...args],
    env,
  }).outputSync();
  return { status: code, err: new TextDecoder().decode(stderr) };
}

const FOREIGN = Deno.build.arch === "aarch64" ? "x86_64" : "aarch64";

claim("deno task build --target makes library and waiter for another processor, in a folder of their own", () => {
  assertEquals(build(["--target", FOREIGN]), { status: 0, err: "" });
  const folder = new URL(`../../ffi/build/${FOREIGN}/`, import.meta.url).pathname;
  const machines = ["libipcx.so", "ipcx-waiter"].map((name) => Deno.readFileSync(folder + name)[18]);
  assertEquals(machines, FOREIGN === "aarch64" ? [183, 183] : [62, 62]);
}, { skip });

claim("deno task build says which processors there are", () => {
  assertEquals(build(["--target", "sparc"]), {
    status: 2,
    err: "ipcx: 'sparc' is no processor that there is code for\nUsage: deno task build [--target x86_64|aarch64]\n",
  });
  for (const args of [["--target"], ["--targets=aarch64"], ["aarch64"], ["--target", "aarch64", "more"]]) {
    assertEquals(build(args), {
      status: 2,
      err: "ipcx: Usage: deno task build [--target x86_64|aarch64]\n",
    });
  }
});

claim("without the compiler for another processor it is said what to install, and with a wrong one that it is", () => {
  const script = new URL("../../ffi/build.ts", import.meta.url).pathname;
  const attempt = `
    import { compile, compilerFor } from ${JSON.stringify(script)};
    for (const target of ["x86_64", "aarch64"]) {
      try { compile([], \`\${target}-linux-gnu-gcc\`); } catch (error) { console.log(error.message); }
    }
    console.log(compilerFor(${JSON.stringify(FOREIGN)}));`;
  const { stdout } = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--no-lock", attempt],
    env: { PATH: "/nowhere", CC: "a compiler" },
  }).outputSync();
  assertEquals(
    new TextDecoder().decode(stdout),
    "no C compiler for x86_64: 'x86_64-linux-gnu-gcc' is not installed " +
      "(Debian, Ubuntu: apt-get install gcc-x86-64-linux-gnu libc6-dev-amd64-cross; elsewhere name one: CC=…)\n" +
      "no C compiler for aarch64: 'aarch64-linux-gnu-gcc' is not installed " +
      "(Debian, Ubuntu: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross; elsewhere name one: CC=…)\n" +
      "a compiler\n",
  );
});
