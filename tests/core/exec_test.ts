import { assertEquals, assertThrows } from "@std/assert";
import { SystemError } from "../../src/core/errors.ts";
import { exec, type ExecOptions } from "../../src/core/exec.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { isCloseOnExec } from "./open_descriptors.ts";
import { result, run } from "./programs/run.ts";

const NUMBERS = Array.from({ length: 18 }, (_, at) => 3 + at);

/** Runs a program that becomes another one, which is given a connection with "hello" in it. */
async function become(number: number, ...words: string[]): Promise<string[]> {
  const { code, out, err } = await run("become.ts", [`${number}`, ...words]);
  assertEquals([code, err], [0, ""], out);
  return out.split("\n");
}

claim("the descriptor arrives at any number, the runtime's own included", async () => {
  for (let at = 0; at < NUMBERS.length; at += 3) {
    await Promise.all(
      NUMBERS.slice(at, at + 3).map(async (number) => {
        assertEquals(await become(number, "bash", "-c", `head -c 5 <&${number}`), ["hello"], `${number}`);
      }),
    );
  }
  for (const number of [100, 1000]) {
    assertEquals(await become(number, "bash", "-c", `head -c 5 <&${number}`), ["hello"]);
  }
});

claim("the descriptor can be standard input", async () => {
  assertEquals(await become(0, "head", "-c", "5"), ["hello"]);
});

claim("several descriptors arrive, each at its number, whatever numbers they had", async () => {
  const script = 'for n in "$@"; do head -c 4 <&$n; done';
  for (const numbers of [[3, 4, 5, 6], [9, 3, 500, 0], [20, 19, 18, 17]]) {
    const { code, out, err } = await run("become_several.ts", [JSON.stringify(numbers), script]);
    assertEquals([code, err, out], [0, "", "no 0no 1no 2no 3"], `${numbers}`);
  }
});

claim("nothing of the runtime's is left open in the new program", async () => {
  const script = [
    "-c",
    "import os; print([n for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{n}')])",
  ];
  // Whoever runs the tests may have left descriptors open for everybody.
  const { stdout } = await new Deno.Command("python3", { args: script, stdin: "null" }).output();
  const numbers = (list: string): number[] => list.match(/\d+/g)!.map(Number).sort((a, b) => a - b);
  const usual = numbers(new TextDecoder().decode(stdout));
  const [list] = await become(77, "python3", ...script);
  assertEquals(numbers(list), [...usual, 77].sort((a, b) => a - b));
});

claim("the new program blocks no signals, and ignores what the process was started with and nothing else", async () => {
  const states = ["become.ts", ["3", "grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status"]] as const;
  // What nohup ignores, and what a shell ignores for a job in the background; PIPE is Deno's business.
  for (const [trapped, ignored] of [["", 0n], ["HUP", 1n], ["INT QUIT", 6n], ["PIPE", 0n]] as const) {
    const trap = trapped === "" ? "" : `trap "" ${trapped}; `;
    const { out } = await run(...states, { through: ["sh", "-c", `${trap}exec "$@"`, "-"] });
    const [blocked, ignoring] = out.match(/[0-9a-f]{16}/g)!.map((bits) => BigInt(`0x${bits}`));
    // Of 32 and 33, the C library's own, posix_spawn(3) leaves one ignored in every child.
    assertEquals([blocked, ignoring & ~(3n << 31n)], [0n, ignored], trapped);
  }
});

claim("the new program dies of SIGPIPE as programs do", async () => {
  // The other end of its standard output was closed by becoming it.
  const { code, err } = await run("become.ts", ["1", "cat", "/proc/self/status"]);
  assertEquals([code, err], [128 + 13, ""]);
});

claim("arguments and environment arrive byte for byte", async () => {
  const odd = ["", " ", "a b", "'\"`$(x)", "new\nline", "\x01\x7f", "grüße ☃", "*", "--"];
  const lines = await become(
    3,
    "python3",
    "-c",
    "import sys, os; print([sys.argv[1:], dict(os.environ)['ODD']])",
    ...odd,
  );
  const python = (text: string): string => `'${text.replace("\n", "\\n").replace("\x01\x7f", "\\x01\\x7f")}'`;
  const quoted = odd.map((text) => text.includes("'") ? `'\\'"\`$(x)'` : python(text));
  assertEquals(lines[0], `[[${quoted.join(", ")}], 'grüße=\\n']`);
});

/** Runs a program that becomes another one and hands on nothing but what it has itself. */
async function becomeAsTold(options: ExecOptions, words: string[], through?: string[]): Promise<string> {
  const { code, out, err } = await run("become_as_told.ts", [JSON.stringify(options), ...words], { through });
  assertEquals([code, err], [0, ""], out);
  return out;
}

claim("the environment is handed on although it is not UTF-8", async () => {
  const through = ["bash", "-c", `export ODD=$'a\\xff=\\xfe\\n'; exec "$@"`, "-"];
  const out = await becomeAsTold({}, ["sh", "-c", 'printf %s "$ODD" | od -An -tx1'], through);
  assertEquals(out, " 61 ff 3d fe 0a\n");
});

claim("a program that is given no descriptor finds none at 3", async () => {
  const close = ["bash", "-c", `exec 3>&-; exec "$@"`, "-"];
  assertEquals(await becomeAsTold({}, ["sh", "-c", "[ -e /proc/self/fd/3 ] || echo none"], close), "none\n");
});

claim("a program may be told another name than its own", async () => {
  assertEquals(await becomeAsTold({ argv0: "another name" }, ["bash", "-c", "echo $0"]), "another name\n");
  assertEquals(await becomeAsTold({}, ["bash", "-c", "echo $0"]), "bash\n");
});

claim("signals that are held wait for the new program", async () => {
  const out = await becomeAsTold({ signalsHeld: true }, ["grep", "-E", "^(ShdPnd|SigBlk)", "/proc/self/status"]);
  // All but SIGKILL, SIGSTOP and the two of the C library.
  assertEquals(out, "ShdPnd:\t0000000000004000\nSigBlk:\tfffffffe7ffbfeff\n");
});

claim("a program that is not there or may not be run leaves everything as it was", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("plain"), "no program");
  Deno.writeTextFileSync(directory.file("garbage"), "\0\x01\x02", { mode: 0o755 });
  Deno.writeTextFileSync(directory.file("orphan"), "#!/nowhere/interpreter\n", { mode: 0o755 });
  const told = await result<Record<string, unknown>>("fail_to_become.ts", [directory.path], {
    through: ["sh", "-c", `trap "" INT QUIT; exec "$@"`, "-"],
  });
  assertEquals(told, {
    codes: {
      none: "ENOENT",
      plain: "EACCES",
      "plain/x": "ENOENT",
      garbage: "ENOEXEC",
      orphan: "ENOENT",
      long: "E2BIG",
    },
    inPath: { none: "ENOENT", plain: "EACCES" },
    changed: [],
    signals: "unchanged",
    works: "as before",
  });
});

claim("a failure says what was attempted and what can be done", () => {
  const [left, right] = UnixSocket.pair();
  const error = assertThrows(() => exec("/nowhere/program", [], { fds: { 3: left.fd } }), SystemError);
  assertEquals([error.syscall, error.address], ["execve", "/nowhere/program"]);
  assertEquals(
    error.message,
    "execve /nowhere/program: No such file or directory (ENOENT); there is no such program, or its interpreter is missing",
  );
  assertEquals(isCloseOnExec(left.fd.number), true);
  left.close();
  right.close();
});

claim("a NUL cannot be passed, and a number that cannot be is an error", () => {
  const [left, right] = UnixSocket.pair();
  const as = left.fd.number;
  const message = "an argument cannot contain a NUL: 'a\\x00b'";
  assertThrows(() => exec("true", ["a\0b"], { fds: { [as]: left.fd } }), TypeError, message);
  assertThrows(() => exec("a\0b", [], { fds: { [as]: left.fd } }), TypeError, message);
  assertThrows(() => exec("true", [], { fds: { [as]: left.fd }, env: { A: "\0" } }), TypeError, "NUL");
  for (const number of [-1, 2_000_000_000]) {
    assertEquals(assertThrows(() => exec("true", [], { fds: { [number]: left.fd } }), SystemError).code, "EBADF");
  }
  left.close();
  right.close();
});
