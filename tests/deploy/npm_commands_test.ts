import { assert, assertEquals, assertMatch } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { claim, OwnDirectory } from "../claim.ts";
import { Process, type ProcessOptions, type Result, runProgram, until } from "../cli/program.ts";
import { missing } from "../spawn/compiled.ts";
import { npmProject } from "./npm_project.ts";

async function command(name: string): Promise<string> {
  return `${await npmProject()}/node_modules/.bin/${name}`;
}

async function run(args: readonly string[], options?: ProcessOptions): Promise<Result> {
  return await runProgram([await command("ipcx"), ...args], options);
}

/** What succeeds, and says only what is expected. */
function says(out: string): Result {
  return { status: 0, signal: null, out, err: "" };
}

claim("npx runs the commands of a project that has installed the package", async () => {
  const cwd = await npmProject();
  const npx = (...args: string[]) => runProgram(["npx", "--no", "--", ...args], { cwd });
  assertEquals((await npx("ipcx", "--version")).out, `ipcx ${manifest.version}\n`);
  assertEquals((await npx("ipcx", "spawn", "--", "/bin/true")).status, 0);
  assertEquals((await npx("ipcx", "spawn", "--", "sh", "-c", "exit 7")).status, 7);
});

claim("each command is a program of its own", async () => {
  for (const name of ["nsexec", "one-socket"]) {
    const { status, out } = await runProgram([await command(name), "--help"]);
    assertEquals(status, 0);
    assertMatch(out, new RegExp(`^Usage: ipcx ${name}\\b`));
    assertEquals(await runProgram([await command(name), "--version"]), says(`ipcx ${manifest.version}\n`));
  }
  assertMatch((await run(["--help"])).out, /^Usage: ipcx COMMAND/);
});

claim("at a terminal it says no more than elsewhere", async () => {
  const { out } = await runProgram(["script", "-qec", `'${await command("ipcx")}' --version`, "/dev/null"]);
  assertEquals(out, `ipcx ${manifest.version}\r\n`);
}, { skip: missing("script") });

claim("nothing stays between the caller and the program", async () => {
  await using process = new Process([await command("ipcx"), "spawn", "--", "sh", "-c", "echo $PPID"]);
  assertEquals((await process.ended()).out, `${process.child.pid}\n`);
});

claim("descriptors pass through, and no others come", async () => {
  using directory = new OwnDirectory();
  await Deno.writeTextFile(directory.file("seven"), "lucky\n");
  const script = `exec 5<&- 7<${directory.file("seven")}; exec "$0" "$@"`;
  const keep = ["spawn", "--keep-fd", "7", "--", "sh", "-c", "cat <&7; ls /proc/$$/fd"];
  const { out } = await run(keep, { through: ["sh", "-c", script] });
  assertEquals(out, "lucky\n0\n1\n2\n7\n");
});

claim("arguments of any bytes pass through, and empty ones, and what a shell would expand", async () => {
  const script = `exec "$0" "$@" "$(printf '\\377\\201\\210 a')" '' '*' '$(id)' "it's
two lines"`;
  const show = ["spawn", "--", "sh", "-c", "printf '%s|' \"$@\" | od -An -c -v | tr -d ' \\n'", "sh"];
  const { out, err } = await run(show, { through: ["sh", "-c", script] });
  assertEquals({ out, err }, { out: "377201210a||*|$(id)|it'stwolines|".replace("two", "\\ntwo"), err: "" });
});

claim("the environment passes through as it is: no variable more, none less, odd names and values too", async () => {
  const variables = ["a.b=1", "-x=2", "lines=one\ntwo'three", "BASH_FUNC_f%%=() { :; }", "HOME=/nowhere", "EMPTY="];
  for (const shell of [[], ["bash", "--posix"]]) {
    const { out, err } = await run(["spawn", "--", "env", "-0"], { through: ["env", "-i", ...variables, ...shell] });
    assertEquals({ out: out.split("\0").slice(0, -1), err }, { out: variables, err: "" });
  }
});

claim("an environment that is too large to be given twice passes through as well", async () => {
  const fill = 'ulimit -s "$1"; for n in $(seq "$2"); do export "V$n=$(printf %0100000d "$n")"; done; shift 2; "$@"';
  for (const [stack, count] of [[8192, 15], [4096, 7]]) {
    const through = ["env", "-i", "PATH=/usr/bin:/bin", "bash", "-c", fill, "bash", `${stack}`, `${count}`];
    const show = ["spawn", "--", "sh", "-c", `echo "\${#V${count}} $V${count}" | tr -s 0`];
    assertEquals(await run(show, { through }), says(`10 0${count}\n`), `${count} in a stack of ${stack} KB`);
  }
});

claim(
  "what keeps Deno from looking for updates and keeping files is not passed on, but the caller's own is",
  async () => {
    using home = new OwnDirectory();
    const own = ["DENO_DIR=/proc/nowhere", "DENO_NO_UPDATE_CHECK=yes"];
    const env = ["spawn", "--", "env"];
    assertEquals((await run(env, { through: ["env", "-i", `HOME=${home.path}`] })).out, `HOME=${home.path}\n`);
    assertEquals(Array.from(Deno.readDirSync(home.path)), []);
    assertEquals((await run(env, { through: ["env", "-i", ...own] })).out, own.map((line) => `${line}\n`).join(""));
  },
);

claim("signals reach the program, and the status is as shells have it", async () => {
  await using process = new Process([
    await command("ipcx"),
    "spawn",
    "--",
    "sh",
    "-c",
    "echo ready >&2; exec sleep 60",
  ]);
  await process.says("ready");
  const { status } = await process.stop();
  assertEquals(status, 143);
  assertEquals((await run(["spawn", "--", "/nothing/there"])).status, 127);
  assertEquals((await run(["spawn", "--no-such-option"])).status, 2);
});

claim("a broker goes to the background, and ipcx doctor knows where it came from", async () => {
  using directory = new OwnDirectory();
  const address = directory.file("s");
  assertEquals((await run(["broker", "-s", address, "--daemonize"])).status, 0);
  assertEquals((await run(["brokerctl", "-s", address, "log-level"])).out, "info\n");
  assertEquals((await run(["brokerctl", "-s", address, "shutdown"])).status, 0);
  await until(() => Array.from(Deno.readDirSync(directory.path)).length === 0, "its files stay");
  assertMatch((await run(["doctor", "--only", "program"])).out, /ipcx from npm/);
});

claim("the package has the version of deno.json, and depends on the Deno that it was made with", async () => {
  const json = JSON.parse(await Deno.readTextFile(`${await npmProject()}/node_modules/ipcx/package.json`));
  assertEquals([json.version, json.dependencies], [manifest.version, { deno: Deno.version.deno }]);
  const root = new URL("../..", import.meta.url).pathname;
  const pages = [".ci/run", "README.md", ...Array.from(Deno.readDirSync(`${root}docs`), ({ name }) => `docs/${name}`)];
  const named = pages.flatMap((page) => Deno.readTextFileSync(root + page).match(/\bdeno@\d+\.\d+\.\d+/g) ?? []);
  assert(named.length > 2);
  assertEquals([...new Set(named)].length, 1, "another Deno is named in one place than in another");
});
