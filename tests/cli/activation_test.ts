import { assertEquals } from "@std/assert";
import { requestPair } from "../../src/broker/request_pair.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { ipcx, ROOT, startBroker, until } from "./program.ts";

/** Starts a program with sockets, as a service manager does. */
function activated(...sockets: string[]): { through: string[] } {
  return { through: ["python3", `${ROOT}tests/cli/programs/activate.py`, ...sockets, "--"] };
}

async function pairAt(address: string): Promise<void> {
  const ends = await Promise.all([requestPair({ address, key: "k" }), requestPair({ address, key: "k" })]);
  for (const end of ends) end.close();
}

/** Connects as soon as somebody listens. */
async function connected(address: string): Promise<UnixSocket> {
  let socket: UnixSocket | undefined;
  await until(async () => {
    socket = await UnixSocket.connect(address).catch(() => undefined);
    return socket !== undefined;
  }, "nobody listens");
  return socket!;
}

function namesIn(directory: OwnDirectory): string[] {
  return Array.from(Deno.readDirSync(directory.path), ({ name }) => name).sort();
}

claim("sockets from LISTEN_FDS are served, and the default one is not made", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("passed"), name = ownName();
  await using broker = await startBroker(["--control", "none"], activated(`=${path}`, `=${name}`));
  for (const address of [path, name]) await pairAt(address);
  assertEquals(namesIn(directory), ["passed"]);
  assertEquals((await broker.stop()).status, 0);
  assertEquals(namesIn(directory), ["passed"], "the file is the service manager's, who keeps it");
});

claim("sockets that are asked for are served beside them", async () => {
  using directory = new OwnDirectory();
  const [passed, own] = [directory.file("passed"), directory.file("own")];
  await using broker = await startBroker(["-s", own, "--control", "none"], activated(`=${passed}`));
  for (const address of [passed, own]) await pairAt(address);
  await broker.stop();
  assertEquals(namesIn(directory), ["passed"]);
});

claim("one named control becomes the control socket", async () => {
  using directory = new OwnDirectory();
  const [main, control] = [directory.file("main"), directory.file("steering")];
  await using broker = await startBroker([], activated(`control=${control}`, `main=${main}`));
  await pairAt(main);
  assertEquals(namesIn(directory), ["main", "steering"]);
  const { out } = await ipcx(["brokerctl", "-c", control, "status", "--json"]);
  assertEquals(JSON.parse(out).sockets, [main]);
  assertEquals((await ipcx(["brokerctl", "-c", control, "shutdown"])).out, "stopping\n");
  assertEquals((await broker.ended()).status, 0);
});

claim("without one of that name the control socket is made beside the first", async () => {
  using directory = new OwnDirectory();
  await using broker = await startBroker([], activated(`=${directory.file("main")}`));
  assertEquals((await ipcx(["brokerctl", "-s", directory.file("main"), "log-level"])).out, "info\n");
  await broker.stop();
  assertEquals(namesIn(directory), ["main"]);
});

claim("clients that connected before it was started are served", async () => {
  using directory = new OwnDirectory();
  const address = directory.file("main");
  const waitThenRun = `while [ ! -e ${directory.file("go")} ]; do sleep 0.01; done; exec "$@"`;
  const { through } = activated(`=${address}`);
  const starting = startBroker(["--control", "none"], { through: [...through, "sh", "-c", waitThenRun, "sh"] });
  // The socket has its file before it listens.
  using probe = await connected(address);
  const early = Promise.all([requestPair({ address, key: "k" }), requestPair({ address, key: "k" })]);
  // Should the broker not start, that is the failure to be seen.
  early.catch(() => {});
  Deno.writeTextFileSync(directory.file("go"), "");
  await using _broker = await starting;
  for (const end of await early) end.close();
  probe.close();
});

claim("descriptors for another process are not taken", async () => {
  using directory = new OwnDirectory();
  const sockets = ["LISTEN_PID=1", `=${directory.file("passed")}`];
  await using _broker = await startBroker(["-s", directory.file("own"), "--control", "none"], activated(...sockets));
  await pairAt(directory.file("own"));
  assertEquals(namesIn(directory), ["own", "passed"]);
});

claim("--daemonize with sockets that were passed is refused: they are this process's", async () => {
  using directory = new OwnDirectory();
  const { status, err } = await ipcx(["broker", "--daemonize"], activated(`=${directory.file("passed")}`));
  assertEquals(status, 2);
  assertEquals(
    err.split("\n")[0],
    "ipcx broker: --daemonize does not go with sockets passed by a service manager",
  );
});

claim("a passed descriptor that is not open is an error", async () => {
  const script = 'export LISTEN_PID=$$ LISTEN_FDS=1; exec 3>&-; exec "$@"';
  const { status, err } = await ipcx(["broker"], { through: ["sh", "-c", script, "sh"] });
  assertEquals(status, 1);
  assertEquals(err.includes("EBADF"), true, err);
});
