import { assert, assertEquals } from "@std/assert";
import type { SystemError } from "../../src/core/errors.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { compiled } from "../spawn/compiled.ts";
import { Target } from "../spawn/target.ts";
import { until } from "./program.ts";
import { PYTHON, spawned, startSpawn, told, waits } from "./spawning.ts";

/** Waits for one connection and says its own pid there. */
const ANSWER = [
  ...PYTHON,
  "import os, socket, sys\n" +
  "listener = socket.socket(fileno=3)\n" +
  "print('ready', file=sys.stderr, flush=True)\n" +
  "listener.accept()[0].sendall(str(os.getpid()).encode())\n",
];

/** Why nobody can connect, or "none". */
async function connectError(address: string): Promise<string> {
  try {
    (await UnixSocket.connect(address)).close();
    return "none";
  } catch (error) {
    return (error as SystemError).code;
  }
}

function entries(directory: OwnDirectory): string[] {
  return Array.from(Deno.readDirSync(directory.path), ({ name }) => name);
}

claim("--listen gives CMD a listener that waits, at a path or an abstract name", async () => {
  using directory = new OwnDirectory();
  for (const at of [directory.file("socket"), ownName()]) {
    await using served = startSpawn(["--listen", `3=${at}`, ...ANSWER]);
    await served.says("ready");
    using peer = await UnixSocket.connect(at);
    const pid = Number((await peer.receive())!.text);
    assert(pid > 0 && pid !== served.child.pid);
    assertEquals((await served.ended()).status, 0);
    assertEquals(entries(directory), []);
  }
});

claim("with --exec it is ipcx itself that has become the server", async () => {
  const at = ownName();
  await using served = startSpawn(["--exec", "--listen", `3=${at}`, ...ANSWER]);
  await served.says("ready");
  using peer = await UnixSocket.connect(at);
  assertEquals(Number((await peer.receive())!.text), served.child.pid);
  assertEquals((await served.ended()).status, 0);
});

claim("CMD alone has the listener: when it closes it, a connect is refused though ipcx waits on", async () => {
  using directory = new OwnDirectory();
  for (const at of [directory.file("socket"), ownName()]) {
    await using served = startSpawn(["--listen", `3=${at}`, "sh", "-c", "exec 3<&-; echo closed >&2; exec sleep 60"]);
    await served.says("closed");
    await waits(served.child.pid);
    assertEquals(await connectError(at), "ECONNREFUSED");
    await served.stop();
  }
});

claim("when CMD is dead a connect is refused, though a child of its goes on", async () => {
  const at = ownName();
  const script = "(exec 3<&- >&- 2>&-; exec sleep 60) & echo $!; kill -KILL $$";
  const { signal, out } = await spawned(["--listen", `3=${at}`, "bash", "-c", script]);
  assertEquals(signal, "SIGKILL");
  assertEquals(await connectError(at), "ECONNREFUSED");
  Deno.kill(Number(out), "SIGKILL");
});

claim("several listeners can be passed, also as standard input", async () => {
  const [a, b] = [ownName(), ownName()];
  const script = "import socket; print(*[socket.socket(fileno=n).getsockname() for n in (0, 5)])";
  const out = await told(["--listen", `0=${a}`, "--listen", `5=${b}`, ...PYTHON, script]);
  assertEquals(out, [a, b].map((name) => `b'\\x00${name.slice(1)}'`).join(" "));
});

claim("the socket's file is removed in the end, but not one that took its place", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("socket");
  const relative = ["--listen", "3=./socket"];
  assertEquals(await told(["--listen", `3=${at}`, "stat", "-c", "%F %a", at]), "socket 600");
  assertEquals(entries(directory), []);
  await spawned([...relative, "--wd=/", "true"], { cwd: directory.path });
  assertEquals(entries(directory), []);
  await spawned([...relative, "sh", "-c", "rm socket; echo mine > socket"], { cwd: directory.path });
  assertEquals(Deno.readTextFileSync(at), "mine\n");
});

claim("the socket's file is removed when CMD could not be started", async () => {
  using directory = new OwnDirectory();
  for (const way of [[], ["--exec"]]) {
    for (const cmd of [["ipcx-no-such-program"], ["--wdns", "/nowhere", "true"]]) {
      const { status } = await spawned([...way, "--listen", `3=${directory.file("socket")}`, ...cmd]);
      assert(status !== 0);
      assertEquals(entries(directory), [], `${way} ${cmd}`);
    }
  }
});

claim("where somebody listens already, CMD is not run", async () => {
  using directory = new OwnDirectory();
  for (const at of [directory.file("socket"), ownName()]) {
    using _other = UnixListener.listen(at);
    const { status, out, err } = await spawned(["--listen", `3=${at}`, "echo", "reached"]);
    assertEquals([status, out], [1, ""]);
    assert(err.startsWith(`ipcx spawn: bind ${at}: Address already in use (EADDRINUSE)`), err);
  }
});

claim("LISTEN_PID is CMD's pid as it sees it itself, in a pid namespace", async () => {
  await using target = await Target.start(["pid"]);
  const options = [`--pid=${target.pid}`, "--listen", `3=${ownName()}`, "--listen-fds"];
  const lines = (await told([...options, compiled("look.c")])).split("\n");
  assert(lines.includes("pid=2") && lines.includes("listen-pid=2"), lines.join(" "));
}, { skip: NEEDS_ROOT });

claim("a listener of this network namespace is served from another one", async () => {
  await using target = await Target.start(["mnt", "pid", "net"]);
  const at = ownName();
  await using served = startSpawn(["-at", `${target.pid}`, "--listen", `3=${at}`, ...ANSWER]);
  await served.says("ready");
  using peer = await UnixSocket.connect(at);
  assertEquals((await peer.receive())!.text, "2");
  await served.ended();
  await until(async () => await connectError(at) === "ECONNREFUSED", "it is served still");
}, { skip: NEEDS_ROOT });
