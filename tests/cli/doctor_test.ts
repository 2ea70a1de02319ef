import { assert, assertEquals, assertMatch } from "@std/assert";
import { CHECK_NAMES, type Finding } from "ipcx";
import { asUser, withDescriptorLimit } from "../broker/daemon.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { missing } from "../spawn/compiled.ts";
import { IPCX, ipcx, runProgram } from "./program.ts";
import { Terminal } from "./terminal.ts";

claim("ipcx doctor prints a line for each check, below those that are not well what to do, and a summary", async () => {
  const { out, err } = await ipcx(["doctor"]);
  assertEquals(err, "");
  const lines = out.trimEnd().split("\n");
  const heads = lines.slice(0, -1).filter((line) => !line.startsWith("  "));
  assertEquals(heads.map((line) => line.split(/ +/)[1]), [...CHECK_NAMES]);
  for (const [at, line] of lines.entries()) {
    if (/^(warning|fails)/.test(line)) {
      assertMatch(lines[at + 1], /^ {2}so: {2}\S/);
      assertMatch(lines[at + 2], /^ {2}do: {2}\S/);
    } else if (line.startsWith("ok")) {
      assert(!lines[at + 1].startsWith("  "), lines[at + 1]);
    }
  }
  const count = (state: string): number => heads.filter((line) => line.startsWith(state)).length;
  const [failures, warnings] = [count("fails"), count("warning")];
  if (failures + warnings === 0) return assertEquals(lines.at(-1), "nothing is wrong");
  assertMatch(lines.at(-1)!, new RegExp(`^${failures} fails?, ${warnings} warnings?, ${count("ok")} ok$`));
});

claim("--json prints an array with the same, one finding a line", async () => {
  const { status, out, err } = await ipcx(["doctor", "--json"]);
  assertEquals(err, "");
  const findings: Finding[] = JSON.parse(out);
  assertEquals(findings.map(({ name }) => name), [...CHECK_NAMES]);
  assertEquals(status, findings.some(({ state }) => state === "fails") ? 1 : 0);
  for (const finding of findings) {
    const more = finding.state === "ok" ? [] : ["means", "remedy"];
    assertEquals(Object.keys(finding), ["name", "state", "found", ...more]);
  }
  const lines = out.trimEnd().split("\n");
  assertEquals(lines.slice(1, -1).map((line) => JSON.parse(line.replace(/,$/, ""))), findings);
});

claim("the status is 1 if something fails, and 0 for warnings", async () => {
  const look = (limit: number) => ipcx(["doctor", "--only", "descriptors"], { through: withDescriptorLimit(limit) });
  const [well, warned, failed] = [await look(5000), await look(500), await look(60)];
  assertEquals([well.status, warned.status, failed.status], [0, 0, 1]);
  assertEquals(well.out, "ok  descriptors  RLIMIT_NOFILE is 5000\nnothing is wrong\n");
  assertMatch(warned.out, /^warning {2}descriptors {2}.*\n {2}so: .*\n {2}do: .*\n0 fail, 1 warning, 0 ok\n$/);
  assertMatch(failed.out, /^fails {2}descriptors {2}.*\n {2}so: .*\n {2}do: .*\n1 fails, 0 warnings, 0 ok\n$/);
}, { skip: missing("prlimit") });

claim("--quiet prints only what is not well, and no summary", async () => {
  const through = withDescriptorLimit(500);
  const quiet = await ipcx(["doctor", "-q", "-o", "descriptors", "--only=program"], { through });
  assertMatch(quiet.out, /^warning {2}descriptors {2}RLIMIT_NOFILE is 500\n {2}so: .*\n {2}do: .*\n$/);
  assertEquals((await ipcx(["doctor", "--quiet", "--only", "program"])).out, "");
  assertEquals(JSON.parse((await ipcx(["doctor", "--quiet", "--json", "--only", "program"])).out), []);
}, { skip: missing("prlimit") });

claim("sockets that are named are looked at, and nothing else unless --only asks for it", async () => {
  using directory = new OwnDirectory();
  const name = ownName();
  const { status, out } = await ipcx(["doctor", "./none", name], { cwd: directory.path });
  assertEquals(status, 1);
  const heads = out.split("\n").filter((line) => line.startsWith("fails"));
  assertEquals(heads.map((line) => line.split(/ +/)[1]), ["./none", name]);
  const both = await ipcx(["doctor", "--json", "--only", "pipes", name]);
  assertEquals(JSON.parse(both.out).map((finding: Finding) => finding.name), ["pipes", name]);
});

claim("a socket that is no address has status 2 and a message that says how to write one", async () => {
  for (const word of ["plain", "fd:3", "@a\\q", ""]) {
    const { status, out, err } = await ipcx(["doctor", word]);
    assertEquals({ status, out }, { status: 2, out: "" });
    assertMatch(err, /^ipcx doctor: SOCKET: .*\n'ipcx doctor --help' tells what it understands\.\n$/);
  }
});

claim("what is printed of names is no command to a terminal", async () => {
  const { out } = await ipcx(["doctor", "--only", "service-manager", "./\x1b[31m\nx"], {
    env: { NOTIFY_SOCKET: "/no\x1b[31m\nwhere" },
  });
  assert(!out.includes("\x1b"), out);
  assert(out.includes("/no\\x1b[31m\\x0awhere"), out);
});

claim("states have colours on a terminal, but for those who set NO_COLOR or have a dumb one", async () => {
  const cases: [Record<string, string>, boolean][] = [
    [{ TERM: "xterm", NO_COLOR: "" }, true],
    [{ TERM: "xterm", NO_COLOR: "1" }, false],
    [{ TERM: "dumb", NO_COLOR: "" }, false],
  ];
  for (const [env, isColoured] of cases) {
    await using terminal = new Terminal([...IPCX, "doctor", "--only", "program"], { env });
    const [shown] = await terminal.shows(/[^]*nothing is wrong/);
    assertEquals(shown.includes("\x1b[32mok\x1b[0m  program"), isColoured, shown);
    assertEquals(shown.includes("\x1b["), isColoured, shown);
  }
}, { skip: missing("python3") });

claim("nobody can ask as well, in a root that is read-only", async () => {
  const user = asUser(370_000_000 + Deno.pid);
  const through = ["unshare", "--mount", "sh", "-c", 'mount -o remount,bind,ro / && exec "$@"', "sh", ...user];
  const { out, err } = await ipcx(["doctor", "--json"], { through });
  assertEquals(err, "");
  assertEquals(JSON.parse(out).map(({ name }: Finding) => name), [...CHECK_NAMES]);
}, { skip: NEEDS_ROOT || missing("unshare") || missing("setpriv") });

claim("nothing is left in the directories where it looks", async () => {
  using directory = new OwnDirectory();
  const env = { XDG_RUNTIME_DIR: directory.path, TMPDIR: directory.path, ONE_SOCKET_PATH: directory.file("s") };
  await ipcx(["doctor"], { env, cwd: directory.path });
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});

claim("standard output that nobody reads is a failure", async () => {
  const command = [...IPCX, "doctor"].map((word) => `'${word}'`).join(" ");
  const { out, err } = await runProgram(["bash", "-c", `${command} > /dev/full; echo $?`]);
  assertEquals(out, "1\n");
  assert(err.startsWith("ipcx doctor: standard output: No space left on device"), err);
});
