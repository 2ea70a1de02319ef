import { assert, assertEquals } from "@std/assert";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { Holding } from "./holding.ts";
import { Manager } from "./manager.ts";
import { ipcx, type Process, type ProcessOptions, ROOT, startIpcx, until } from "./program.ts";

const ACTIVATE = `${ROOT}tests/cli/programs/activate.py`;

/** Starts a program with sockets, as a service manager does. */
function activated(...sockets: string[]): ProcessOptions {
  return { through: ["python3", ACTIVATE, ...sockets, "--"] };
}

function namesIn(directory: OwnDirectory): string[] {
  return Array.from(Deno.readDirSync(directory.path), ({ name }) => name).sort();
}

claim("what --listen says is opened and held, with its file and its mode, and told where it is", async () => {
  using directory = new OwnDirectory();
  const name = ownName();
  const places = [
    "v4=tcp:127.0.0.1:0",
    "v6=tcp:[::1]:0",
    "file=unix:./file,mode=0640",
    "path=./path",
    `abstract=${name}`,
    "packets=seqpacket:./packets",
  ];
  await using holding = await Holding.start(directory, places.map((place) => `--listen=${place}`));
  const held = await holding.held();
  assertEquals(Object.keys(held), ["abstract", "file", "packets", "path", "v4", "v6"]);
  assert(
    /^127\.0\.0\.1:[1-9]\d*$/.test(held.v4.address as string) && /^\[::1\]:[1-9]\d*$/.test(held.v6.address as string),
  );
  assertEquals([held.abstract.address, held.file.address, held.packets.type], [name, "./file", "seqpacket"]);
  const modes = ["file", "path", "packets", "hold"].map((file) => Deno.statSync(directory.file(file)).mode! & 0o777);
  assertEquals(modes, [0o640, 0o600, 0o600, 0o600]);
  for (const { listens } of Object.values(held)) assertEquals(listens, true);
  const last = (await holding.process.stop()).err.trimEnd().split("\n").at(-1)!;
  assertEquals(JSON.parse(last).message, "stopping");
  assertEquals(namesIn(directory), []);
});

claim("its own socket has the mode, owner and group that are said", async () => {
  using directory = new OwnDirectory();
  await using _holding = await Holding.start(directory, ["--mode", "0660", "--owner", "34", "--group", "12"]);
  const { mode, uid, gid } = Deno.statSync(directory.file("hold"));
  assertEquals([mode! & 0o777, uid, gid], [0o660, 34, 12]);
}, { skip: NEEDS_ROOT });

claim("it serves at every socket that is asked for", async () => {
  using directory = new OwnDirectory();
  const name = ownName();
  await using _holding = await Holding.start(directory, ["-s", "./one", "-s", name]);
  for (const socket of [directory.file("one"), name]) {
    assertEquals((await ipcx(["hold", "list", "-s", socket])).status, 0);
  }
  assertEquals(namesIn(directory), ["one"]);
});

claim("an inherited descriptor is held under its name", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("log"), "");
  const through = ["bash", "-c", 'exec "$@" 7>>log', "-"];
  await using holding = await Holding.start(directory, ["--listen", "log=fd:7"], { through });
  assertEquals((await holding.held()).log.path, directory.file("log"));
});

claim(
  "sockets from LISTEN_FDS are held under their names, several of one name with numbers, and their files stay",
  async () => {
    using directory = new OwnDirectory();
    const sockets = ["web", "web", "ssh", "web"].map((name, at) => `${name}=${directory.file(`s${at}`)}`);
    await using holding = await Holding.start(directory, ["-l", "own=./own"], activated(...sockets));
    const held = await holding.held();
    assertEquals(Object.entries(held).map(([name, { address }]) => [name, address]), [
      ["own", "./own"],
      ["ssh", directory.file("s2")],
      ["web", directory.file("s0")],
      ["web.2", directory.file("s1")],
      ["web.3", directory.file("s3")],
    ]);
    await holding.process.stop();
    assertEquals(namesIn(directory), ["s0", "s1", "s2", "s3"]);
  },
);

claim("without names from the service manager they are unknown", async () => {
  using directory = new OwnDirectory();
  const options = activated(`=${directory.file("a")}`, `=${directory.file("b")}`);
  await using holding = await Holding.start(directory, [], options);
  assertEquals(Object.keys(await holding.held()), ["unknown", "unknown.2"]);
});

claim("one named control is its own socket, which has to be one of packets", async () => {
  using directory = new OwnDirectory();
  const python = `
import os, socket, sys
own = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
own.bind(${JSON.stringify(directory.file("control"))})
own.listen()
os.dup2(os.dup2(own.fileno(), 100), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="control")
os.execvp(sys.argv[1], sys.argv[1:])`;
  await using holding = await Holding.start(directory, [], { through: ["python3", "-c", python] });
  assertEquals((await ipcx(["hold", "list", "--json", "-s", directory.file("control")])).out, "[]\n");
  assertEquals(namesIn(directory), ["control"], "the default one is not made");
  await holding.process.stop();
  assertEquals(namesIn(directory), ["control"], "the file is the service manager's");

  const stream = await ipcx(["hold"], activated(`control=${directory.file("stream")}`));
  assertEquals(stream.err, "ipcx hold: a holder is asked in packets: its socket is of type seqpacket, not stream\n");
});

claim("a start that fails says why, and leaves nothing", async () => {
  using directory = new OwnDirectory();
  await using _owner = await Holding.start(directory, ["-l", "web=./web"]);
  const start = (...args: string[]): ReturnType<typeof ipcx> =>
    ipcx(["hold", "-s", "./other", ...args], { cwd: directory.path });
  const taken = await start("-l", "a=./a", "-l", "b=@b", "-l", "c=./web");
  assertEquals([taken.status, taken.err], [
    1,
    "ipcx hold: bind ./web: Address already in use (EADDRINUSE); the name is taken: stop its owner or choose another\n",
  ]);
  const full = await start("-l", "a=./a", "-l", "b=./b", "--max-held", "1");
  assertEquals([full.status, full.err], [1, "ipcx hold: 1 descriptors are held; 1 is the most\n"]);
  const own = await ipcx(["hold"], { cwd: directory.path, env: { IPCX_HOLD_SOCKET: "./hold" } });
  assertEquals([own.status, own.err.includes("EADDRINUSE")], [1, true]);
  assertEquals(namesIn(directory), ["hold", "web"]);
});

claim("a service manager hears that it serves, reloads and stops", async () => {
  using directory = new OwnDirectory();
  using manager = new Manager(directory.file("notify"));
  await using process = startIpcx(["hold", "-s", directory.file("s"), "-l", `web=${directory.file("web")}`], {
    env: manager.env,
  });
  const STATUS = `holding 1 descriptors at ${directory.file("s")}`;
  assertEquals(await manager.hear(), { READY: "1", MAINPID: `${process.child.pid}`, STATUS });
  process.kill("SIGHUP");
  assertEquals((await manager.hear()).RELOADING, "1");
  assertEquals(await manager.hear(), { READY: "1" });
  process.kill("SIGTERM");
  assertEquals(await manager.hear(), { STOPPING: "1" });
  assertEquals((await process.ended()).status, 0);
});

claim("SIGHUP reads the access file again; a wrong one leaves the rules as they are", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("rules");
  Deno.writeTextFileSync(file, "deny op=status\n");
  await using holding = await Holding.start(directory, ["--access", "deny op=drop", "--access-file", "./rules"]);
  const may = async (...args: string[]): Promise<string> => (await holding.ask(...args)).err;
  const denied = `ipcx hold: uid ${Deno.uid()} may not ask for the status\n`;
  assertEquals([await may("status"), await may("list")], [denied, ""]);
  Deno.writeTextFileSync(file, "allow op=steal\n");
  holding.process.kill("SIGHUP");
  await holding.process.says("reload failed, the old configuration stays");
  await holding.process.says("./rules:1: op=steal: 'steal' is none of");
  assertEquals(await may("status"), denied);
  Deno.writeTextFileSync(file, "# none\n");
  holding.process.kill("SIGHUP");
  await holding.process.says("reloaded");
  assertEquals([await may("status"), await may("drop", "x")], ["", `ipcx hold: uid ${Deno.uid()} may not drop 'x'\n`]);
});

claim("--pidfile, --log-file and --daemonize do what they do for other services", async () => {
  using directory = new OwnDirectory();
  const args = ["hold", "-l", "web=./web", "--daemonize", "--pidfile", "./pid", "--log-file", "./log"];
  const env = { IPCX_HOLD_SOCKET: "./hold" };
  assertEquals(await ipcx(args, { cwd: directory.path, env }), { status: 0, signal: null, out: "", err: "" });
  const pid = Number(Deno.readTextFileSync(directory.file("pid")));
  const { out } = await ipcx(["hold", "status", "--json"], { cwd: directory.path, env });
  assertEquals(JSON.parse(out).pid, pid);
  Deno.kill(pid, "SIGTERM");
  await until(() => namesIn(directory).join() === "log", "its files stay");
  assert(/"serving"[^]*"stopping"/.test(Deno.readTextFileSync(directory.file("log"))));
});

claim("--daemonize with descriptors of this process is refused", async () => {
  using directory = new OwnDirectory();
  const passed = await ipcx(["hold", "--daemonize"], activated(`=${directory.file("s")}`));
  const named = await ipcx(["hold", "--daemonize", "-l", "log=fd:1"]);
  assertEquals([passed.status, passed.err.split("\n")[0], named.status, named.err.split("\n")[0]], [
    2,
    "ipcx hold: --daemonize does not go with descriptors passed by a service manager",
    2,
    "ipcx hold: --daemonize does not go with fd:N: the process in the background has other descriptors",
  ]);
});

claim("a server that has a copy serves on when the holder has ended, and is still found", async () => {
  using directory = new OwnDirectory();
  await using holding = await Holding.start(directory, ["-l", "local=./local"]);
  const server = new URL("../hold/programs/server.py", import.meta.url).pathname;
  const args = ["hold", "run", "local", "--", "python3", server, "1"];
  await using process = startIpcx(args, { cwd: directory.path, env: holding.env });
  const ask = async (): Promise<string> => {
    using connection = await UnixSocket.connect(directory.file("local"));
    await connection.send("question\n");
    return (await connection.receive())!.text;
  };
  assertEquals(await ask(), "1 question\n");
  assertEquals((await holding.process.stop()).status, 0);
  assertEquals(await ask(), "1 question\n");
  assertEquals(namesIn(directory), ["local"]);
  await process.stop();
});

claim("after kill -9 of the holder, its server serves on, and the next one listens when that has ended", async () => {
  using directory = new OwnDirectory();
  const args = ["-l", "local=./local", "--pidfile", "pid"];
  await using killed = await Holding.start(directory, args);
  const options = { cwd: directory.path, env: killed.env };
  const server = new URL("../hold/programs/server.py", import.meta.url).pathname;
  const run = (version: string): Process =>
    startIpcx(["hold", "run", "local", "--", "python3", server, version], options);
  const ask = async (): Promise<string> => {
    using connection = await UnixSocket.connect(directory.file("local"));
    await connection.send("question\n");
    return (await connection.receive())!.text;
  };
  {
    await using first = run("1");
    assertEquals(await ask(), "1 question\n");
    killed.process.kill("SIGKILL");
    await killed.process.ended();
    assertEquals(await ask(), "1 question\n");
    const { status, err } = await ipcx(["hold", ...args], options);
    const why = "Address already in use (EADDRINUSE); the name is taken: stop its owner or choose another";
    assertEquals([status, err], [1, `ipcx hold: bind ./local: ${why}\n`]);
    assertEquals(await ask(), "1 question\n");
    await first.stop();
  }
  await using _next = await Holding.start(directory, args);
  await using second = run("2");
  assertEquals(await ask(), "2 question\n");
  await second.stop();
});

claim("a holder hands all that it holds to the next one, and no connection is refused", async () => {
  using directory = new OwnDirectory();
  const listen = ["-l", `local=${directory.file("local")}`, "-l", "web=tcp:127.0.0.1:0"];
  await using holding = await Holding.start(directory, [...listen, "-l", "other=./other"]);
  const { web } = await holding.held();
  using waiting = await UnixSocket.connect(directory.file("local"));
  // The next one is told to listen at the same places, and takes what it is passed instead.
  const script = `kill ${holding.process.child.pid}; while [ -e hold ]; do sleep 0.01; done; exec "$@"`;
  const next = [Deno.execPath(), "run", "-A", "--quiet", `${ROOT}cli.ts`, "hold", ...listen, "-l", "own=./own"];
  await using process = startIpcx(["hold", "run", "--all", "--", "sh", "-c", script, "-", ...next], {
    cwd: directory.path,
    env: holding.env,
  });
  await process.says("serving");
  assertEquals((await holding.process.ended()).status, 0);
  const held = await holding.held();
  assertEquals([held.web.address, held.local.address], [web.address, directory.file("local")]);
  assertEquals(Object.keys(held), ["local", "other", "own", "web"]);
  const server = new URL("../hold/programs/server.py", import.meta.url).pathname;
  await using version = startIpcx(["hold", "run", "local", "--", "python3", server, "2"], {
    cwd: directory.path,
    env: holding.env,
  });
  await waiting.send("still there?\n");
  assertEquals((await waiting.receive())!.text, "2 still there?\n");
  await version.stop();
  assertEquals((await process.stop()).status, 0);
  assertEquals(namesIn(directory), ["other"], "what it was not told of is not its own");
});
