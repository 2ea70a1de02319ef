import { assertEquals, assertThrows } from "@std/assert";
import { SystemError } from "../../src/core/errors.ts";
import { openScript } from "../../src/spawn/program.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { isCloseOnExec, targetOf } from "../core/open_descriptors.ts";
import { asNobody } from "../core/programs/run.ts";

/** The beginning of a program in the format of 64-bit Linux, for a machine of this number. */
function elf(machine: number, bits: 32 | 64 = 64): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, bits / 32, 1, 1]);
  bytes.set([3, 0, machine & 0xff, machine >> 8], 16);
  return bytes;
}

const OWN_MACHINE = { x86_64: 62, aarch64: 183 }[Deno.build.arch];
const OTHER_MACHINE = OWN_MACHINE === 62 ? 183 : 62;

class Programs extends OwnDirectory {
  /** Writes a file, and names it. */
  program(name: string, content: string | Uint8Array, mode = 0o755): string {
    const path = this.file(name);
    Deno.writeFileSync(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    Deno.chmodSync(path, mode);
    return path;
  }
}

/** What opening a script is refused with. */
function refusal(paths: readonly string[]): [string, string, string] {
  const { syscall, code, address } = assertThrows(() => openScript(paths), SystemError);
  return [syscall, code, `${address}`];
}

claim("a script is opened, and is the caller's", () => {
  using programs = new Programs();
  const path = programs.program("script", "#!/bin/sh\n");
  using script = openScript([path])!;
  assertEquals(targetOf(script.number), path);
  assertEquals(isCloseOnExec(script.number), true);
});

claim("two bytes make a script", () => {
  using programs = new Programs();
  using script = openScript([programs.program("short", "#!")])!;
  assertEquals(script.number > 2, true);
});

claim("a program of this machine is none", () => {
  using programs = new Programs();
  assertEquals(openScript([programs.program("program", elf(OWN_MACHINE))]), undefined);
  assertEquals(openScript([Deno.execPath()]), undefined);
  assertEquals(openScript(["/bin/true"]), undefined);
});

claim("what is neither is refused, with its name", () => {
  using programs = new Programs();
  const neither = {
    empty: "",
    text: "echo hello\n",
    space: " #!/bin/sh\n",
    short: "\x7fELF",
    foreign: elf(OTHER_MACHINE),
    narrow: elf(OWN_MACHINE, 32),
  };
  for (const [name, content] of Object.entries(neither)) {
    const path = programs.program(name, content);
    const message = `${path} (neither a 64-bit program of this machine nor a script)`;
    assertEquals(refusal([path]), ["execve", "ENOEXEC", message]);
  }
});

claim("the first that can be executed counts, as it does for exec", () => {
  using programs = new Programs();
  const none = programs.file("none");
  const plain = programs.program("plain", "#!/bin/sh\n", 0o644);
  const binary = programs.program("binary", elf(OWN_MACHINE));
  const script = programs.program("script", "#!/bin/sh\n", 0o700);
  const before = [none, plain, programs.path, `${plain}/below`];
  assertEquals(openScript([...before, binary, script]), undefined);
  using found = openScript([...before, script, binary])!;
  assertEquals(targetOf(found.number), script);
});

claim("where there is no program, exec is left to say so", () => {
  using programs = new Programs();
  assertEquals(openScript([]), undefined);
  assertEquals(openScript([programs.file("none"), programs.path, programs.program("plain", "#!", 0o644)]), undefined);
});

claim("a program that may be executed but not read is refused", async () => {
  using programs = new Programs();
  Deno.chmodSync(programs.path, 0o777);
  const path = programs.program("secret", elf(OWN_MACHINE), 0o711);
  const module = new URL("../../src/spawn/program.ts", import.meta.url).href;
  const code = `import { openScript } from ${JSON.stringify(module)};
    try { openScript([${JSON.stringify(path)}]); } catch (error) { console.log(error.code, error.address); }`;
  const { through, env } = Deno.uid() === 0 ? asNobody(programs.path) : { through: [], env: {} };
  const [command, ...args] = [...through!, Deno.execPath(), "run", "--quiet", "-A", "--no-lock", "-"];
  if (Deno.uid() !== 0) Deno.chmodSync(path, 0o111);
  const child = new Deno.Command(command, { args, env, stdin: "piped", stdout: "piped", stderr: "inherit" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { stdout } = await child.output();
  assertEquals(new TextDecoder().decode(stdout), `EACCES ${path} (it must be readable to run elsewhere)\n`);
});
