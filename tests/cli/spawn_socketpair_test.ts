import { assert, assertEquals } from "@std/assert";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { spawn } from "../../src/spawn/mod.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { IPCX, runProgram, startIpcx, within } from "./program.ts";
import { PYTHON, spawned, startSpawn, told } from "./spawning.ts";

const MEBIBYTE = 1 << 20;

/** Answers what it reads at descriptor 3, in capitals, to the end. */
const SHOUT = [...PYTHON, "import os\nwhile data := os.read(3, 65536): os.write(3, data.upper())"];

/** Takes what a receiver is sent: the line about it, and the other end of the pair. */
async function receiveEnd(
  receiver: UnixSocket,
): Promise<{ line: { socketpair: number; pid: number }; end: UnixSocket }> {
  const message = (await within(receiver.receive(), "no end of the pair"))!;
  const [fd, ...more] = message.takeFds();
  assertEquals(more, []);
  assert(message.text.endsWith("}\n"), message.text);
  return { line: JSON.parse(message.text), end: UnixSocket.fromFd(fd) };
}

claim("with -, standard input and output are joined to CMD's socket, each to its end", async () => {
  for (const input of ["hello", "", "a\0b\n"]) {
    const { status, out, err } = await spawned(["--socketpair", "3=-", ...SHOUT], { input });
    assertEquals({ status, out, err }, { status: 0, out: input.toUpperCase(), err: "" });
  }
});

claim("all that goes through arrives, in both directions", async () => {
  const input = "abcdefgh".repeat(MEBIBYTE / 8);
  const { out } = await spawned(["--socketpair", "3=-", ...SHOUT], { input });
  assertEquals(out.length, MEBIBYTE);
  assertEquals(out, input.toUpperCase());
});

claim("what CMD wrote last arrives though it has ended, and a closed input does not end it", async () => {
  const script = "head -c 100000 /dev/zero >&3; exit 3";
  const { status, out } = await spawned(["--socketpair", "3=-", "sh", "-c", script]);
  assertEquals([status, out.length], [3, 100_000]);
});

claim("CMD's own standard streams stay the caller's, and nothing of the pair is left to it", async () => {
  const list =
    "import os; print(*sorted(int(n) for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{n}')))";
  assertEquals(await told(["--socketpair", "7=-", ...PYTHON, list]), "0 1 2 7");
});

claim("a reader of standard output that is gone ends nothing but what is written", async () => {
  const command = [...IPCX, "spawn", "--socketpair", "3=-", "sh", "-c", "head -c 300000 /dev/zero >&3; exit 4"];
  const script = '"$@" | true; echo ${PIPESTATUS[0]}';
  await using piped = startIpcx([], { through: ["bash", "-c", script, "bash", ...command] });
  assertEquals((await piped.ended()).out, "4\n");
});

claim("who writes to a reader that is gone is told so", async () => {
  const command = [...IPCX, "spawn", "--socketpair", "1=-", "yes"];
  const script = '"$@" | head -n 1; echo ${PIPESTATUS[0]}';
  const { out } = await runProgram(["bash", "-c", script, "bash", ...command]);
  // The kernel sends no SIGPIPE to who waits for room already.
  assert(["y\n1\n", "y\n141\n"].includes(out), out);
});

claim("with an address, who listens there gets the other end, and a line that says whose it is", async () => {
  using directory = new OwnDirectory();
  for (const at of [directory.file("socket"), ownName()]) {
    using listener = UnixListener.listen(at);
    await using served = startSpawn(["--socketpair", `5=${at}`, "sh", "-c", "echo $$ >&5; read line <&5; echo $line"]);
    using receiver = await listener.accept();
    const { line, end } = await receiveEnd(receiver);
    using _end = end;
    assertEquals(line.socketpair, 5);
    assertEquals((await end.receive())!.text, `${line.pid}\n`);
    // Nothing else comes: it is CMD's, and ipcx is out of the way.
    assertEquals(await receiver.receive(), null);
    await end.send("bye\n");
    assertEquals((await served.ended()).out, "bye\n");
    assertEquals(await end.receive(), null);
  }
});

claim("with --exec the line has the pid that CMD has", async () => {
  const at = ownName();
  using listener = UnixListener.listen(at);
  await using served = startSpawn(["--exec", "--socketpair", `3=${at}`, "sh", "-c", "echo $$ >&3"]);
  using receiver = await listener.accept();
  const { line, end } = await receiveEnd(receiver);
  using _end = end;
  assertEquals((await end.receive())!.text, `${served.child.pid}\n`);
  assertEquals(line, { socketpair: 3, pid: served.child.pid });
  await served.ended();
});

claim("with fd:N, the other end goes through a socket that ipcx was started with", async () => {
  const [ours, theirs] = UnixSocket.pair();
  const [command, ...args] = [...IPCX, "spawn", "--socketpair", "3=fd:5", ...SHOUT];
  const child = spawn({ command, args, fds: { 5: theirs.fd.setBlocking() } });
  theirs.close();
  const { line, end } = await receiveEnd(ours);
  assertEquals(line.socketpair, 3);
  await end.send("hello");
  assertEquals((await end.receive())!.text, "HELLO");
  end.close();
  assertEquals((await child.status).code, 0);
  ours.close();
});

claim("several pairs go to several receivers", async () => {
  const [a, b] = [ownName(), ownName()];
  using first = UnixListener.listen(a);
  using second = UnixListener.listen(b);
  const script = "echo three >&3; echo four >&4";
  await using served = startSpawn(["--socketpair", `3=${a}`, "--socketpair", `4=${b}`, "sh", "-c", script]);
  for (const [listener, text] of [[first, "three\n"], [second, "four\n"]] as const) {
    using receiver = await listener.accept();
    using end = (await receiveEnd(receiver)).end;
    assertEquals((await end.receive())!.text, text);
  }
  assertEquals((await served.ended()).status, 0);
});
