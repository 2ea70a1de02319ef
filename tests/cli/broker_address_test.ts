import { assert, assertEquals, assertMatch } from "@std/assert";
import { requestPair } from "../../src/broker/request_pair.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { ipcx, startBroker } from "./program.ts";

const NOBODY = 65534;

/** Another user, who may still read the program and Deno's cache wherever they are. */
const AS_NOBODY = [
  ["setpriv", "--reuid", `${NOBODY}`, "--regid", `${NOBODY}`, "--clear-groups"],
  ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"],
].flat();

function filesIn(directory: OwnDirectory): string[] {
  return Array.from(Deno.readDirSync(directory.path), ({ name }) => name).sort();
}

function permissions(path: string): { mode: string; uid: number | null; gid: number | null } {
  const { mode, uid, gid } = Deno.statSync(path);
  return { mode: (mode! & 0o7777).toString(8).padStart(4, "0"), uid, gid };
}

async function pairAt(address: string): Promise<void> {
  const pair = await Promise.all([requestPair({ address, key: "k" }), requestPair({ address, key: "k" })]);
  for (const end of pair) end.close();
}

claim("ONE_SOCKET_PATH says where the broker is, and its control socket is beside it", async () => {
  using directory = new OwnDirectory();
  const env = { ONE_SOCKET_PATH: directory.file("there") };
  await using broker = await startBroker([], { env });
  assertEquals(filesIn(directory), ["there", "there.ctl"]);
  await pairAt(directory.file("there"));
  assertEquals((await ipcx(["brokerctl", "log-level"], { env })).out, "info\n");
  assertEquals((await broker.stop()).status, 0);
  assertEquals(filesIn(directory), []);
});

claim("ONE_SOCKET_PATH and ONE_SOCKET_CTL_PATH may be bare names, which are files", async () => {
  using directory = new OwnDirectory();
  const env = { ONE_SOCKET_PATH: "main", ONE_SOCKET_CTL_PATH: "steering" };
  await using _broker = await startBroker([], { env, cwd: directory.path });
  assertEquals(filesIn(directory), ["main", "steering"]);
  assertEquals((await ipcx(["brokerctl", "log-level"], { env, cwd: directory.path })).out, "info\n");
});

claim("a user without root has the sockets in XDG_RUNTIME_DIR", async () => {
  using directory = new OwnDirectory();
  Deno.chownSync(directory.path, NOBODY, NOBODY);
  const options = { env: { XDG_RUNTIME_DIR: directory.path }, through: AS_NOBODY };
  await using _broker = await startBroker([], options);
  assertEquals(permissions(directory.file("one.socket")), { mode: "0600", uid: NOBODY, gid: NOBODY });
  assertEquals(permissions(directory.file("one.socket.ctl")), { mode: "0600", uid: NOBODY, gid: NOBODY });
  assertEquals((await ipcx(["brokerctl", "log-level"], options)).out, "info\n");
}, { skip: NEEDS_ROOT });

claim("without XDG_RUNTIME_DIR that user is told what to say", async () => {
  for (const command of [["broker"], ["brokerctl", "status"], ["pair", "k"]]) {
    const { status, err } = await ipcx(command, { through: AS_NOBODY });
    assertEquals({ status, err }, {
      status: 1,
      err: `ipcx ${command[0]}: XDG_RUNTIME_DIR is not set: say --socket ADDR, or set ONE_SOCKET_PATH\n`,
    });
  }
}, { skip: NEEDS_ROOT });

claim("a broker serves as many sockets as are asked for, of every kind", async () => {
  using directory = new OwnDirectory();
  const addresses = [directory.file("one"), directory.file("two"), ownName()];
  await using _broker = await startBroker([...addresses.flatMap((address) => ["-s", address]), "--control", "none"]);
  for (const address of addresses) await pairAt(address);
  const [first, , last] = addresses;
  const ends = await Promise.all([requestPair({ address: first, key: "k" }), requestPair({ address: last, key: "k" })]);
  for (const end of ends) end.close();
});

claim("--mode, --owner and --group are on the files exactly, whatever the umask", async () => {
  using directory = new OwnDirectory();
  const socket = directory.file("s");
  const args = ["-s", socket, "--mode", "0666", "--owner", "nobody", "--group", "12"];
  await using _broker = await startBroker(args, { through: ["sh", "-c", 'umask 077; exec "$@"', "sh"] });
  assertEquals(permissions(socket), { mode: "0666", uid: NOBODY, gid: 12 });
}, { skip: NEEDS_ROOT });

claim("a socket has mode 0600 unless asked otherwise, and the control socket always", async () => {
  using directory = new OwnDirectory();
  const wide = ["sh", "-c", 'umask 000; exec "$@"', "sh"];
  await using _first = await startBroker(["-s", directory.file("a")], { through: wide });
  await using _second = await startBroker(["-s", directory.file("b"), "--mode", "777"], { through: wide });
  assertEquals(permissions(directory.file("a")).mode, "0600");
  assertEquals(permissions(directory.file("b")).mode, "0777");
  for (const name of ["a.ctl", "b.ctl"]) assertEquals(permissions(directory.file(name)).mode, "0600", name);
});

claim("--control none leaves the control socket out, and an address puts it there", async () => {
  using directory = new OwnDirectory();
  await using _without = await startBroker(["-s", directory.file("a"), "--control", "none"]);
  assertEquals(filesIn(directory), ["a"]);
  await using _with = await startBroker(["-s", directory.file("b"), "-c", directory.file("c")]);
  assertEquals(filesIn(directory), ["a", "b", "c"]);
});

claim("a living owner of the socket is an error with status 1, and it stays", async () => {
  using directory = new OwnDirectory();
  const socket = directory.file("s");
  await using _owner = await startBroker(["-s", socket]);
  const { status, err } = await ipcx(["broker", "-s", socket]);
  assertEquals(status, 1);
  assertMatch(err, /^ipcx broker: bind \S+: .*\(EADDRINUSE\); the name is taken: stop its owner or choose another\n$/);
  await pairAt(socket);
});

claim("if the control socket's name is taken, the socket made before it is removed again", async () => {
  using directory = new OwnDirectory();
  using _taken = UnixListener.listen(directory.file("s.ctl"));
  const { status, err } = await ipcx(["broker", "-s", directory.file("s")]);
  assertEquals(status, 1);
  assert(err.includes(`bind ${directory.file("s.ctl")}`), err);
  assertEquals(filesIn(directory), ["s.ctl"]);
});

claim("the files of a killed broker are replaced", async () => {
  using directory = new OwnDirectory();
  const socket = directory.file("s");
  await using killed = await startBroker(["-s", socket]);
  killed.kill("SIGKILL");
  assertEquals((await killed.ended()).signal, "SIGKILL");
  assertEquals(filesIn(directory), ["s", "s.ctl"]);
  await using next = await startBroker(["-s", socket]);
  await pairAt(socket);
  await next.stop();
  assertEquals(filesIn(directory), []);
});

claim("a file that is no socket is left alone", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("s"), "precious");
  const { status, err } = await ipcx(["broker", "-s", directory.file("s")]);
  assertEquals(status, 1);
  assert(err.includes("a file that is no socket"), err);
  assertEquals(Deno.readTextFileSync(directory.file("s")), "precious");
});
