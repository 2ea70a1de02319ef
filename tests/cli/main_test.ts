import { assert, assertEquals, assertMatch } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { claim } from "../claim.ts";
import { IPCX, ipcx, runProgram } from "./program.ts";

claim("--version and -V print the version of deno.json", async () => {
  for (const option of ["--version", "-V"]) {
    const { status, out, err } = await ipcx([option]);
    assertEquals({ status, out, err }, { status: 0, out: `ipcx ${manifest.version}\n`, err: "" });
  }
});

claim("without a command the status is 2 and the message leads on", async () => {
  const { status, out, err } = await ipcx([]);
  assertEquals({ status, out, err }, { status: 2, out: "", err: "ipcx: which command? 'ipcx --help' lists them\n" });
});

claim("an unknown command or option is named, with status 2", async () => {
  for (const name of ["frobnicate", "constructor", "--frobnicate", ""]) {
    const { status, err } = await ipcx([name]);
    assertEquals({ status, err }, {
      status: 2,
      err: `ipcx: ${
        name === "--frobnicate" ? "unknown option" : "there is no command"
      } '${name}'; 'ipcx --help' lists them\n`,
    });
  }
});

claim("a usage error of a command names the command and its help", async () => {
  const { status, out, err } = await ipcx(["pair", "--frobnicate", "x", "k"]);
  assertEquals({ status, out, err }, {
    status: 2,
    out: "",
    err: "ipcx pair: unknown option '--frobnicate'\n'ipcx pair --help' tells what it understands.\n",
  });
});

claim("a failure has status 1 and one line that says what was attempted", async () => {
  const { status, out, err } = await ipcx(["pair", "--socket", "/nonexistent/one.socket", "k"]);
  assertEquals({ status, out }, { status: 1, out: "" });
  assertMatch(err, /^ipcx pair: connect \/nonexistent\/one\.socket: .*\(ENOENT\); there is no such socket[^\n]*\n$/);
});

claim("output that cannot be written is a failure, not a crash", async () => {
  for (const args of ["--help", "--version", "broker --help", "completions bash"]) {
    const { status, err } = await runProgram(["sh", "-c", `"$@" ${args} > /dev/full`, "sh", ...IPCX]);
    assertEquals(status, 1, args);
    assertMatch(err, /^ipcx[a-z ]*: No space left on device \(os error 28\)\n$/);
  }
});

claim("a command is loaded only when it is called: --version needs no shim", async () => {
  const command = IPCX.map((word) => word === "--allow-all" ? "--allow-read" : word);
  const { status, err } = await runProgram([...command, "--version"]);
  assert(status === 0, err);
});

claim("what a message quotes is no order to a terminal", async () => {
  const hostile = "\x1b[31mred\x9b";
  for (const [command, status] of [[["send", hostile], 2], [["recv", `./${hostile}`], 1]] as const) {
    const { status: ended, err } = await ipcx([...command]);
    assertEquals(ended, status, err);
    assert(err.includes("\\x1b[31mred\\x9b"), err);
    assert(!err.includes("\x1b") && !err.includes("\x9b"), err);
  }
});
