import { assert, assertEquals } from "@std/assert";
import type { SpawnOptions } from "../../src/spawn/mod.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { compiled, missing } from "./compiled.ts";
import { Elsewhere } from "./elsewhere.ts";
import { refusal } from "./output.ts";

const skip = NEEDS_ROOT;

/** What each test stands on: a target, a directory of the caller's, and proof that nothing ran. */
async function refused(
  prepare: (directory: OwnDirectory) => string,
  code: string,
  message: string,
  more: Partial<SpawnOptions> = {},
): Promise<void> {
  await using there = await Elsewhere.start(["mnt", "pid"]);
  using directory = new OwnDirectory();
  const command = prepare(directory);
  // Created by whoever reaches his main, in the caller's mount namespace or in the target's.
  const args = ["touch", directory.file("evidence"), "/evidence"];
  for (const namespaces of [{ mnt: there.target.pid }, { target: there.target.pid, all: true }]) {
    const error = refusal({ command, args, namespaces, local: true, ...more });
    assertEquals(error.code, code, error.message);
    assert(error.message.includes(message), error.message);
    const names = [...Deno.readDirSync(directory.path), ...Deno.readDirSync(there.root)].map(({ name }) => name);
    assert(!names.includes("evidence"), "its main was reached");
  }
}

function script(text: string): (directory: OwnDirectory) => string {
  return (directory) => {
    Deno.writeTextFileSync(directory.file("script"), text.replaceAll("DIRECTORY", directory.path), { mode: 0o755 });
    return directory.file("script");
  };
}

/** A program in which a byte of the header is another one. */
function changed(at: number, byte: number): (directory: OwnDirectory) => string {
  return (directory) => {
    const bytes = Deno.readFileSync(compiled("look.c", "-static"));
    bytes[at] = byte;
    Deno.writeFileSync(directory.file("program"), bytes, { mode: 0o755 });
    return directory.file("program");
  };
}

claim("a program whose library starts a thread before main cannot be moved, and is not run", async () => {
  const library = compiled("early_thread.c", "-shared", "-fPIC", "-pthread");
  const program = compiled("look.c", "-Wl,--no-as-needed", library);
  await refused(() => program, "EINVAL", "a program with several threads cannot be moved into another mount namespace");
}, { skip });

claim("a program that lacks a library is not run, and its loader says which", async () => {
  const prepare = (directory: OwnDirectory): string => {
    const library = compiled("early_thread.c", "-shared", "-fPIC", "-pthread", "-DLACKING");
    const program = compiled("look.c", "-Wl,--no-as-needed", library, "-DLACKING");
    const bytes = new TextDecoder("latin1").decode(Deno.readFileSync(program));
    const elsewhere = bytes.replaceAll(library, library.replace(/./g, "x"));
    Deno.writeFileSync(directory.file("program"), Uint8Array.from(elsewhere, (letter) => letter.charCodeAt(0)), {
      mode: 0o755,
    });
    return directory.file("program");
  };
  await refused(prepare, "ESRCH", "it ended before its first instruction", { stderr: "null" });
}, { skip });

claim("a script whose interpreter does not read it is an error", async () => {
  for (const interpreter of ["/bin/true", "/bin/echo", "/usr/bin/env true", "/bin/sleep"]) {
    const message = "script (its interpreter did not read it by itself): ";
    await refused(script(`#!${interpreter}\ntouch "$1" "$2"\n`), "ENOEXEC", message, {
      stdout: "null",
      stderr: "null",
    });
  }
}, { skip });

/** What would run a script of the shell in each of these processes. */
const EVIDENCE = 'for path; do case $path in */evidence) >"$path";; esac; done';

claim("a script that a child of its interpreter would read is an error", async () => {
  for (const interpreter of ["unshare --fork /bin/sh", "setsid --fork --wait /bin/sh", "timeout 5 /bin/sh"]) {
    await refused(script(`#!/usr/bin/env -S ${interpreter}\n${EVIDENCE}\n`), "ENOEXEC", "did not read it by itself");
  }
}, { skip });

claim("a script that a thread of its interpreter would read is an error", async () => {
  const interpreter = compiled("threaded_interpreter.c", "-pthread");
  await refused(script(`#!${interpreter}\n${EVIDENCE}\n`), "ENOEXEC", "did not read it by itself");
}, { skip });

claim("a script whose interpreter is for 32 bits is an error", async () => {
  const flags = ["-m32", "-nostdlib", "-static", "-ffreestanding", "-fno-pic", "-fno-stack-protector"];
  await refused(script(`#!${compiled("interpreter_32.c", ...flags)}\n`), "ENOEXEC", "did not read it by itself");
}, { skip: skip || (Deno.build.arch === "x86_64" ? false : "there are no 32-bit programs here") });

claim("a script whose interpreter is not there is an error", async () => {
  await refused(script("#!/nowhere/interpreter\n"), "ENOENT", "its interpreter is missing");
  await refused(script("#!/usr/bin/env ipcx-nothing\n"), "ENOEXEC", "did not read it", { stderr: "null" });
}, { skip });

claim("a script whose interpreter has threads by then cannot be moved, and is not run", async () => {
  const text = `#!/usr/bin/env -S ${Deno.execPath()} run --quiet --allow-all --ext=js\n` +
    "for (const path of Deno.args.slice(1)) Deno.writeTextFileSync(path, '');\n";
  await refused(script(text), "EINVAL", "several threads");
}, { skip });

claim("a program for 32 bits, or for another machine, is an error", async () => {
  const message = "(neither a 64-bit program of this machine nor a script)";
  await refused(changed(18, 183 ^ 62 ^ Deno.readFileSync(compiled("look.c", "-static"))[18]), "ENOEXEC", message);
  await refused(changed(4, 1), "ENOEXEC", message);
}, { skip });

claim("what is neither a program nor a script is an error", async () => {
  const message = "(neither a 64-bit program of this machine nor a script)";
  for (const text of ["", "#", "\x7fELF", "echo here >DIRECTORY/evidence\n", "\0\0\0\0", "MZ\x90"]) {
    await refused(script(text), "ENOEXEC", message);
  }
}, { skip });

claim("a program that is not there, may not be run, or is a directory is an error", async () => {
  const plain = (directory: OwnDirectory): string => {
    Deno.writeTextFileSync(directory.file("plain"), "#!/bin/sh\n");
    return directory.file("plain");
  };
  await refused(() => "/nowhere/program", "ENOENT", "execve /nowhere/program: ");
  await refused(() => "ipcx-no-such-program", "ENOENT", "there is no such program");
  await refused(plain, "EACCES", "the file is not executable");
  await refused((directory) => directory.path, "EACCES", "execve /");
}, { skip });

claim("what cannot be done in the program's name is an error, and it is not run", async () => {
  const program = (): string => compiled("look.c");
  await refused(program, "ENOENT", "chdir /nowhere: ", { wdns: "/nowhere" });
  await refused(program, "ENOTDIR", "chdir /marker: ", { wdns: "/marker" });
  const command = script('#!/bin/sh\nfor path; do >"$path"; done\n');
  await refused(command, "ENOENT", "chdir /nowhere: ", { wdns: "/nowhere" });
}, { skip });

claim("a Go program may be moved though its runtime is about to start threads", async () => {
  await refused(() => compiled("look.go"), "ENOENT", "chdir /nowhere: ", { wdns: "/nowhere" });
}, { skip: skip || missing("go") });
