import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { IPCX, ipcx, runProgram, startBroker, until } from "./program.ts";

/** A field of /proc/PID/stat, counted as proc(5) does. */
function stat(pid: number, field: number): string {
  const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[field - 3];
}
const PARENT = 4, SESSION = 6, TERMINAL = 7;

/** Ends a broker in the background, and waits until its files are gone. */
async function shutDown(directory: OwnDirectory): Promise<void> {
  const { status, err } = await ipcx(["brokerctl", "-s", directory.file("s"), "shutdown"]);
  assertEquals(status, 0, err);
  const names = (): string[] => Array.from(Deno.readDirSync(directory.path), ({ name }) => name);
  await until(() => names().every((name) => name === "log"), "its files stay");
}

claim("--daemonize returns with status 0 once clients are served", async () => {
  using directory = new OwnDirectory();
  const { status, out } = await ipcx(["broker", "-s", directory.file("s"), "--daemonize"]);
  assertEquals({ status, out }, { status: 0, out: "" });
  using client = await UnixSocket.connect(directory.file("s"));
  assertNotEquals(client.peerCredentials.pid, Deno.pid);
  await shutDown(directory);
});

claim(
  "what stays has a session of its own, no terminal, /dev/null for input and output, and the same directory",
  async () => {
    using directory = new OwnDirectory();
    const args = ["broker", "-s", "./s", "--daemonize", "--pidfile", directory.file("pid"), "--log-file", "./log"];
    assertEquals((await ipcx(args, { cwd: directory.path })).status, 0);
    const pid = Number(Deno.readTextFileSync(directory.file("pid")));
    using client = await UnixSocket.connect(directory.file("s"));
    assertEquals(client.peerCredentials.pid, pid);
    assertEquals([stat(pid, SESSION), stat(pid, TERMINAL)], [`${pid}`, "0"]);
    assertNotEquals(stat(pid, PARENT), `${Deno.pid}`);
    for (const fd of [0, 1]) assertEquals(Deno.readLinkSync(`/proc/${pid}/fd/${fd}`), "/dev/null");
    assertEquals(Deno.readLinkSync(`/proc/${pid}/cwd`), Deno.realPathSync(directory.path));
    assert(!Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes("--daemonize"));
    client.close();
    await shutDown(directory);
    assertMatch(Deno.readTextFileSync(directory.file("log")), /"serving"[^]*"stopping"/);
  },
);

claim("Deno does not ask the network for a newer version of itself on its behalf", async () => {
  using directory = new OwnDirectory();
  const args = ["broker", "-s", directory.file("s"), "--daemonize", "--pidfile", directory.file("pid")];
  assertEquals((await ipcx(args, { through: ["env", "-u", "DENO_NO_UPDATE_CHECK"] })).status, 0);
  const pid = Deno.readTextFileSync(directory.file("pid")).trim();
  assertMatch(Deno.readTextFileSync(`/proc/${pid}/environ`), /(^|\0)DENO_NO_UPDATE_CHECK=/);
  await shutDown(directory);
});

claim("without /dev/null nothing goes to the background, and that is said", async () => {
  using directory = new OwnDirectory();
  const through = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /dev && exec "$@"', "sh"];
  const { status, err } = await ipcx(["broker", "-s", directory.file("s"), "--daemonize"], { through });
  assertEquals([status, err], [1, "ipcx broker: open /dev/null: No such file or directory (ENOENT)\n"]);
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
}, { skip: NEEDS_ROOT });

claim("it survives the end of the session it was started in", async () => {
  using directory = new OwnDirectory();
  const args = ["broker", "-s", directory.file("s"), "--daemonize"];
  // The leader of a session that ends with a terminal hangs up whoever is left in it.
  const script = ["python3", "-c", "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"];
  assertEquals((await runProgram([...script, ...IPCX, ...args])).status, 0);
  assertEquals((await ipcx(["brokerctl", "-s", directory.file("s"), "log-level"])).out, "info\n");
  await shutDown(directory);
});

claim("a start that fails gives the child's message and status, and leaves nothing", async () => {
  using directory = new OwnDirectory();
  await using _owner = await startBroker(["-s", directory.file("s"), "--control", "none"]);
  const taken = await ipcx(["broker", "-s", directory.file("s"), "--daemonize"]);
  assertEquals(taken.status, 1);
  assertMatch(taken.err, /^ipcx broker: bind .*EADDRINUSE.*\n$/);
  const wrong = await ipcx(["broker", "-s", directory.file("t"), "--daemonize", "--mode", "9"]);
  assertEquals(wrong.status, 2);
  assertMatch(wrong.err, /^ipcx broker: --mode: '9' is no mode/);
  assertEquals(Array.from(Deno.readDirSync(directory.path), ({ name }) => name), ["s"]);
});

claim("a pid file of a living process keeps it from starting, as in the foreground", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("pid"), `${Deno.pid}\n`);
  const args = ["broker", "-s", directory.file("s"), "--daemonize", "--pidfile", directory.file("pid")];
  const { status, err } = await ipcx(args);
  assertEquals(status, 1);
  assert(err.includes("which is running"), err);
});

claim("options stay as they were, those with spaces and dashes too", async () => {
  using directory = new OwnDirectory();
  const args = ["broker", "-s", directory.file("s"), "--access", "deny key=a b", "--daemonize", "--max-clients=7"];
  // No condition has a space in it: the rule came over as one argument, and is refused as one.
  const { status, err } = await ipcx(args);
  assertEquals(status, 2);
  assert(err.includes("'b': a condition is"), err);
  assertEquals((await ipcx(args.with(4, "deny key=a--b"))).status, 0);
  const shown = await ipcx(["brokerctl", "-s", directory.file("s"), "status", "--json"]);
  assertEquals(JSON.parse(shown.out).limits.maxClients, 7);
  await shutDown(directory);
});
