import { assert, assertEquals } from "@std/assert";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { assertFailed, outputOf, receiving, recv, send, sends, startReceiver, TYPES, withSocket } from "./packeting.ts";
import { Process, startIpcx, stateOf, until, within } from "./program.ts";

claim("send finds out what listens there, at a path and at an abstract name, and tells it with -v", async () => {
  using directory = new OwnDirectory();
  for (const type of TYPES) {
    for (const address of [directory.file(type), ownName()]) {
      await using receiver = await startReceiver([...receiving(type), address]);
      const { status, err } = await send([address, "--data", "x", "--verbose"]);
      assertEquals([status, err], [0, `ipcx send: connected to ${address} (${type})\n`]);
      const { err: told } = await receiver.ended();
      const word = type === "dgram" ? "receiving" : "listening";
      assert(told.startsWith(`ipcx recv: ${word} at ${address} (${type})\n`), told);
      const uid = Deno.uid(), gid = Deno.gid();
      const who = new RegExp(`^ipcx recv: connected: pid \\d+, uid ${uid}, gid ${gid}$`, "m");
      assertEquals(who.test(told), type !== "dgram", told);
    }
  }
});

claim("where one abstract name is all three types, packets come before bytes, and bytes before datagrams", async () => {
  const address = ownName();
  await using packets = await startReceiver(["--listen", address]);
  await using bytes = await startReceiver([...receiving("stream"), address]);
  await using datagrams = await startReceiver([...receiving("dgram"), address]);
  for (const text of ["first", "second", "third"]) await sends([address, "--data", text, "--wait"]);
  assertEquals(await Promise.all([packets, bytes, datagrams].map(outputOf)), ["first\n", "second\n", "third\n"]);
});

claim("recv finds out what listens there, too", async () => {
  using directory = new OwnDirectory();
  for (const type of ["seqpacket", "stream"] as const) {
    for (const address of [directory.file(type), ownName()]) {
      using listener = UnixListener.listen(address, { type });
      const receiving = recv([address, "-v"]);
      using peer = await within(listener.accept(), "nobody came");
      await peer.send("there you are");
      peer.close();
      const { status, out, err } = await receiving;
      assertEquals([status, out], [0, "there you are\n"]);
      assertEquals(err, `ipcx recv: connected to ${address} (${type})\n`);
    }
  }
});

claim("--type that is not what listens there is told, and so is a name that receives datagrams itself", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("s");
  using _socket = UnixSocket.bound(at);
  for (const type of ["stream", "seqpacket"]) {
    assertFailed(
      await send([at, "--data", "x", "--type", type]),
      "the listener has another socket type (stream, seqpacket, dgram)",
    );
  }
  assertFailed(
    await recv([at]),
    `ipcx recv: ${at} receives datagrams itself: to receive some, give --type dgram and a name that nobody has\n`,
  );
  assertFailed(await recv([at, "--type", "dgram"]), "the name is taken: stop its owner or choose another");
});

claim("nobody there is a failure that says what to do", async () => {
  using directory = new OwnDirectory();
  const instead = "; --listen waits there, --type dgram receives datagrams there\n";
  for (const [address, code] of [[ownName(), "ECONNREFUSED"], [directory.file("none"), "ENOENT"]]) {
    for (const type of [[], ["--type", "dgram"], ["--type", "stream"]]) {
      const { status, err } = await send([address, "--data", "x", ...type]);
      assertEquals(status, 1);
      assert(err.startsWith(`ipcx send: connect ${address}: `) && err.includes(code), err);
    }
    const { status, out, err } = await recv([address]);
    assertEquals([status, out], [1, ""]);
    assert(err.includes(code) && err.endsWith(instead), err);
  }
});

claim("--wait waits until somebody listens, whatever that is, and --timeout bounds that", async () => {
  using directory = new OwnDirectory();
  for (const type of TYPES) {
    const address = directory.file(type);
    await using sender = startIpcx(["send", "--wait", address, "--data", "x"]);
    // It has nothing to tell of before it is connected: it has begun to wait when it sleeps.
    await until(() => stateOf(sender.child.pid) === "S", "it does not wait");
    await using receiver = await startReceiver([...receiving(type), address]);
    assertEquals(await outputOf(receiver), "x\n");
    assertEquals(await outputOf(sender), "");
  }
  const address = directory.file("stream");
  await using receiver = startIpcx(["recv", "--wait", address]);
  await until(() => stateOf(receiver.child.pid) === "S", "it does not wait");
  await using sender = startIpcx(["send", "--listen", address, "--data", "x"]);
  assertEquals(await outputOf(receiver), "x\n");
  assertEquals(await outputOf(sender), "");

  const nowhere = directory.file("nowhere");
  const late = "within 50 ms; --timeout is for longer waits\n";
  assertFailed(await send([nowhere, "-w", "--timeout", "50ms", "-d", "x"]), `nobody listened at ${nowhere} ${late}`);
  assertFailed(await recv([nowhere, "-w", "--timeout", "50ms"]), `nobody listened at ${nowhere} ${late}`);
  for (const [verb, data] of [["send", ["--data", "x"]], ["recv", []]] as const) {
    const run = verb === "send" ? send : recv;
    assertFailed(
      await run(["--listen", nowhere, "--timeout", "50ms", ...data]),
      `nobody connected to ${nowhere} ${late}`,
    );
  }
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});

claim("a listener whose backlog is full is tried until --timeout", async () => {
  const address = ownName();
  using listener = UnixListener.listen(address, { backlog: 1, type: "seqpacket" });
  using stack = new DisposableStack();
  for (let at = 0; at < 2; at++) stack.use(await UnixSocket.connect(address, { type: "seqpacket" }));
  const timeout = ["--timeout", "50ms"];
  assertFailed(
    await send([address, "--data", "x", ...timeout]),
    `nobody took the connection at ${address} within 50 ms; --timeout is for longer waits\n`,
  );
  const sending = send([address, "--data", "at last", "--timeout", "60s"]);
  for (let at = 0; at < 2; at++) stack.use(await listener.accept());
  using peer = await within(listener.accept(), "nobody came");
  assertEquals((await peer.receive())!.text, "at last");
  assertEquals((await sending).status, 0);
});

claim("a socket file has the mode that was asked for, and is gone in the end", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("s");
  const modeOf = (path: string): number => Deno.lstatSync(path).mode! & 0o777;
  for (const type of TYPES) {
    for (const [option, mode] of [[[], 0o600], [["--mode", "0666"], 0o666]] as const) {
      await using receiver = await startReceiver([...receiving(type), at, ...option]);
      assertEquals(modeOf(at), mode);
      await sends([at, "--data", "x"]);
      assertEquals(await outputOf(receiver), "x\n");
      assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
    }
  }
  await using sender = startIpcx(["send", "--listen", at, "--data", "x", "--mode", "0660", "-v"]);
  await sender.says("listening");
  assertEquals(modeOf(at), 0o660);
  assertEquals((await recv([at])).out, "x\n");
  await sender.ended();
});

claim("a socket file that nobody listens at is replaced, one that somebody does is not", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("s");
  for (const type of TYPES) {
    await using killed = await startReceiver([...receiving(type), at]);
    const second = await recv([...receiving(type), at]);
    assertFailed(second, "the name is taken: stop its owner or choose another");
    killed.kill("SIGKILL");
    await killed.ended();
    assert(Deno.lstatSync(at).isSocket);
    await using receiver = await startReceiver([...receiving(type), at]);
    await sends([at, "--data", "x"]);
    assertEquals(await outputOf(receiver), "x\n");
  }
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  claim(`${signal} ends it as a signal does, and takes its socket file along`, async () => {
    using directory = new OwnDirectory();
    const at = directory.file("s"), from = directory.file("from");
    using silent = UnixSocket.bound(directory.file("silent"));
    const started: [string[], string][] = [
      [["recv", "--listen", at], "listening"],
      [["recv", "--keep-listening", at], "listening"],
      [["recv", "--type", "dgram", at], "receiving"],
      [["send", "--listen", at, "--data", "x"], "listening"],
      [["send", `${silent.address}`, "--data", "x", "--from", from, "--reply"], "sending from"],
    ];
    for (const [args, said] of started) {
      await using process = startIpcx([...args, "--verbose"]);
      await process.says(said);
      process.kill(signal);
      assertEquals((await process.ended()).signal, signal, args.join(" "));
      assertEquals(Array.from(Deno.readDirSync(directory.path), ({ name }) => name), ["silent"], args.join(" "));
    }
  });
}

claim("--keep-listening takes one connection after the other, until it has what it was asked for", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("s");
  for (const type of ["seqpacket", "stream"] as const) {
    await using receiver = await startReceiver(["--keep-listening", "--type", type, at, "--count", "3"]);
    assertEquals(await sends([at], { input: "one" }), "");
    await sends([at, "--data", "two"]);
    await sends([at, "--data", "three"]);
    assertEquals(await outputOf(receiver), "one\ntwo\nthree\n");
    assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
  }
  await using receiver = await startReceiver(["-k", at]);
  for (const text of ["one", "two"]) await sends([at, "--lines"], { input: `${text}\n${text} again\n` });
  await receiver.says("connected", 2);
  receiver.kill("SIGTERM");
  assertEquals((await receiver.ended()).out.startsWith("one\none again\n"), true);
});

claim("with --keep-listening a connection that fails, or is silent for too long, does not end it", async () => {
  const address = ownName();
  await using receiver = await startReceiver(["-k", address, "--timeout", "50ms", "--count", "2"]);
  using _silent = await UnixSocket.connect(address, { type: "seqpacket" });
  await receiver.says("no message came within 50 ms; --timeout is for longer waits");
  // What is there when it comes to a connection need not be quick.
  receiver.kill("SIGSTOP");
  await until(() => stateOf(receiver.child.pid) === "T", "it does not stop");
  for (const text of ["one", undefined, "two"]) {
    using client = await UnixSocket.connect(address, { type: "seqpacket" });
    if (text) await client.send(text);
  }
  receiver.kill("SIGCONT");
  const { status, out } = await receiver.ended();
  assertEquals([status, out], [0, "one\ntwo\n"]);
});

claim("fd:N that listens is listened at, with --listen, and not without", async () => {
  const address = ownName();
  for (const type of ["seqpacket", "stream"] as const) {
    using listener = UnixListener.listen(address, { type });
    const refused = await withSocket(listener.fd, ["recv", "fd:3"]);
    assertFailed(refused, "ipcx recv: fd:3 listens: give --listen\n", 2);
    const receiving = withSocket(listener.fd, ["recv", "--listen", "fd:3", "--credentials"]);
    await sends([address, "--data", "x"]);
    const { status, out } = await receiving;
    assertEquals([status, out.replace(/\[pid \d+, uid \d+, gid \d+\] /, "")], [0, "x\n"]);
  }
});

claim("fd:N that is no Unix socket, or not open, is told", async () => {
  assertFailed(await send(["fd:0", "-d", "x"]), "ipcx send: fd:0 is no Unix socket (ENOTSOCK): pass one, such as");
  assertFailed(await recv(["fd:0"]), "ipcx recv: fd:0 is no Unix socket (ENOTSOCK): pass one, such as");
  assertFailed(await recv(["fd:77"]), "ipcx recv: fcntl fd:77: Bad file descriptor (EBADF)\n");
});

/** What a user without privileges does with a socket: it connects, or listens, and tells of it. */
const NOBODY = "use Socket; my ($how, $name) = @ARGV; socket(my $s, AF_UNIX, SOCK_SEQPACKET, 0) or die $!;" +
  'my $at = pack_sockaddr_un("\\0" . substr($name, 1));' +
  'if ($how eq "connect") { connect($s, $at) or die $!; send($s, "from nobody", 0) }' +
  'else { bind($s, $at) and listen($s, 5) or die $!; $| = 1; warn "ready\\n"; accept(my $c, $s); sysread($c, my $d, 99); print $d }';

function asNobody(how: "connect" | "listen", address: string): Process {
  return new Process(["perl", "-e", NOBODY, how, address], {
    through: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
  });
}

claim("--expect-uid refuses a listener of another user before anything is sent", async () => {
  const address = ownName();
  for (const [run, args] of [[send, ["--data", "secret"]], [recv, []]] as const) {
    await using squatter = asNobody("listen", address);
    await squatter.says("ready");
    assertFailed(
      await run([address, "--expect-uid", "root", ...args]),
      `connect ${address} (it is the listener of user 65534, not of 0)`,
    );
    assertEquals((await squatter.ended()).out, "");
  }
  await using other = asNobody("listen", address);
  await other.says("ready");
  assertEquals(await sends([address, "--expect-uid", "65534", "--data", "for nobody"]), "");
  assertEquals((await other.ended()).out, "for nobody");
}, { skip: NEEDS_ROOT });

claim("--expect-uid turns away who connects as another user, and waits on", async () => {
  for (const keeps of ["--listen", "--keep-listening"]) {
    const address = ownName();
    await using receiver = await startReceiver([keeps, address, "--expect-uid", "0", "--count", "1"]);
    await using stranger = asNobody("connect", address);
    await receiver.says("turned away: pid");
    await stranger.ended();
    assertEquals(await sends([address, "--data", "from root"]), "");
    assertEquals((await receiver.ended()).out, "from root\n");
  }
}, { skip: NEEDS_ROOT });

claim("where a user is expected, datagrams are not tried: it is not known whose socket they go to", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("s");
  using socket = UnixSocket.bound(at);
  assertFailed(await send([at, "--expect-uid", `${Deno.uid()}`, "--data", "x"]), "(EPROTOTYPE)");
  assertEquals(socket.tryReceive(), undefined);
});
