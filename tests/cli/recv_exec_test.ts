import { assert, assertEquals } from "@std/assert";
import type { Fd } from "../../src/core/fd.ts";
import { OPEN } from "../../src/core/linux.ts";
import { openPath } from "../../src/core/reach.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import {
  assertFailed,
  endingOf,
  outputOf,
  receiving,
  recv,
  sends,
  startReceiver,
  type Type,
  TYPES,
} from "./packeting.ts";
import { IPCX, type ProcessOptions, type Result, runProgram, startIpcx, within } from "./program.ts";

/** What comes of a command that `ipcx recv` becomes, or runs, for one message. */
async function executed(
  type: Type,
  command: readonly string[],
  data: string | Uint8Array<ArrayBuffer>,
  { fds = [], options = [], how = {} }: { fds?: Fd[]; options?: string[]; how?: ProcessOptions } = {},
): Promise<Result> {
  const address = ownName();
  await using process = await startReceiver([...receiving(type), address, ...options, "--exec", ...command], how);
  using socket = await UnixSocket.connect(address, { type });
  await socket.send(data, { fds });
  socket.close();
  return await endingOf(process);
}

/** Becoming the command, and starting it; with datagrams there is no end that it could wait for. */
const WAYS = [["--count", "1"], ["--keep-listening", "--count", "2"]];

const PRINT = [
  "LENGTH",
  "FDS",
  "FROM",
  "PID",
  "UID",
  "GID",
  "PEER_PID",
  "PEER_UID",
  "PEER_GID",
  "SOCKET",
].map((name) => `\${PACKET_${name}-none}`).join(" ");

claim("a command has the message as its standard input, whatever is in it", async () => {
  const bytes = new Uint8Array(200_000).map((_, at) => at * 7);
  for (const type of TYPES) {
    for (const data of [bytes, new TextEncoder().encode("hello\n")]) {
      const { status, out, err } = await executed(type, ["od", "-An", "-v", "-tx1"], data, {
        options: ["--count", "1"],
      });
      assertEquals([status, err], [0, ""]);
      if (type !== "stream") assertEquals(Uint8Array.fromHex(out.replaceAll(/\s/g, "")), data);
    }
    if (type === "stream") continue;
    assertEquals((await executed(type, ["wc", "-c"], "")).out, "0\n");
  }
});

claim("what is known of the message is in the environment, and nothing of another one", async () => {
  const env = Object.fromEntries(["FROM", "PID", "SOCKET", "PEER_PID"].map((name) => [`PACKET_${name}`, "of another"]));
  const own = `${Deno.pid} ${Deno.uid()} ${Deno.gid()}`;
  const command = ["sh", "-c", `echo "${PRINT}"`];
  for (const type of TYPES) {
    const peer = type === "dgram" ? "none none none none" : `${own} 3`;
    const without = await executed(type, command, "four", { options: ["--count", "1"], how: { env } });
    assertEquals(without.out, `4 0 none none none none ${peer}\n`);
    const options = ["--count", "1", "--credentials"];
    assertEquals((await executed(type, command, "x", { options, how: { env } })).out, `1 0 none ${own} ${peer}\n`);
  }
  const address = ownName(), from = ownName();
  await using process = await startReceiver(["--type", "dgram", address, "--exec", ...command]);
  using socket = UnixSocket.bound(from);
  await socket.send("x", { to: address });
  assertEquals(await outputOf(process), `1 0 ${from} none none none none none none none\n`);
});

claim("descriptors are there from 3 on, announced as a service manager does, the connection behind them", async () => {
  using directory = new OwnDirectory();
  for (const name of ["a", "b"]) Deno.writeTextFileSync(directory.file(name), name);
  const script = 'cat; cat <&3; cat <&4; echo " $LISTEN_FDS $LISTEN_FDNAMES $PACKET_FDS ${PACKET_SOCKET-none}"; ' +
    '[ "$LISTEN_PID" = $$ ] && ls /proc/self/fd | tr "\\n" " "';
  for (const type of ["seqpacket", "dgram"] as const) {
    using a = openPath(directory.file("a"), OPEN.READ);
    using b = openPath(directory.file("b"), OPEN.READ);
    const { out } = await executed(type, ["bash", "-c", script], "x", { fds: [a, b] });
    const [socket, open] = type === "dgram" ? ["none", "0 1 2 3 4 5 "] : ["5", "0 1 2 3 4 5 6 "];
    assertEquals(out, `xab 2 packet:packet 2 ${socket}\n${open}`);
  }
  const { out } = await executed("dgram", ["sh", "-c", 'echo "${LISTEN_FDS-unset}"'], "x", {
    how: { env: { LISTEN_FDS: "3", LISTEN_PID: "1" } },
  });
  assertEquals(out, "unset\n");
});

claim("a command answers on the connection, which is made to wait", async () => {
  using directory = new OwnDirectory();
  for (const type of ["seqpacket", "stream"] as const) {
    for (const options of WAYS) {
      const at = directory.file("s");
      const exec = ["--exec", "bash", "-c", "tr a-z A-Z >&$PACKET_SOCKET"];
      await using receiver = await startReceiver(["--listen", "--type", type, at, ...options, ...exec]);
      const asked = options[0] === "--count" ? ["one"] : ["one", "two"];
      for (const text of asked) {
        assertEquals(await sends([at, "--data", text, "--reply"]), `${text.toUpperCase()}\n`);
      }
      assertEquals(await outputOf(receiver), "");
      assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
    }
  }
});

claim("ipcx becomes the command for the last message, and waits for those before", async () => {
  const address = ownName();
  const script = 'read -r text; echo "$text $PPID"; [ "$text" != bad ] || exit 7';
  await using receiver = await startReceiver([
    "--type",
    "dgram",
    "--count",
    "3",
    address,
    "--exec",
    "sh",
    "-c",
    script,
  ]);
  const { pid } = receiver.child;
  await sends([address, "--lines"], { input: "good\nbad\ngood\n" });
  const { status, out } = await receiver.ended();
  const lines = out.trimEnd().split("\n");
  assertEquals(lines.slice(0, 2), [`good ${pid}`, `bad ${pid}`]);
  assertEquals([lines[2].startsWith("good "), lines[2] === `good ${pid}`, status], [true, false, 0]);

  await using failing = await startReceiver(["--listen", "--count", "0", address, "--exec", "sh", "-c", script]);
  await sends([address, "--lines"], { input: "good\nbad\ngood\n" });
  assertEquals((await failing.ended()).status, 7);
});

claim("its exit status is the command's, and 128 and the signal's number", async () => {
  for (const [script, status] of [["exit 42", 42], ["kill -TERM $$", 128 + 15]] as const) {
    const address = ownName();
    await using waiting = await startReceiver(["-k", "--count", "2", address, "--exec", "sh", "-c", script]);
    await sends([address, "--lines"], { input: "one\ntwo\n" });
    const { status: ended, signal } = await waiting.ended();
    assertEquals(signal === "SIGTERM" ? 128 + 15 : ended, status);
  }
});

claim("a command that is not there, or cannot be run, is told before any message is taken", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("text"), "");
  const address = ownName();
  using socket = UnixSocket.bound(address);
  for (const [command, status] of [["no-such-program", 127], [directory.file("text"), 126]] as const) {
    const at = directory.file("s");
    const { status: ended, out, err } = await recv(["--type", "dgram", at, "--exec", command]);
    assertEquals([ended, out], [status, ""]);
    assert(err.startsWith(`ipcx recv: execve ${command}: `), err);
  }
  assertEquals([...Deno.readDirSync(directory.path)].map(({ name }) => name), ["text"]);
  assert(socket.fd.isOpen);
});

claim("a message that was cut is not given to a command", async () => {
  const address = ownName();
  await using receiver = await startReceiver([
    ...["--type", "dgram", "--count", "2", "--max-bytes", "5", address],
    ...["--exec", "sh", "-c", "cat; echo"],
  ]);
  await sends([address, "--lines"], { input: "rm -rf /tmp/none\nshort\n" });
  const { status, out, err } = await endingOf(receiver);
  // What ipcx has become does not know of it.
  assertEquals([status, out], [0, "short\n"]);
  assertEquals(err, "ipcx recv: a message of 16 bytes was cut to 5: --max-bytes takes more of them\n");
  const only = await executed("seqpacket", ["cat"], "too long", { options: ["--max-bytes", "3"] });
  assertEquals([only.status, only.out], [1, ""]);
});

claim("the socket file is gone when ipcx has become the command", async () => {
  using directory = new OwnDirectory();
  for (const type of TYPES) {
    const at = directory.file("s");
    await using receiver = await startReceiver([
      ...receiving(type),
      "--count",
      "1",
      at,
      "--exec",
      "ls",
      directory.path,
    ]);
    await sends([at, "--data", "x"]);
    assertEquals(await outputOf(receiver), "");
  }
});

claim("a TCP listener that is passed is served by the command, which never opened it", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("door");
  const serve = "import os,socket\n" +
    "assert os.environ['LISTEN_FDS']=='1' and int(os.environ['LISTEN_PID'])==os.getpid()\n" +
    "s=socket.socket(fileno=3); c,_=s.accept(); c.sendall(c.recv(100).upper()); c.close()\n";
  const open = "import os,socket,sys\n" +
    "s=socket.create_server(('127.0.0.1',0)); os.set_inheritable(s.fileno(),True)\n" +
    "print(s.getsockname()[1],flush=True)\n" +
    "os.execvp(sys.argv[1],sys.argv[1:]+['--fd',str(s.fileno())])\n";
  await using receiver = await startReceiver(["--listen", at, "--exec", "python3", "-c", serve]);
  const opened = await runProgram(["python3", "-c", open, ...IPCX, "send", at, "--data", "take over"]);
  assertEquals([opened.status, opened.err], [0, ""]);
  // The one who opened it has ended; what connects now can only be served by the other.
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(opened.out) });
  await connection.write(new TextEncoder().encode("who is there?"));
  const answer = await within(new Response(connection.readable).text(), "no answer");
  assertEquals(answer, "WHO IS THERE?");
  assertEquals(await outputOf(receiver), "");
});

claim("a signal ends ipcx and not a command that it waits for; one that it has become has it", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("s");
  const script = 'echo started >&2; read -r line <&3; echo "still there $line" > "$0"';
  await using receiver = startIpcx(["recv", "-k", "-v", at, "--exec", "sh", "-c", script, directory.file("out")]);
  await receiver.says("listening");
  const [near, far] = UnixSocket.pair();
  {
    using client = await UnixSocket.connect(at, { type: "seqpacket" });
    await client.send("x", { fds: [far.fd] });
    far.close();
    await receiver.says("started");
    receiver.kill("SIGTERM");
    assertEquals((await within(receiver.child.status, "it does not end")).signal, "SIGTERM");
  }
  await near.send("and well\n");
  assertEquals(await within(near.receive(), "no end"), null);
  near.close();
  assertEquals(Deno.readTextFileSync(directory.file("out")), "still there and well\n");
  assertFailed(await recv([at]), "ENOENT");
});
