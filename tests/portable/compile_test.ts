import { assert, assertEquals, assertMatch } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { HOST, TARGETS } from "../../deploy/targets.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { type ProcessOptions, type Result, ROOT, runProgram } from "../cli/program.ts";
import { staticProgram } from "./static_program.ts";

const FOREIGN = TARGETS.find((target) => target !== HOST)!;

/** `deno task compile`, without what it depends on. */
async function compile(args: readonly string[], options: ProcessOptions = {}): Promise<Result> {
  const command = [Deno.execPath(), "run", "--quiet", "--allow-all", `${ROOT}deploy/compile.ts`, ...args];
  return await runProgram(command, options);
}

function refused(message: string, status = 1): Result {
  return { status, signal: null, out: "", err: `compile: ${message}\n` };
}

claim("--help shows every option, and does nothing", async () => {
  const { status, out, err } = await compile(["--help"]);
  assertEquals({ status, err }, { status: 0, err: "" });
  const options = ["--output FILE", "--target NAME", "--portable", "--runtime FILE", "--help"];
  for (const option of options) assert(out.includes(`\n  ${option} `), option);
});

claim("what cannot be understood is told, with status 2", async () => {
  const message = "'riscv64' is no processor that ipcx is made for: x86_64, aarch64";
  assertEquals(await compile(["--target", "riscv64"]), refused(message, 2));
  for (const args of [["--portabel"], ["--target"], ["word"]]) assertEquals((await compile(args)).status, 2, `${args}`);
});

claim("--portable makes the portable form, at --output, and says so; what was there is replaced", async () => {
  using directory = new OwnDirectory();
  const output = directory.file("below/it");
  Deno.mkdirSync(directory.file("below"));
  Deno.writeTextFileSync(output, "something else");
  const made = await compile(["--portable", "--output", "below/it"], { cwd: directory.path });
  assertEquals(made, refused("below/it is the portable form: as asked", 0));
  assertEquals((await runProgram([output, "--version"])).out, `ipcx ${manifest.version}\n`);
  assertEquals(Array.from(Deno.readDirSync(directory.file("below")), ({ name }) => name), ["it"]);
});

claim("where there is no denort, the portable form is made, and the reason told", async () => {
  using directory = new OwnDirectory();
  const output = directory.file("ipcx");
  const env = { DENORT_BIN: Deno.execPath() };
  const made = await compile(["--output", output], { env });
  const why = "what deno compile made does not work: is DENORT_BIN a denort?";
  assertEquals(made, refused(`${output} is the portable form: no denort (${why})`, 0));
  assertEquals((await runProgram([output, "--version"])).out, `ipcx ${manifest.version}\n`);
});

claim("a runtime that cannot be carried is refused, and nothing is left behind", async () => {
  using directory = new OwnDirectory();
  const output = directory.file("ipcx");
  const text = directory.file("text");
  Deno.writeTextFileSync(text, "x".repeat(5000));
  const [foreign, odd] = [directory.file("foreign"), directory.file("odd")];
  const head = Deno.readFileSync(Deno.execPath()).subarray(0, 5000);
  Deno.writeFileSync(foreign, head.with(18, head[18] === 62 ? 183 : 62));
  const interpreter = new TextDecoder("latin1").decode(head).indexOf(HOST.loader);
  Deno.writeFileSync(odd, head.with(interpreter, "m".charCodeAt(0)));
  const faults: Record<string, string> = {
    [text]: "it is no program of 64 bits",
    [foreign]: `it is not for ${HOST.name}`,
    [staticProgram("tool")]: "it is not position-independent",
    [odd]: "it is not linked with glibc: its loader is ",
  };
  for (const [runtime, fault] of Object.entries(faults)) {
    const { status, err } = await compile(["--runtime", runtime, "--output", output]);
    assertEquals(status, 1);
    assert(err.startsWith(`compile: ${runtime} cannot be the runtime: ${fault}`), err);
  }
  assertMatch((await compile(["--runtime", "/absent", "--output", output])).err, /No such file .*'\/absent'\n$/);
  assertEquals(Array.from(Deno.readDirSync(directory.path), ({ name }) => name).toSorted(), ["foreign", "odd", "text"]);
});

claim("a program that is no deno is not taken for one", async () => {
  using directory = new OwnDirectory();
  const output = directory.file("ipcx");
  const made = await compile(["--runtime", "/bin/true", "--output", output]);
  const says = "what was made does not work, is the runtime a deno? It says: ";
  assertEquals(made, refused(says));
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});

claim("without the cross compiler, or with another, it says what to do", async () => {
  using directory = new OwnDirectory();
  const { status, err } = await compile(["--portable", "--target", FOREIGN.name, "--output", directory.file("ipcx")], {
    env: { PATH: directory.path },
  });
  assertEquals(status, 1);
  assert(err.includes(`no C compiler for ${FOREIGN.name}: '${FOREIGN.compiler}' is not installed`), err);
  const wrong = await compile(["--portable", "--target", FOREIGN.name, "--output", directory.file("ipcx")], {
    env: { CC: "cc" },
  });
  assert(wrong.err.includes(`'cc' does not compile for ${FOREIGN.name}: unset CC, or name another`), wrong.err);
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});
