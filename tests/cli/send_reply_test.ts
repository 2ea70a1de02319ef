import { assert, assertEquals } from "@std/assert";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { assertFailed, jsonLines, outputOf, send, sends, startPeer, startReceiver, TYPES } from "./packeting.ts";
import { IPCX, Process, type Result, ROOT, startIpcx, within } from "./program.ts";

claim("--reply prints the answer, of a peer in Python over each type of socket", async () => {
  using directory = new OwnDirectory();
  for (const type of TYPES) {
    for (const address of [directory.file(type), ownName()]) {
      await using _peer = await startPeer("echo", type === "dgram" ? "bind" : "listen", type, address);
      assertEquals(await sends([address, "--data", "louder", "--reply"]), "LOUDER\n");
    }
  }
});

claim("each packet waits for its answers before the next one is sent", async () => {
  for (const type of ["seqpacket", "dgram"] as const) {
    const address = ownName();
    await using _peer = await startPeer("echo", type === "dgram" ? "bind" : "listen", type, address);
    // The echo takes an empty packet for the end of a connection.
    const [input, output] = type === "dgram" ? ["one\n\ntwo\n", "ONE\n\nTWO\n"] : ["one\ntwo\n", "ONE\nTWO\n"];
    assertEquals(await sends([address, "--lines", "-r"], { input }), output);
  }
  const address = ownName();
  using socket = UnixSocket.bound(address);
  await using process = startIpcx(["send", address, "--lines", "--reply=2"], { input: "one\ntwo\n" });
  for (const text of ["one", "two"]) {
    using question = (await within(socket.receive(), "no question"))!;
    assertEquals(question.text, text);
    assertEquals(socket.tryReceive(), undefined);
    await socket.send(`${text} first`, { to: question.from });
    await socket.send(`${text} second`, { to: question.from });
  }
  assertEquals(await outputOf(process), "one first\none second\ntwo first\ntwo second\n");
});

claim("--reply-as says how they are printed; with --json it is JSON, with who has answered", async () => {
  const address = ownName();
  await using peer = await startPeer("echo", "bind", "dgram", address);
  const ask = (...args: string[]): Promise<string> => sends([address, "--data", "a\n", "--reply", ...args]);
  assertEquals(await ask(), "A\\x0a\n");
  assertEquals(await ask("--reply-as", "text"), "A\\x0a\n");
  assertEquals(await ask("--reply-as", "hex"), "410a\n");
  assertEquals(await ask("--reply-as", "raw"), "A\n");
  const who = { pid: peer.child.pid, uid: Deno.uid(), gid: Deno.gid() };
  const wanted = { data: "A\n", length: 2, fds: [], ...who, from: address };
  assertEquals(jsonLines(await ask("--reply-as", "json")), [wanted]);
  assertEquals(jsonLines(await sends([address, "--json", "--reply"], { input: '{"data":"a\\n"}' })), [wanted]);

  const stream = ownName();
  await using echo = await startPeer("echo", "listen", "stream", stream);
  const [{ peer: listener }] = jsonLines(await sends([stream, "--data", "a", "--reply", "--reply-as", "json"]));
  assertEquals(listener, { ...who, pid: echo.child.pid });
});

claim("an answer can carry descriptors, which are told and closed", async () => {
  const address = ownName();
  using socket = UnixSocket.bound(address);
  const asking = sends([address, "--data", "x", "--reply"]);
  const { from } = (await within(socket.receive(), "no question"))!;
  await socket.send("look", { to: from, fds: [socket.fd] });
  assertEquals(await asking, "[unix dgram socket] look\n");
});

claim("a datagram can be answered from another socket than the one that it was sent to", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("s");
  const exec = ["--exec", "sh", "-c", 'tr a-z A-Z | "$@" send "$PACKET_FROM"', "sh", ...IPCX];
  await using receiver = await startReceiver(["--type", "dgram", at, ...exec]);
  assertEquals(await sends([at, "--data", "louder", "--reply"]), "LOUDER\n");
  assertEquals(await outputOf(receiver), "");
});

claim("--from is the name that datagrams come from, chosen by the kernel if it is empty", async () => {
  using directory = new OwnDirectory();
  const address = ownName(), own = ownName(), file = directory.file("me");
  using socket = UnixSocket.bound(address);
  for (const [given, pattern] of [[own, own], [file, file], ["", /^@[0-9a-f]{5}$/]] as const) {
    const sending = sends([address, "--data", "x", "--from", given]);
    const message = (await within(socket.receive(), "nothing came"))!;
    assert(typeof pattern === "string" ? `${message.from}` === pattern : pattern.test(`${message.from}`));
    assertEquals(await sending, "");
  }
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
  assertFailed(await send([address, "--data", "x", "--from", address]), "the name is taken");
  const asking = startIpcx(["send", address, "--data", "x", "--from", file, "--mode", "0666", "--reply"]);
  using message = (await within(socket.receive(), "nothing came"))!;
  assertEquals(Deno.lstatSync(file).mode! & 0o777, 0o666);
  await socket.send("there", { to: message.from });
  assertEquals(await outputOf(asking), "there\n");
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});

claim("--reply=0 prints all that comes until the end", async () => {
  for (const type of ["seqpacket", "stream"] as const) {
    const address = ownName();
    using listener = UnixListener.listen(address, { type });
    const asking = sends([address, "--data", "x", "--reply=0", "--reply-as", "raw"]);
    using peer = await within(listener.accept(), "nobody came");
    for (const text of ["one ", "two ", "three"]) await peer.send(text);
    assertEquals((await within(peer.receive(), "no question"))!.text, "x");
    peer.close();
    assertEquals(await asking, "one two three");
  }
});

claim("--reply=0 takes answers while it sends: who answers at once does not have to wait", async () => {
  for (const type of ["stream", "seqpacket"] as const) {
    const address = ownName();
    await using _peer = await startPeer("echo", "listen", type, address);
    // More than both send buffers hold.
    const input = "abcdefghi\n".repeat(300_000);
    const lines = "abcdefgh ".repeat(1000);
    const args = [address, "--end", "--reply=0", "--reply-as", "raw"];
    if (type === "stream") assertEquals(await sends(args, { input }), input.toUpperCase());
    else assertEquals(await sends([...args, "--repeat", "300"], { input: lines }), lines.repeat(300).toUpperCase());
  }
});

claim("--end tells that nothing more comes before it waits for the answer", async () => {
  const address = ownName();
  using listener = UnixListener.listen(address);
  const asking = sends([address, "--end", "--reply"], { input: "what is all of this?" });
  using peer = await within(listener.accept(), "nobody came");
  assertEquals((await within(peer.receive(), "nothing came"))!.text, "what is all of this?");
  assertEquals(await within(peer.receive(), "no end"), null);
  await peer.send("a question");
  assertEquals(await asking, "a question\n");
});

claim("a peer that goes without an answer, or with too few of them, is told", async () => {
  for (
    const [option, message] of [
      ["--reply", "the connection ended, and no answer had come"],
      ["--reply=3", "the connection ended after 1 of 3 answers"],
    ]
  ) {
    const address = ownName();
    using listener = UnixListener.listen(address, { type: "seqpacket" });
    const asking = send([address, "--data", "x", option]);
    using peer = await within(listener.accept(), "nobody came");
    await within(peer.receive(), "no question");
    if (option === "--reply=3") await peer.send("one");
    peer.close();
    const { status, out, err } = await asking;
    assertEquals([status, out, err], [1, option === "--reply=3" ? "one\n" : "", `ipcx send: ${message}\n`]);
  }
});

claim("an answer of a peer that went without reading everything is printed all the same", async () => {
  for (const type of ["seqpacket", "stream"] as const) {
    const address = ownName();
    using listener = UnixListener.listen(address, { type });
    const asking = send([address, "--data", "x", "--reply", "-v"]);
    using peer = await within(listener.accept(), "nobody came");
    // It answers before it is asked, and never reads the question.
    await peer.send("go away");
    await within(peer.ready("readable"), "no question");
    peer.close();
    const { status, out } = await asking;
    assertEquals([status, out], [0, "go away\n"]);
  }
});

claim("--timeout ends the wait for an answer, on every type of socket", async () => {
  for (const type of TYPES) {
    const address = ownName();
    using _silent = type === "dgram" ? UnixSocket.bound(address) : UnixListener.listen(address, { type });
    for (const count of ["--reply", "--reply=0"]) {
      assertFailed(
        await send([address, "--data", "x", count, "--timeout", "50ms"]),
        "ipcx send: no answer came within 50 ms; --timeout is for longer waits\n",
      );
    }
  }
});

claim("--timeout ends it also while standard input is still open", async () => {
  const address = ownName();
  using _silent = UnixListener.listen(address);
  await using process = startIpcx(["send", address, "--reply=0", "--timeout", "50ms"], { input: "open" });
  const { status, err } = await process.ended();
  assertEquals([status, err], [1, "ipcx send: no answer came within 50 ms; --timeout is for longer waits\n"]);
});

claim("an answer that is cut to --max-bytes is told, with status 1; in JSON it tells itself", async () => {
  const address = ownName();
  await using _peer = await startPeer("echo", "bind", "dgram", address);
  const ask = (...args: string[]): Promise<Result> =>
    send([address, "--data", "far too long", "--reply", "--max-bytes", "3", ...args]);
  assertEquals(await ask(), {
    status: 1,
    signal: null,
    out: "[3 of 12 bytes] FAR\n",
    err: "ipcx send: a message of 12 bytes was cut to 3: --max-bytes takes more of them\n",
  });
  const { status, out, err } = await ask("--reply-as", "json");
  const [{ data, length, truncated }] = jsonLines(out);
  assertEquals([status, data, length, truncated, err], [0, "FAR", 12, true, ""]);
});

claim("at a terminal, what is typed is sent line by line, and the peer's end ends it", async () => {
  for (const type of ["stream", "seqpacket"] as const) {
    const address = ownName();
    using listener = UnixListener.listen(address, { type });
    const option = type === "stream" ? ["--reply-as", "raw"] : ["--lines"];
    const command = [
      "python3",
      `${ROOT}tests/cli/programs/terminal.py`,
      ...IPCX,
      "send",
      address,
      "--reply=0",
      ...option,
    ];
    await using process = new Process(command, { input: "open" });
    using peer = await within(listener.accept(), "nobody came");
    await process.write("hello\n");
    assertEquals((await within(peer.receive(), "nothing came"))!.text, type === "stream" ? "hello\n" : "hello");
    await peer.send("goodbye");
    peer.close();
    const { status, out, err } = await process.ended();
    assertEquals([status, out.trimEnd(), err], [0, "goodbye", ""]);
  }
});
