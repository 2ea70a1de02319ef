import { assert, assertEquals, assertThrows } from "@std/assert";
import { spawn, type SpawnOptions } from "../../src/spawn/mod.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { runProgram } from "../cli/program.ts";
import { openNumbers } from "../core/open_descriptors.ts";
import { refusal, shell, told } from "./output.ts";
import { ownProgram } from "./own_program.ts";
import { Target } from "./target.ts";

/** Files that cannot be run, each in a way of its own. */
function broken(directory: OwnDirectory): Record<string, string> {
  const write = (name: string, text: string, mode: number): string => {
    Deno.writeTextFileSync(directory.file(name), text, { mode });
    return directory.file(name);
  };
  return {
    none: directory.file("none"),
    plain: write("plain", "#!/bin/sh\n", 0o644),
    garbage: write("garbage", "\0\x01\x02", 0o755),
    empty: write("empty", "", 0o755),
    orphan: write("orphan", "#!/nowhere/interpreter\n", 0o755),
    below: `${directory.file("plain")}/x`,
    folder: directory.path,
  };
}

const CODES: Readonly<Record<string, string>> = {
  none: "ENOENT",
  plain: "EACCES",
  garbage: "ENOEXEC",
  empty: "ENOEXEC",
  orphan: "ENOENT",
  below: "ENOENT",
  folder: "EACCES",
};

claim("a program that cannot be run is an error of execve, and no process is left", () => {
  using directory = new OwnDirectory();
  for (const [name, command] of Object.entries(broken(directory))) {
    const error = refusal({ command });
    assertEquals([error.syscall, error.address, error.code], ["execve", command, CODES[name]], error.message);
    assertEquals(refusal({ command, paused: true }).code, CODES[name]);
    assertEquals(refusal({ command, newSession: true, deathSignal: 9, nice: 1 }).code, CODES[name]);
  }
  const { message } = refusal({ command: "/nowhere/program" });
  assertEquals(
    message,
    "execve /nowhere/program: No such file or directory (ENOENT); there is no such program, or its interpreter is missing",
  );
});

claim("a program that cannot be run is such an error in other namespaces, too", async () => {
  await using target = await Target.start(["pid", "net", "user", "time"]);
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o755);
  for (const [name, command] of Object.entries(broken(directory))) {
    for (const namespaces of [{ net: target.pid, pid: target.pid }, { target: target.pid, all: true }]) {
      assertEquals(refusal({ command, namespaces }).code, CODES[name]);
    }
  }
}, { skip: NEEDS_ROOT });

claim("a program is looked up in the PATH of its own environment", async () => {
  using directory = new OwnDirectory();
  using other = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("ipcx-found"), "#!/bin/sh\necho first\n", { mode: 0o755 });
  Deno.writeTextFileSync(other.file("ipcx-found"), "#!/bin/sh\necho second\n", { mode: 0o755 });
  const run = (PATH: string): Promise<string> => told({ command: "ipcx-found", env: { PATH } });
  assertEquals(await run(`/nowhere:${directory.path}:${other.path}`), "first");
  assertEquals(await run(`${other.path}:${directory.path}`), "second");
  // One that may not be run hides none that may, and is remembered otherwise.
  Deno.chmodSync(directory.file("ipcx-found"), 0o644);
  assertEquals(await run(`${directory.path}:${other.path}`), "second");
  assertEquals(refusal({ command: "ipcx-found", env: { PATH: `${directory.path}:/nowhere` } }).code, "EACCES");
  assertEquals(refusal({ command: "ipcx-found", env: { PATH: "/nowhere" } }).code, "ENOENT");
  assertEquals(refusal({ command: "ipcx-found", env: { PATH: "/usr/bin:/bin" } }).code, "ENOENT");
  assertEquals(refusal({ command: "" }).code, "ENOENT");
  assertEquals(await told({ command: "sh", args: ["-c", "echo x"], env: {}, clearEnv: true }), "x");
});

claim("arguments that are too long for the kernel are an error", () => {
  assertEquals(refusal({ command: "true", args: ["x".repeat(200_000)] }).code, "E2BIG");
  assertEquals(refusal({ command: "true", args: Array(100_000).fill("x".repeat(100)) }).code, "E2BIG");
  assertEquals(refusal({ command: "true", env: { LONG: "x".repeat(200_000) } }).code, "E2BIG");
});

claim("arguments and variables arrive byte for byte", async () => {
  const odd = ["", " ", "a b", "'\"`$(x)", "new\nline", "\x01\x7f", "grüße ☃", "*", "--"];
  const script = "import sys, os; print([os.fsencode(x) for x in sys.argv[1:]], os.environb.get(b'ODD'))";
  const args = ["-Sc", script, ...odd, Uint8Array.of(0xff, 0x80)];
  const out = await told({ command: "/usr/bin/python3", args, env: { ODD: "grüße=\n" } });
  const bytes = [...odd.map((text) => new TextEncoder().encode(text)), Uint8Array.of(0xff, 0x80)];
  const [words, variable] = out.split("] ");
  assertEquals(words.split(", ").length, bytes.length);
  assert(words.endsWith("b'\\xff\\x80'"), words);
  assert(words.includes("b'gr\\xc3\\xbc\\xc3\\x9fe \\xe2\\x98\\x83'"), words);
  assertEquals(variable, "b'gr\\xc3\\xbc\\xc3\\x9fe=\\n'");
});

claim("what cannot be passed is refused before anything is opened", () => {
  const before = openNumbers();
  const cases: [Partial<SpawnOptions>, string][] = [
    [{ args: ["a\0b"] }, "an argument cannot contain a NUL: 'a\\x00b'"],
    [{ env: { A: "\0" } }, "NUL"],
    [{ env: { "": "x" } }, "'' is no name for a variable"],
    [{ env: { "A=B": "x" } }, "'A=B' is no name for a variable"],
    [{ deathSignal: "SIGFUNNY" }, "there is no signal 'SIGFUNNY'"],
  ];
  for (const [options, message] of cases) {
    const stdio = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    assertThrows(() => spawn({ command: "true", ...stdio, ...options }), TypeError, message);
  }
  assertEquals(openNumbers(), before);
});

claim("the environment is the caller's with changes, or only what is given", async () => {
  const program = ownProgram("join.ts");
  const environmentOf = async (more: Partial<SpawnOptions>): Promise<string[]> => {
    const options = { command: "env", args: ["-0"], ...more };
    // A value that is no text goes through untouched.
    const through = ["sh", "-c", `ODD="$(printf '\\377x')" KEPT=yes LOST=yes exec "$@"`, "-"];
    const { out, err } = await runProgram([...program, "{}", JSON.stringify(options)], { through });
    assertEquals(err, "");
    return JSON.parse(out).out.split("\0");
  };
  const changed = await environmentOf({ env: { LOST: "no", NEW: "a=b" } });
  for (const entry of ["KEPT=yes", "LOST=no", "NEW=a=b", "ODD=\ufffdx"]) assert(changed.includes(entry), entry);
  assert(!changed.includes("LOST=yes"));
  assertEquals(await environmentOf({ env: { ONLY: "this" }, clearEnv: true }), ["ONLY=this", ""]);
  assertEquals(await shell("echo ${GONE-none}", { env: { GONE: undefined } }), "none");
});
