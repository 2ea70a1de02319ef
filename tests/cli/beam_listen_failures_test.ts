import { assert, assertEquals } from "@std/assert";
import { Beam } from "../../src/beam/beam.ts";
import { OPEN } from "../../src/core/linux.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { openPath } from "../../src/core/reach.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { spawn } from "../../src/spawn/spawn.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { beam, beamed, contents, DEBUG, logged, startListening } from "./beaming.ts";
import { IPCX, type Process, until, within } from "./program.ts";

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
    // It has written before: its library, where it is loaded from.
    const before = writtenBy(process);
    for (let sent = 0; sent < 30; sent++) await one.send("x".repeat(4000));
    await until(() => writtenBy(process) > before + 15 * 4000, "nothing is printed");
    using _two = await Beam.connect(at, { framed: true });
    await process.says('"connected"', 2);
    const { status } = await process.stop();
    assertEquals(status, 0);
    assert(contents(unread).startsWith("xxx"));
  });
}
