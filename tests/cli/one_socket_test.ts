import { assert, assertEquals } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { requestPair } from "../../src/broker/request_pair.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { IPCX, ipcx, Process, type ProcessOptions, type Result, runProgram } from "./program.ts";

const [, ...BEHIND_DENO] = IPCX;

/** The command line of a program that is called by a symlink's name. */
function throughLink(directory: OwnDirectory, name: string): string[] {
  const link = directory.file(name);
  Deno.symlinkSync(Deno.execPath(), link);
  return [link, ...BEHIND_DENO];
}

async function started(command: readonly string[], options: ProcessOptions = {}): Promise<Process> {
  const daemon = new Process(command, options);
  await daemon.says("serving").catch(async (error) => {
    await daemon[Symbol.asyncDispose]();
    throw error;
  });
  return daemon;
}

function permissions(path: string): string {
  return (Deno.lstatSync(path).mode! & 0o777).toString(8);
}

async function pairAt(address: string): Promise<void> {
  const pair = await Promise.all([requestPair({ address, key: "k" }), requestPair({ address, key: "k" })]);
  for (const end of pair) end.close();
}

claim("a symlink that is called one-socket is that daemon, where its variables say", async () => {
  using directory = new OwnDirectory();
  const command = throughLink(directory, "one-socket");
  const env = { ONE_SOCKET_PATH: directory.file("one.socket"), ONE_SOCKET_CTL_PATH: directory.file("one-socket.ctl") };
  await using daemon = await started(command, { env });
  await pairAt(env.ONE_SOCKET_PATH);
  assertEquals((await ipcx(["brokerctl", "log-level"], { env })).out, "info\n");
  const { status, err } = await daemon.stop();
  assertEquals(status, 0, err);
  assertEquals(Array.from(Deno.readDirSync(directory.path), ({ name }) => name), ["one-socket"]);
});

claim("without ONE_SOCKET_CTL_PATH the control socket is beside ONE_SOCKET_PATH, where brokerctl looks", async () => {
  using directory = new OwnDirectory();
  const options = { env: { ONE_SOCKET_PATH: "there" }, cwd: directory.path };
  await using _daemon = await started(throughLink(directory, "one-socket"), options);
  const found = Array.from(Deno.readDirSync(directory.path), ({ name }) => name);
  assertEquals(found.sort(), ["one-socket", "there", "there.ctl"]);
  assertEquals((await ipcx(["brokerctl", "log-level"], options)).out, "info\n");
});

claim("without both it is at /var/run/one.socket, its control socket at /var/run/one-socket.ctl", async () => {
  using directory = new OwnDirectory();
  const alone = 'mount -t tmpfs none $(realpath /var/run) && exec "$@"';
  const through = ["unshare", "--mount", "sh", "-c", alone, "sh"];
  await using daemon = await started(throughLink(directory, "one-socket"), { through });
  const run = `/proc/${daemon.child.pid}/root${Deno.realPathSync("/var/run")}`;
  assertEquals(Array.from(Deno.readDirSync(run), ({ name }) => name).sort(), ["one-socket.ctl", "one.socket"]);
  await pairAt(`${run}/one.socket`);
}, { skip: NEEDS_ROOT });

claim("a user who may not write there is told so, and never has it in XDG_RUNTIME_DIR", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o777);
  const command = throughLink(directory, "one-socket");
  const caps = ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"];
  const through = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", ...caps];
  const { status, err } = await runProgram(command, { through, env: { XDG_RUNTIME_DIR: directory.path } });
  assertEquals(status, 1);
  assert(err.startsWith("ipcx one-socket: bind /var/run/one.socket: "), err);
  assert(err.includes("EACCES"), err);
  assertEquals(Array.from(Deno.readDirSync(directory.path), ({ name }) => name), ["one-socket"]);
}, { skip: NEEDS_ROOT });

claim("its socket has the permissions that the umask leaves, its control socket is the owner's", async () => {
  using directory = new OwnDirectory();
  const command = throughLink(directory, "one-socket");
  const env = { ONE_SOCKET_PATH: directory.file("s") };
  for (const [umask, left] of [["022", "755"], ["000", "777"], ["117", "660"]]) {
    const through = ["sh", "-c", `umask ${umask}; exec "$@"`, "sh"];
    await using _daemon = await started(command, { env, through });
    assertEquals([permissions(directory.file("s")), permissions(directory.file("s.ctl"))], [left, "600"], umask);
  }
});

claim("unlike one-socket, it leaves a socket alone that somebody listens at", async () => {
  using directory = new OwnDirectory();
  const command = throughLink(directory, "one-socket");
  const env = { ONE_SOCKET_PATH: directory.file("s") };
  await using _daemon = await started(command, { env });
  const { status, err } = await runProgram(command, { env });
  assertEquals(status, 1);
  assert(err.includes("the name is taken"), err);
  await pairAt(env.ONE_SOCKET_PATH);
});

claim("it takes no options and no words, but tells of itself", async () => {
  using directory = new OwnDirectory();
  const command = throughLink(directory, "one-socket");
  const asked = async (...args: string[]): Promise<Result> => await runProgram([...command, ...args]);
  assertEquals((await asked("--version")).out, `ipcx ${manifest.version}\n`);
  const help = await asked("--help");
  assertEquals([help.status, help.out.split("\n")[0]], [0, "Usage: ipcx one-socket"]);
  const usage = "'ipcx one-socket --help' tells what it understands.\n";
  for (const [word, said] of [["--socket", "unknown option '--socket'"], ["start", "unexpected 'start'"]]) {
    assertEquals(await asked(word), { status: 2, signal: null, out: "", err: `ipcx one-socket: ${said}\n${usage}` });
  }
});

claim("ipcx one-socket is the same, whatever ipcx is called by", async () => {
  using directory = new OwnDirectory();
  const env = { ONE_SOCKET_PATH: directory.file("s") };
  await using _daemon = await started([...throughLink(directory, "two-socket"), "one-socket"], { env });
  await pairAt(env.ONE_SOCKET_PATH);
  const { status, err } = await runProgram([directory.file("two-socket"), ...BEHIND_DENO], { env });
  assertEquals([status, err], [2, "ipcx: which command? 'ipcx --help' lists them\n"]);
});

claim("sockets that a service manager passes are served in its place", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("passed");
  const command = throughLink(directory, "one-socket");
  const passing =
    "import os,socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\ns.listen()\nos.dup2(s.fileno(),3)\nos.set_inheritable(3,True)\n" +
    "os.environ.update(LISTEN_FDS='1',LISTEN_PID=str(os.getpid()))\nos.execv(sys.argv[2],sys.argv[2:])";
  await using _daemon = await started(command, { through: ["python3", "-c", passing, path] });
  await pairAt(path);
  assertEquals((await ipcx(["brokerctl", "-s", path, "log-level"])).out, "info\n");
});
