import { assert, assertEquals } from "@std/assert";
import { Beam } from "../../src/beam/beam.ts";
import { OPEN } from "../../src/core/linux.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { openPath } from "../../src/core/reach.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { spawn } from "../../src/spawn/spawn.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { beam, beamed, contents, startBeam, startListening } from "./beaming.ts";
import { IPCX, type Process, startIpcx, until, within } from "./program.ts";

/** The log's lines, each with its message and what else is told. */
function logOf(process: Process): Record<string, unknown>[] {
  return process.err.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}

function logged(process: Process, message: string): Record<string, unknown>[] {
  return logOf(process).filter((line) => line.message === message);
}

const DEBUG = ["--log-level", "debug"];

claim("it prints each message of all who connect, until it is told to end", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("s");
  await using process = await startListening([at, ...DEBUG]);
  assertEquals(Deno.statSync(at).mode! & 0o777, 0o600);
  const one = await Beam.connect(at), two = await Beam.connect(at);
  using fd = openPath("/dev/null", OPEN.READ);
  for (const [from, text] of [[one, "first"], [two, "second"], [one, "third"]] as const) await from.send(text, fd);
  one.close();
  two.close();
  await beamed(["send", at, "--data", "fourth"]);
  await process.says('"disconnected"', 3);
  const { status, out } = await process.stop();
  assertEquals(status, 0);
  const nulls = "  [device /dev/null]";
  assertEquals(out.trimEnd().split("\n").sort(), [`first${nulls}`, "fourth", `second${nulls}`, `third${nulls}`]);
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
  assertEquals([logged(process, "serving")[0].sockets, logged(process, "stopping")[0].taken], [[at], 4]);
});

claim("with --json a message is a line of JSON with its peer", async () => {
  const at = ownName();
  await using process = await startListening([at, "--json", "--once"]);
  using peer = await Beam.connect(at);
  await peer.send("x");
  const { status, out } = await process.ended();
  const who = { pid: Deno.pid, uid: Deno.uid(), gid: Deno.gid() };
  assertEquals([status, JSON.parse(out)], [0, { data: "x", fds: [], ...who }]);
});

for (const [options, number] of [[["--once"], 1], [["--count", "2"], 2]] as const) {
  claim(`${options.join(" ")} ends it after so many messages, and what they have started`, async () => {
    for (const wire of [{}, { framed: true }, { type: "seqpacket" as const }]) {
      const at = ownName();
      const spoken = wire.framed ? ["--framed"] : wire.type ? ["--type", wire.type] : [];
      const exec = ["--exec", "sh", "-c", 'sleep 0.1; echo "$BEAM_DATA"'];
      await using process = await startListening([at, ...options, ...spoken, ...exec]);
      using peer = await Beam.connect(at, wire);
      using fd = openPath("/dev/null", OPEN.READ);
      for (const text of ["a", "b", "c"].slice(0, number)) await peer.send(text, fd);
      const { status, out } = await process.ended();
      assertEquals([status, out.trimEnd().split("\n").sort().join("")], [0, "ab".slice(0, number)]);
    }
  });
}

claim("after the last message nobody is let in, though its command still runs", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("s");
  await using process = await startListening([at, "--once", "--exec", "sh", "-c", "echo started; cat"]);
  using client = await Beam.connect(at);
  using near = await client.sendConnection("x");
  assertEquals((await near.receive())!.text, "started\n");
  const isRefused = (): Promise<boolean> =>
    Beam.connect(at).then((beam) => beam.close() ?? false, (error) => error.code === "ENOENT");
  await until(isRefused, "others are let in");
  near.close();
  assertEquals((await process.ended()).status, 0);
});

claim("each message starts the command, with the descriptor as its input and output", async () => {
  const at = ownName();
  await using process = await startListening([at, "--exec", "sh", "-c", 'read line; echo "$BEAM_DATA: $line"']);
  using peer = await Beam.connect(at);
  const channels = await Promise.all(["one", "two", "three"].map((name) => peer.sendConnection(name)));
  for (const channel of channels.toReversed()) await channel.send("hello\n");
  const answers = await Promise.all(channels.map(async (channel) => (await within(channel.receive(), "none"))!.text));
  assertEquals(answers, ["one: hello\n", "two: hello\n", "three: hello\n"]);
  for (const channel of channels) {
    assertEquals(await within(channel.receive(), "no end"), null);
    channel.close();
  }
  assertEquals((await process.stop()).status, 0);
  assertEquals(logOf(process).map(({ message }) => message), ["serving", "stopping"]);
});

claim("without a descriptor the command has no input, and the output of ipcx", async () => {
  const at = ownName();
  await using process = await startListening([at, "--once", "--exec", "sh", "-c", 'cat; echo "got $BEAM_DATA"']);
  await beamed(["send", at, "--data", "x"]);
  const { status, out } = await process.ended();
  assertEquals([status, out], [0, "got x\n"]);
});

claim("commands are reaped, and those that fail are told of", async () => {
  const at = ownName();
  await using process = await startListening([at, ...DEBUG, "--exec", "sh", "-c", 'eval "$BEAM_DATA"']);
  for (const script of ["exit 0", "exit 3", "kill -KILL $$"]) await beamed(["send", at, "--data", script]);
  await process.says('"command ended"');
  await process.says('"command failed"', 2);
  const children = Deno.readTextFileSync(`/proc/${process.child.pid}/task/${process.child.pid}/children`);
  assertEquals(children.trim(), "");
  const endings = logged(process, "command failed").map(({ code, signal, level, uid }) => [code, signal, level, uid]);
  assertEquals(endings.sort(), [[137, "SIGKILL", "warn", Deno.uid()], [3, null, "warn", Deno.uid()]]);
  assertEquals((await process.stop()).status, 0);
});

claim("--max-children bounds the commands that run at once; messages wait for them", async () => {
  const at = ownName();
  const script = 'read line; echo "$BEAM_DATA"';
  await using process = await startListening([at, ...DEBUG, "--max-children", "2", "--exec", "sh", "-c", script]);
  using peer = await Beam.connect(at);
  const channels = await Promise.all(["1", "2", "3", "4"].map((name) => peer.sendConnection(name)));
  await process.says('"command started"', 2);
  for (const at of [0, 1, 2, 3]) {
    assertEquals(logged(process, "command started").length, Math.min(4, 2 + at));
    await channels[at].send("\n");
    assertEquals((await within(channels[at].receive(), "none"))!.text, `${at + 1}\n`);
    await process.says('"command ended"', at + 1);
    await process.says('"command started"', Math.min(4, 3 + at));
  }
  for (const channel of channels) channel.close();
  assertEquals((await process.stop()).status, 0);
});

claim("--max-clients bounds the connections; others wait until one has ended", async () => {
  const at = ownName();
  await using process = await startListening([at, ...DEBUG, "--max-clients", "1"]);
  const first = await Beam.connect(at);
  await process.says('"connected"');
  using second = await Beam.connect(at);
  await second.send("from the second");
  await first.send("from the first");
  first.close();
  await process.says('"connected"', 2);
  second.close();
  await process.says('"disconnected"', 2);
  assertEquals((await process.stop()).out, "from the first\nfrom the second\n");
});

claim("--timeout closes a connection that is silent, and no other", async () => {
  const at = ownName();
  await using process = await startListening([at, "--timeout", "200ms"]);
  using peer = await Beam.connect(at);
  assertEquals(await within(peer.receive(), "it was not closed"), null);
  const [{ error, uid }] = logged(process, "connection closed");
  assertEquals([error, uid], ["it was silent for 200 ms (--timeout)", Deno.uid()]);
  assertEquals((await process.stop()).status, 0);
});

claim("a message that cannot be run or taken is logged, and the next one is", async () => {
  const at = ownName();
  const exec = ["--exec", "sh", "-c", 'echo "got $BEAM_DATA"'];
  await using process = await startListening([at, "--type", "seqpacket", "--max-bytes", "140000", ...exec]);
  using peer = await Beam.connect(at, { type: "seqpacket", memoryThreshold: Infinity });
  await peer.send("x".repeat(131_062));
  await process.says('"command not started"');
  await peer.send("x".repeat(140_001));
  await process.says('"message lost"');
  await peer.send("x");
  const channel = await peer.sendConnection("y");
  assertEquals((await within(channel.receive(), "no answer"))!.text, "got y\n");
  channel.close();
  const [{ error }] = logged(process, "command not started");
  assert(`${error}`.startsWith("the message has 131062 bytes: too many for BEAM_DATA"), `${error}`);
  assert((await process.stop()).out.startsWith("got x\n"));
});

claim("a peer that speaks another way loses its connection, and nobody else's", async () => {
  const at = ownName();
  await using process = await startListening([at, "--framed", "--once"]);
  using wrong = await UnixSocket.connect(at);
  await wrong.send(new Uint8Array([0x7f, 0xff, 0xff, 0xfe, 1]));
  assertEquals(await within(wrong.receive(), "it was not closed").catch(() => null), null);
  await process.says('"connection closed"');
  await beamed(["send", at, "--framed", "--data", "right"]);
  assertEquals((await process.ended()).out, "right\n");
});

claim("a socket of an odd type in a message harms nobody", async () => {
  const at = ownName();
  await using process = await startListening([at, "--json", "--once"]);
  const script = "import socket,sys\n" +
    "s=socket.socket(socket.AF_UNIX); s.connect('\\0'+sys.argv[1])\n" +
    "odd=socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)\n" +
    "socket.send_fds(s,[b'x'],[odd.fileno()])\n";
  const child = spawn({ command: "python3", args: ["-c", script, at.slice(1)] });
  assertEquals((await child.status).success, true);
  const [fd] = JSON.parse((await process.ended()).out).fds;
  assertEquals(fd, { kind: "socket", family: "netlink", type: "raw", access: "both" });
});

claim("at the limit of descriptors it waits, and serves on when there is room", async () => {
  const at = ownName();
  const through = ["prlimit", "--nofile=48:48"];
  await using process = await startListening([at, ...DEBUG], { through });
  const peers = await Promise.all(Array.from({ length: 48 }, () => Beam.connect(at)));
  await process.says('"accept failed"');
  for (const peer of peers) peer.close();
  await process.says('"disconnected"', 48);
  await beamed(["send", at, "--data", "still there"]);
  await process.says('"disconnected"', 49);
  assertEquals((await process.stop()).out, "still there\n");
});

claim("a message whose descriptors are lost at that limit is logged, and the next one is taken", async () => {
  const at = ownName();
  const through = ["prlimit", "--nofile=48:48"];
  await using process = await startListening([at, "--framed", "--once", "--json"], { through });
  using peer = await Beam.connect(at, { framed: true });
  using fd = openPath("/dev/null", OPEN.READ);
  await peer.send("too many", Array(100).fill(fd));
  await process.says('"message lost"');
  await peer.send("just one", fd);
  const { data, fds } = JSON.parse((await process.ended()).out);
  assertEquals([data, fds.length], ["just one", 1]);
  assert(`${logged(process, "message lost")[0].error}`.includes("(MSG_CTRUNC): RLIMIT_NOFILE is reached"));
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  claim(`${signal} ends it in order: no file is left, commands are ended, then by force`, async () => {
    using directory = new OwnDirectory();
    const at = directory.file("s");
    const script = 'trap "echo told; $BEAM_DATA" TERM; echo ready; while :; do sleep 0.02; done';
    const exec = ["--grace", "300ms", "--exec", "sh", "-c", script];
    await using process = await startListening([at, ...DEBUG, ...exec]);
    using peer = await Beam.connect(at);
    const obeys = await peer.sendConnection("exit 0"), stays = await peer.sendConnection(":");
    for (const channel of [obeys, stays]) assertEquals((await within(channel.receive(), "none"))!.text, "ready\n");
    process.kill(signal);
    const { status } = await process.ended();
    assertEquals(status, 0);
    for (const channel of [obeys, stays]) {
      assertEquals((await channel.receive())!.text, "told\n");
      assertEquals(await within(channel.receive(), "it was not ended"), null);
      channel.close();
    }
    assertEquals(logged(process, "command failed").map((line) => line.signal), ["SIGKILL"]);
    assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
  });
}

claim("told once more to end, it waits no longer for commands; SIGHUP is not that", async () => {
  const at = ownName();
  const script = 'trap "echo told" TERM; echo ready; while :; do sleep 0.02; done';
  await using process = await startListening([at, "--grace", "10m", "--exec", "sh", "-c", script]);
  using peer = await Beam.connect(at);
  using channel = await peer.sendConnection("x");
  assertEquals((await within(channel.receive(), "none"))!.text, "ready\n");
  process.kill("SIGTERM");
  assertEquals((await within(channel.receive(), "none"))!.text, "told\n");
  process.kill("SIGHUP");
  process.kill("SIGTERM");
  assertEquals((await process.ended()).status, 0);
  assertEquals(logged(process, "command failed").map((line) => line.signal), ["SIGKILL"]);
  assertEquals(await within(channel.receive(), "it was not ended"), null);
});

claim("a service manager hears READY and STOPPING, and SIGHUP opens the log anew", async () => {
  using directory = new OwnDirectory();
  const [at, log] = [ownName(), directory.file("log")];
  using manager = UnixSocket.bound(directory.file("notify"));
  const hear = async (): Promise<string> => (await within(manager.receive(), "no notification"))!.text;
  const env = { NOTIFY_SOCKET: directory.file("notify") };
  await using process = startBeam(["listen", at, "--log-file", log, "--log-format", "text"], { env });
  assertEquals(await hear(), `READY=1\nMAINPID=${process.child.pid}\nSTATUS=serving ${at}\n`);
  Deno.renameSync(log, `${log}.1`);
  process.kill("SIGHUP");
  assert((await hear()).startsWith("RELOADING=1\n"));
  assertEquals(await hear(), "READY=1\n");
  process.kill("SIGTERM");
  assertEquals(await hear(), "STOPPING=1\n");
  assertEquals((await process.ended()).err, "");
  assert(Deno.readTextFileSync(`${log}.1`).includes(`INFO beam: serving sockets=${at}\n`));
  assert(Deno.readTextFileSync(log).includes("INFO beam: stopping taken=0\n"));
});

claim("sockets passed by LISTEN_FDS are served, with or without an ADDR", async () => {
  for (const more of [[], [ownName()]]) {
    const at = ownName();
    using listener = UnixListener.listen(at);
    const child = spawn({
      command: IPCX[0],
      args: [...IPCX.slice(1), "beam", "listen", ...more, "--count", `${1 + more.length}`],
      fds: { 3: listener.fd },
      listenFdNames: ["beam"],
      stdout: "piped",
      stderr: "null",
    });
    listener.close();
    for (const address of [...more, at]) {
      await beamed(["send", address, "--wait", "--data", "x"]);
    }
    assertEquals(await new Response(child.stdout).text(), "x\n".repeat(1 + more.length));
    assertEquals((await child.status).code, 0);
  }
});

claim("fd:N is a listener that it was started with", async () => {
  const at = ownName();
  await using process = startIpcx(["spawn", "--listen", `3=${at}`, ...IPCX, "beam", "listen", "fd:3", "--once"]);
  await beamed(["send", at, "--wait", "--data", "x"]);
  assertEquals((await process.ended()).out, "x\n");
});

claim("a descriptor that is no listener is told by the number that it was given by", async () => {
  for (const verb of [["listen"], ["recv", "--listen"]]) {
    const { status, err } = await beam([...verb, "fd:0"]);
    const [last] = err.trimEnd().split("\n").slice(-1);
    assertEquals([status, last], [1, "ipcx beam: getsockopt fd:0: Socket operation on non-socket (ENOTSOCK)"]);
  }
  const [left, right] = UnixSocket.pair();
  const child = spawn({
    command: IPCX[0],
    args: [...IPCX.slice(1), "beam", "recv", "--listen", "fd:3"],
    fds: { 3: left.fd },
    stderr: "piped",
  });
  left.close();
  const expected = "ipcx beam: accept fd:3 (does not listen): Invalid argument (EINVAL)\n";
  assertEquals(await new Response(child.stderr).text(), expected);
  assertEquals((await child.status).code, 1);
  right.close();
});

claim("a command that is not there is told before anybody can connect", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("s");
  const { status, out, err } = await beam(["listen", at, "--exec", "no-such-command"]);
  assertEquals([status, out], [127, ""]);
  assertEquals(
    err,
    "ipcx beam: execve no-such-command: No such file or directory (ENOENT); there is no such program, or its interpreter is missing\n",
  );
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});

claim("a command that cannot be run is told as early", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("s");
  Deno.writeTextFileSync(directory.file("data"), "no program");
  for (const command of [directory.file("data"), directory.path]) {
    const { status, err } = await beam(["listen", at, "--timeout", "1ms", "--exec", command]);
    const denied = `ipcx beam: execve ${command}: Permission denied (EACCES); the file is not executable\n`;
    assertEquals([status, err], [126, denied]);
  }
  assertEquals(Array.from(Deno.readDirSync(directory.path), ({ name }) => name), ["data"]);
});

claim("an address that is taken, and an output that nobody reads, are failures", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("s");
  using listener = UnixListener.listen(at);
  const taken = await beam(["listen", at]);
  assertEquals(taken.status, 1);
  assert(
    taken.err.startsWith(`ipcx beam: bind ${at}: Address already in use (EADDRINUSE); the name is taken`),
    taken.err,
  );
  listener.close();

  const script = '"$@" 2>/dev/null | true; echo ${PIPESTATUS[0]}';
  const child = spawn({
    command: "bash",
    args: ["-c", script, "bash", ...IPCX, "beam", "listen", at],
    stdout: "piped",
  });
  await beamed(["send", at, "--wait", "--data", "x"]);
  assertEquals(await new Response(child.stdout).text(), "1\n");
  await child.status;
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});

/** How many bytes a process has written. */
function writtenBy(process: Process): number {
  return Number(/^wchar: (\d+)$/m.exec(Deno.readTextFileSync(`/proc/${process.child.pid}/io`))![1]);
}

for (const kind of ["blocking", "nonblocking"]) {
  claim(`a ${kind} output that is not read any more keeps its messages waiting, and nothing else`, async () => {
    using directory = new OwnDirectory();
    const [at, fifo] = [directory.file("s"), directory.file("fifo")];
    new Deno.Command("mkfifo", { args: [fifo] }).outputSync();
    using unread = openPath(fifo, OPEN.READ | OPEN.WRITE);
    const become = `import os, sys; os.set_blocking(1, ${
      kind === "blocking" ? "True" : "False"
    }); os.execvp(sys.argv[1], sys.argv[1:])`;
    const through = ["sh", "-c", 'exec > "$0"; exec python3 -c "$@"', fifo, become];
    await using process = await startListening([at, "--framed", ...DEBUG], { through });
    using one = await Beam.connect(at, { framed: true });
    for (let sent = 0; sent < 30; sent++) await one.send("x".repeat(4000));
    await until(() => writtenBy(process) > 15 * 4000, "nothing is printed");
    using _two = await Beam.connect(at, { framed: true });
    await process.says('"connected"', 2);
    const { status } = await process.stop();
    assertEquals(status, 0);
    assert(contents(unread).startsWith("xxx"));
  });
}

claim("--skip-without-fd passes over messages without a descriptor", async () => {
  const at = ownName();
  await using process = await startListening([at, "--once", "--skip-without-fd", "--framed"]);
  using peer = await Beam.connect(at, { framed: true });
  using fd = openPath("/dev/null", OPEN.READ);
  await peer.send("without");
  await peer.send("with", fd);
  assertEquals((await process.ended()).out, "with  [device /dev/null]\n");
});
