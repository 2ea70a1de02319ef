import { assert, assertEquals, assertMatch } from "@std/assert";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { Elsewhere, MARKER } from "../spawn/elsewhere.ts";
import { Target } from "../spawn/target.ts";
import { IPCX, ipcx, type Result, runProgram, startIpcx } from "./program.ts";
import { withOpen } from "./spawning.ts";

const skip = NEEDS_ROOT;

/** What nsexec knows: its long names and its letters. */
const KINDS = { cgroup: "c", ipc: "i", mnt: "m", net: "n", pid: "p" } as const;
const LINKS = Object.keys(KINDS).map((kind) => `/proc/self/ns/${kind}`);

/** Calls the program by another name, as through a symlink. */
async function calledBy(name: string, args: readonly string[]): Promise<Result> {
  return await runProgram(["bash", "-c", 'name=$1; shift; exec -a "$name" "$@"', "bash", name, ...IPCX, ...args]);
}

async function nsexec(...args: string[]): Promise<Result> {
  return await ipcx(["nsexec", ...args]);
}

claim("each option of nsexec joins its namespace, by its name or its letter", async () => {
  await using target = await Target.start(["cgroup", "ipc", "mnt", "net", "pid"]);
  const own = LINKS.map((path) => Deno.readLinkSync(path));
  for (const [at, [kind, letter]] of (Object.entries(KINDS) as [keyof typeof KINDS, string][]).entries()) {
    const wanted = own.with(at, target.namespace(kind));
    for (
      const option of [[`--${kind}`, target.file(kind)], [`--${kind}=${target.file(kind)}`], [
        `-${letter}`,
        target.file(kind),
      ]]
    ) {
      const { status, out, err } = await nsexec(...option, "readlink", ...LINKS);
      assertEquals([status, err, out.trimEnd().split("\n")], [0, "", wanted], option.join(" "));
    }
  }
}, { skip });

claim("the call of the seed's proof of concept works as it is written", async () => {
  await using there = await Elsewhere.start(["mnt", "pid", "net"]);
  const { target } = there;
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("server"), '#!/bin/sh\nread m </marker; read l <&3; echo "$m $l $$"\n', {
    mode: 0o755,
  });
  Deno.writeTextFileSync(directory.file("three"), "given\n");
  const namespaces = [`--mnt=${target.file("mnt")}`, `--pid=${target.file("pid")}`, `--net=${target.file("net")}`];
  const how = { through: withOpen({ 3: directory.file("three") }), cwd: directory.path };
  await using run = startIpcx(["nsexec", ...namespaces, "--local", "--keep-fd=3", "./server"], how);
  const { status, out, err } = await run.ended();
  assertEquals([status, err], [0, ""]);
  assertMatch(out, new RegExp(`^${MARKER} given \\d+\n$`));
}, { skip });

claim("a program that is called nsexec is nsexec, from wherever it is called", async () => {
  for (const name of ["nsexec", "/usr/local/bin/nsexec", "./nsexec"]) {
    const { status, out, err } = await calledBy(name, ["sh", "-c", 'echo "$@"; exit 3', "sh", "-l", "--", "x"]);
    assertEquals([status, out, err], [3, "-l -- x\n", ""], name);
  }
  for (const name of ["ipcx", "nsexec-not", "xnsexec"]) {
    const { status, err } = await calledBy(name, ["sh"]);
    assertEquals([status, err.split(";")[0]], [2, "ipcx: there is no command 'sh'"], name);
  }
  const help = await calledBy("nsexec", ["--help"]);
  assertEquals([help.status, help.out.split("\n")[0]], [0, "Usage: ipcx nsexec [options] [--] CMD [ARG…]"]);
});

claim(
  "as in nsexec, --local without a mount namespace changes nothing, and --library-path is not looked at",
  async () => {
    assertEquals((await nsexec("-l", "echo", "on")).out, "on\n");
    assertEquals((await nsexec("--local", "--library-path", "/nowhere/libnsenter.so", "echo", "on")).out, "on\n");
    assertEquals((await nsexec("--library-path=/nowhere/libnsenter.so", "--", "echo", "on")).out, "on\n");
  },
);

claim("unlike nsexec, it passes on no descriptor that is not kept", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("x"), "x");
  const through = withOpen({ 3: directory.file("x"), 4: directory.file("x"), 5: directory.file("x") });
  const list = "for n in 3 4 5; do [ -e /proc/self/fd/$n ] && echo $n; done";
  const { out } = await ipcx(["nsexec", "-k", "3", "--keep-fd=5", "sh", "-c", list], { through });
  assertEquals(out, "3\n5\n");
});

claim("unlike nsexec, it ends as CMD ends", async () => {
  assertEquals((await nsexec("sh", "-c", "exit 7")).status, 7);
  assertEquals((await nsexec("sh", "-c", "kill -TERM $$")).signal, "SIGTERM");
});

claim("what it does not know, and what goes wrong, is told by its name", async () => {
  const usage = "'ipcx nsexec --help' tells what it understands.\n";
  const cases: [string[], number, string][] = [
    [["--uts=/proc/1/ns/uts", "true"], 2, `ipcx nsexec: unknown option '--uts=/proc/1/ns/uts'\n${usage}`],
    [["-t", "1", "true"], 2, `ipcx nsexec: unknown option '-t'\n${usage}`],
    [["--net"], 2, `ipcx nsexec: --net needs a value: --net FILE\n${usage}`],
    [[], 2, `ipcx nsexec: which CMD?\n${usage}`],
    [["-n", "/nowhere", "true"], 1, "ipcx nsexec: open /nowhere (net namespace): No such file or directory (ENOENT)\n"],
    [["-k", "99", "true"], 1, "ipcx nsexec: fcntl fd:99: Bad file descriptor (EBADF)\n"],
  ];
  for (const [args, status, err] of cases) assertEquals(await nsexec(...args), { status, signal: null, out: "", err });
  const missing = await nsexec("ipcx-no-such-program");
  assertEquals(missing.status, 127);
  assert(missing.err.startsWith("ipcx nsexec: execve ipcx-no-such-program: "), missing.err);
});
