import { assert, assertEquals } from "@std/assert";
import { HolderClient } from "../../src/hold/client.ts";
import { OPEN } from "../../src/core/linux.ts";
import { openPath } from "../../src/core/reach.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { Holding } from "./holding.ts";
import { IPCX, ipcx, ROOT, runProgram, startIpcx } from "./program.ts";

/** Quotes the words of a command for a shell. */
const HOLD = [...IPCX, "hold"].map((word) => `'${word}'`).join(" ");

/** Runs a line of a shell in which `$HOLD` is `ipcx hold`. */
async function shell(directory: OwnDirectory, holding: Holding, line: string): Promise<string> {
  const { status, out, err } = await runProgram(["bash", "-c", `hold() { ${HOLD} "$@"; }; ${line}`], {
    cwd: directory.path,
    env: holding.env,
  });
  assertEquals([status, err], [0, ""], line);
  return out;
}

/** What Python tells of itself: its process id, what was announced to it, and what it has. */
const TELL = `
import json, os
names = ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")
fds = {n: os.readlink(f"/proc/self/fd/{n}") for n in range(3, 12) if os.path.exists(f"/proc/self/fd/{n}")}
print(json.dumps([os.getpid(), [os.environ.get(name) for name in names], fds]))
`;

/** What a process is started through to have no descriptors but the standard streams, whatever the tests have. */
const BARE = [
  ...["bash", "-c"],
  'for fd in /proc/self/fd/*; do n=${fd##*/}; ((n > 2)) && eval "exec $n>&-"; done; exec "$@"',
  "-",
];

claim("a shell stores what it has opened, and another one writes to it", async () => {
  using directory = new OwnDirectory();
  await using holding = await Holding.start(directory);
  await shell(directory, holding, "hold store log --fd 5 5>>log");
  assertEquals(
    await shell(directory, holding, "hold run log --fd 1 -- echo one; hold run log --fd 7 -- sh -c 'echo two >&7'"),
    "",
  );
  assertEquals(Deno.readTextFileSync(directory.file("log")), "one\ntwo\n");
  const { log } = await holding.held();
  assertEquals([log.kind, log.path, log.access], ["file", directory.file("log"), "write"]);
});

claim("run becomes the command, which has the descriptors from 3 on, in their order, and is told of them", async () => {
  using directory = new OwnDirectory();
  await using holding = await Holding.start(directory);
  await shell(
    directory,
    holding,
    "hold store a b --fd 5 --fd 6 5</dev/null 6</dev/zero; hold store 'odd =name' --fd 5 5</dev/full",
  );
  const args = ["hold", "run", "b", "odd =name", "a", "b", "--", "python3", "-c", TELL];
  await using process = startIpcx(args, { cwd: directory.path, env: holding.env, through: BARE });
  const { status, out, err } = await process.ended();
  assertEquals([status, err], [0, ""]);
  const { pid } = process.child;
  assertEquals(JSON.parse(out), [
    pid,
    ["4", `${pid}`, "b:odd =name:a:b"],
    { 3: "/dev/zero", 4: "/dev/full", 5: "/dev/null", 6: "/dev/zero" },
  ]);
});

claim("with --fd the descriptors are at N and behind it, and nothing is announced", async () => {
  using directory = new OwnDirectory();
  await using holding = await Holding.start(directory);
  await shell(directory, holding, "hold store a b --fd 5 --fd 6 5</dev/null 6</dev/zero");
  const args = ["hold", "run", "a", "b", "--fd", "8", "--", "python3", "-c", TELL];
  const { out } = await ipcx(args, { cwd: directory.path, env: holding.env, through: BARE });
  assertEquals(JSON.parse(out).slice(1), [[null, null, null], { 8: "/dev/null", 9: "/dev/zero" }]);
});

claim("what run was passed itself comes first", async () => {
  using directory = new OwnDirectory();
  await using holding = await Holding.start(directory, ["-l", "held=./held"]);
  const through = [
    ...BARE,
    "python3",
    `${ROOT}tests/cli/programs/activate.py`,
    `passed=${directory.file("passed")}`,
    "--",
  ];
  const { out, err } = await ipcx(["hold", "run", "held", "--", "python3", "-c", TELL], {
    cwd: directory.path,
    env: holding.env,
    through,
  });
  assertEquals(err, "");
  const [pid, announced, fds] = JSON.parse(out);
  assertEquals([announced, Object.keys(fds)], [["2", `${pid}`, "passed:held"], ["3", "4"]]);
});

claim("--all are all that are held, more than one packet carries", async () => {
  using directory = new OwnDirectory();
  await using holding = await Holding.start(directory);
  using file = openPath("/dev/null", OPEN.READ);
  const names = Array.from({ length: 300 }, (_, at) => `n${`${at}`.padStart(3, "0")}`);
  const client = new HolderClient(directory.file("hold"));
  for (const part of [names.slice(0, 200), names.slice(200)]) {
    await client.store(Object.fromEntries(part.map((name) => [name, file])));
  }
  const script = 'echo "$LISTEN_FDS $LISTEN_FDNAMES $(ls -l /proc/self/fd | grep -c /dev/null)"';
  const { out } = await holding.ask("run", "--all", "--", "sh", "-c", `exec </dev/zero; ${script}`);
  assertEquals(out, `300 ${names.join(":")} 300\n`);
});

claim("with --take the holder lets go of it, unless the command cannot be run", async () => {
  using directory = new OwnDirectory();
  await using holding = await Holding.start(directory);
  await shell(directory, holding, "hold store it --fd 5 5</dev/zero");
  assertEquals((await holding.ask("run", "--take", "it", "--", "no-such-program")).status, 127);
  assertEquals(Object.keys(await holding.held()), ["it"]);
  const { out } = await holding.ask("run", "--take", "it", "--", "readlink", "/proc/self/fd/3");
  assertEquals([out, await holding.held()], ["/dev/zero\n", {}]);
});

claim(
  "calls on a listener that the holder has opened wait, and --nonblocking and --blocking change that for all",
  async () => {
    using directory = new OwnDirectory();
    await using holding = await Holding.start(directory, ["-l", "web=tcp:127.0.0.1:0"]);
    const waits = async (...args: string[]): Promise<string> =>
      (await holding.ask("run", "web", ...args, "--", "python3", "-c", "import os; print(os.get_blocking(3))")).out;
    assertEquals(
      [await waits(), await waits("--nonblocking"), await waits(), await waits("--blocking"), await waits()],
      ["True\n", "False\n", "False\n", "True\n", "True\n"],
    );
  },
);

claim("a mere place has no calls that could wait, and is passed as it is", async () => {
  using directory = new OwnDirectory();
  await using holding = await Holding.start(directory);
  using place = openPath(directory.path);
  await new HolderClient(directory.file("hold")).store({ place });
  const { out } = await holding.ask("run", "place", "--blocking", "--", "readlink", "/proc/self/fd/3");
  assertEquals(out, `${directory.path}\n`);
});

claim(
  "a command that is not there or cannot be run has the status of a shell, and what is not held is not run",
  async () => {
    using directory = new OwnDirectory();
    await using holding = await Holding.start(directory, ["-l", "web=./web"]);
    Deno.writeTextFileSync(directory.file("plain"), "");
    const none = await holding.ask("run", "web", "--", "no-such-program");
    assertEquals([none.status, none.err.startsWith("ipcx hold: execve no-such-program: No such file")], [127, true]);
    const plain = await holding.ask("run", "web", "--", directory.file("plain"));
    assertEquals([plain.status, plain.err.startsWith(`ipcx hold: execve ${directory.file("plain")}: Perm`)], [
      126,
      true,
    ]);
    const absent = await holding.ask("run", "web", "absent", "--", "touch", directory.file("run"));
    assertEquals(absent, { status: 1, signal: null, out: "", err: "ipcx hold: nothing is held under 'absent'\n" });
    assertEquals(Array.from(Deno.readDirSync(directory.path), ({ name }) => name).sort(), ["hold", "plain", "web"]);
  },
);

claim("store listens, too, and leaves the file to whoever serves there", async () => {
  using directory = new OwnDirectory();
  await using holding = await Holding.start(directory);
  const args = ["one", "two", "--listen", "unix:./one,mode=0666", "--listen", "tcp:127.0.0.1:0"];
  assertEquals((await holding.ask("store", ...args)).err, "");
  const { one, two } = await holding.held();
  assertEquals([one.address, one.listens, two.listens], ["./one", true, true]);
  assertEquals(Deno.statSync(directory.file("one")).mode! & 0o777, 0o666);
  const again = await holding.ask("store", "one", "--listen", "unix:./other");
  assertEquals(again.err, "ipcx hold: something is held under 'one' already\n");
  assertEquals(
    Array.from(Deno.readDirSync(directory.path), ({ name }) => name).sort(),
    ["hold", "one"],
    "none is left",
  );
  assertEquals((await holding.ask("store", "one", "--replace", "--listen", "unix:./other")).err, "");
  assertEquals((await holding.held()).one.address, "./other");
});

claim("what is stored for a time says so, and is gone when that is up", async () => {
  using directory = new OwnDirectory();
  await using holding = await Holding.start(directory, ["--expire", "1ms", "--log-level", "debug"]);
  await shell(
    directory,
    holding,
    "hold store long --expire 2h --fd 5 5</dev/null; hold store short --fd 5 5</dev/null",
  );
  await holding.process.says("expired");
  const { out } = await holding.ask("list");
  assert(
    /^NAME +UID +FOR +EXPIRES +WHAT\nlong +\d+ +\d+\.\d s +(2\.0 h|1[12]\d\.\d min) +device \/dev\/null\n$/.test(out),
    out,
  );
});

claim("drop lets go of all that it names, or of nothing", async () => {
  using directory = new OwnDirectory();
  await using holding = await Holding.start(directory, ["-l", "a=./a", "-l", "b=./b", "-l", "c=./c"]);
  const { status, err } = await holding.ask("drop", "a", "nothing");
  assertEquals([status, err], [1, "ipcx hold: nothing is held under 'nothing'\n"]);
  assertEquals((await holding.ask("drop", "a", "b", "a")).status, 0);
  assertEquals(Object.keys(await holding.held()), ["c"]);
  assertEquals(Array.from(Deno.readDirSync(directory.path), ({ name }) => name).sort(), ["c", "hold"]);
});

claim("list and status tell people in tables and programs in JSON", async () => {
  using directory = new OwnDirectory();
  await using holding = await Holding.start(directory, ["-l", "web=tcp:127.0.0.1:0", "--max-held", "7"]);
  const { web } = await holding.held();
  const { out } = await holding.ask("list");
  const [heading, row] = out.split("\n").map((line) => line.split(/ {2,}/));
  assertEquals(heading, ["NAME", "UID", "FOR", "EXPIRES", "WHAT"]);
  assertEquals([row[0], ...row.slice(3)], ["web", "-", `inet stream listener ${web.address}`]);
  const json = JSON.parse((await holding.ask("status", "--json")).out);
  assertEquals([json.pid, json.held, json.sockets], [holding.process.child.pid, 1, ["./hold"]]);
  const status = (await holding.ask("status")).out;
  assertEquals(Array.from(status.matchAll(/^(\w+)/gm), ([, name]) => name), [
    ...["pid", "sockets", "uptime", "held", "clients", "stored", "retrieved", "dropped", "expired", "refused"],
  ]);
  assert(/^held +1 of 7$/m.test(status) && /^refused +none$/m.test(status), status);
  await holding.ask("drop", "nothing");
  assert(/^refused +1 absent$/m.test((await holding.ask("status")).out));
});

claim("that no holder is there, or that it does not answer, is said", async () => {
  using directory = new OwnDirectory();
  const env = { IPCX_HOLD_SOCKET: directory.file("hold") };
  const none = await ipcx(["hold", "list"], { env });
  const message =
    `ipcx hold: connect ${env.IPCX_HOLD_SOCKET}: No such file or directory (ENOENT); there is no such socket: is the server running?\n`;
  assertEquals([none.status, none.err], [1, message]);
  await using holding = await Holding.start(directory);
  holding.process.kill("SIGSTOP");
  const mute = await holding.ask("list", "--timeout", "50ms");
  assertEquals([mute.status, mute.err], [
    1,
    "ipcx hold: the holder did not answer in time; --timeout lets it take longer\n",
  ]);
  holding.process.kill("SIGCONT");
  assertEquals((await holding.ask("list", "--socket", directory.file("hold"))).status, 0);
});
