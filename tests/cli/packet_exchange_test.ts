import { assertEquals } from "@std/assert";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { ROOT, startIpcx, within } from "./program.ts";
import {
  assertFailed,
  exchanged,
  jsonLines,
  messagesOf,
  outputOf,
  receiving,
  recv,
  send,
  sends,
  startPeer,
  startReceiver,
  TYPES,
  withSocket,
} from "./packeting.ts";

const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, at) => at);
const CONNECTED = ["seqpacket", "stream"] as const;

for (const type of TYPES) {
  claim(`${type}: what ipcx send sends is what ipcx recv prints, at a path and at an abstract name`, async () => {
    using directory = new OwnDirectory();
    for (const address of [directory.file("s"), ownName()]) {
      assertEquals(await exchanged(type, [], address, ["--data", "hello"]), "hello\n");
      assertEquals(await exchanged(type, ["--raw"], address, [], { input: "from the input" }), "from the input");
    }
    assertEquals(Array.from(Deno.readDirSync(directory.path)), [], "its file was removed");
  });

  claim(`${type}: all bytes arrive as they were sent, and are told as JSON, as digits and as text`, async () => {
    const how = { input: ALL_BYTES };
    const [json] = jsonLines(await exchanged(type, ["--json"], ownName(), [], how));
    assertEquals([json.base64, json.length], [ALL_BYTES.toBase64(), 256]);
    assertEquals(await exchanged(type, ["--hex"], ownName(), [], how), `${ALL_BYTES.toHex()}\n`);
    const text = await exchanged(type, [], ownName(), [], how);
    assertEquals([text.slice(0, 8), text.slice(-9)], ["\\x00\\x01", "\\xfe\\xff\n"]);
  });

  claim(`${type}: a peer in Python receives what ipcx send sends, with descriptors`, async () => {
    using directory = new OwnDirectory();
    Deno.writeTextFileSync(directory.file("a"), "first");
    Deno.writeTextFileSync(directory.file("b"), "second");
    const how = type === "dgram" ? "bind" : "listen";
    for (const address of [directory.file("s"), ownName()]) {
      await using peer = await startPeer("receive", how, type, address);
      const files = ["--file", directory.file("a"), "--file", directory.file("b")];
      assertEquals(await sends([address, "--data", "take these", ...files]), "");
      if (type === "dgram") assertEquals(await sends([address, "--data", "end"]), "");
      const [{ data, files: held, cut }, ...others] = await messagesOf(peer);
      assertEquals([new TextDecoder().decode(data), held, cut], ["take these", ["first", "second"], false]);
      assertEquals(others, []);
      if (address.startsWith("/")) Deno.removeSync(address);
    }
  });

  claim(`${type}: ipcx recv receives what a peer in Python sends, with descriptors`, async () => {
    using directory = new OwnDirectory();
    const file = directory.file("a");
    Deno.writeTextFileSync(file, "first");
    for (const address of [directory.file("s"), ownName()]) {
      await using receiver = await startReceiver([...receiving(type), "--json", address]);
      const input = JSON.stringify({ hex: ALL_BYTES.toHex(), files: [file, file] });
      const how = type === "dgram" ? "bind" : "connect";
      await using peer = await startPeer("send", how, type, address, { input });
      const [message] = jsonLines(await outputOf(receiver));
      const { status, out } = await peer.ended();
      assertEquals([status, out], [0, ""]);
      const described = { kind: "file", path: file, access: "read" };
      assertEquals([message.base64, message.length, message.fds], [ALL_BYTES.toBase64(), 256, [described, described]]);
    }
  });
}

for (const type of CONNECTED) {
  claim(`${type}: the one who connects can be the receiver, of ipcx and of Python`, async () => {
    const address = ownName();
    await using sender = startIpcx(["send", "--listen", "--type", type, address, "--data", "here it is"]);
    const received = await recv([address, "--wait"]);
    assertEquals([received.status, received.out], [0, "here it is\n"]);
    assertEquals(await outputOf(sender), "");

    await using again = startIpcx([
      "send",
      "-v",
      "--listen",
      "--type",
      type,
      address,
      "--data",
      "x",
      "--file",
      `${ROOT}LICENSE`,
    ]);
    await again.says("listening at");
    await using peer = await startPeer("receive", "connect", type, address);
    const [message] = await messagesOf(peer);
    assertEquals([new TextDecoder().decode(message.data), message.files], ["x", [
      Deno.readTextFileSync(`${ROOT}LICENSE`),
    ]]);
    assertEquals(await outputOf(again), "");
  });

  claim(`${type}: ipcx recv connects to a peer in Python that sends`, async () => {
    const address = ownName();
    await using peer = await startPeer("send", "listen", type, address, { input: '{"hex":"6869"}\n' });
    const { status, out, err } = await recv([address]);
    assertEquals([status, out, err], [0, "hi\n", ""]);
    assertEquals((await peer.ended()).status, 0);
  });
}

claim("packets and datagrams of 200 KB arrive whole; over a stream goes what has no end to speak of", async () => {
  using directory = new OwnDirectory();
  const large = directory.file("large");
  const bytes = new Uint8Array(200_000).map((_, at) => at * 7);
  Deno.writeFileSync(large, bytes);
  for (const type of ["seqpacket", "dgram"] as const) {
    const [json] = jsonLines(await exchanged(type, ["--json"], ownName(), ["--data-file", large]));
    assertEquals([json.length, json.truncated, json.base64], [200_000, undefined, bytes.toBase64()]);
    const how = type === "dgram" ? "bind" : "listen";
    const address = ownName();
    await using peer = await startPeer("receive", how, type, address);
    await sends([address, "--data-file", large]);
    if (type === "dgram") await sends([address, "--data", "end"]);
    assertEquals((await messagesOf(peer)).map(({ data, cut }) => [data, cut]), [[bytes, false]]);
  }
  const longer = new Uint8Array(5_000_000).map((_, at) => at * 13);
  const address = ownName();
  await using sink = await startReceiver(["--listen", "--type", "stream", "--hex", address]);
  await sends([address], { input: longer });
  assertEquals(Uint8Array.fromHex((await outputOf(sink)).replaceAll("\n", "")), longer);
});

claim("an empty packet or datagram is one, and no end", async () => {
  for (const type of ["seqpacket", "dgram"] as const) {
    const count = ["--count", "3"];
    const lines = ["--lines"];
    const out = await exchanged(type, [...count, "--json"], ownName(), lines, { input: "one\n\nthree\n" });
    assertEquals(jsonLines(out).map(({ data, length }) => [data, length]), [["one", 3], ["", 0], ["three", 5]]);
    assertEquals(await exchanged(type, [], ownName(), ["--data", ""]), "\n");
    assertEquals(await exchanged(type, [], ownName(), [], { input: "" }), "\n");
    // A descriptor needs no byte to carry it.
    assertEquals(
      await exchanged(type, [], ownName(), ["--data", "", "--file", "/dev/null"]),
      "[device /dev/null]\n",
    );
  }
  const address = ownName();
  await using receiver = await startReceiver(["--listen", address]);
  await using peer = await startPeer("send", "connect", "seqpacket", address, { input: "" });
  await peer.ended();
  const { status, out, err } = await receiver.ended();
  assertEquals([status, out], [1, ""]);
  assertEquals(err.endsWith("ipcx recv: the connection ended, and no message had come\n"), true, err);
});

claim("a stream carries no empty message, and says so", async () => {
  for (const [args, how] of [[["--data", ""], {}], [[], { input: "" }], [["--data", "", "--fd", "0"], {}]] as const) {
    const address = ownName();
    await using receiver = await startReceiver(["--listen", "--type", "stream", address]);
    const { status, err } = await send([address, ...args], how);
    const name = args[0] ?? "standard input";
    assertEquals(status, 1);
    assertEquals(err.startsWith(`ipcx send: ${name} is empty: a stream carries no empty message`), true, err);
    await receiver.ended();
  }
});

claim("fd:N is a socket that ipcx was started with, of any type", async () => {
  for (const type of TYPES) {
    const [ours, theirs] = UnixSocket.pair(type);
    const sent = await withSocket(theirs.fd, [
      "send",
      "fd:3",
      "--data",
      "out",
      "--file",
      "/dev/null",
      "--type",
      "stream",
    ]);
    assertEquals([sent.status, sent.err], [0, ""]);
    using message = (await ours.receive())!;
    assertEquals([message.text, message.fds.length], ["out", 1]);
    await ours.send("in");
    const received = await withSocket(theirs.fd, ["recv", "fd:3", "--count", "1"]);
    assertEquals([received.status, received.out, received.err], [0, "in\n", ""]);
    ours.close();
    theirs.close();
  }
});

claim("from fd:N no more is taken than was asked for, and --peek leaves what it shows", async () => {
  for (const type of ["seqpacket", "dgram"] as const) {
    const [ours, theirs] = UnixSocket.pair(type);
    for (const text of ["one", "two", "three"]) await ours.send(text, { fds: [ours.fd] });
    const cases: [string[], string][] = [
      [["--peek", "--hex"], "6f6e65\n"],
      [["--peek", "--raw"], "one"],
      [[], "one\n"],
      [["--count", "2", "--raw"], "twothree"],
    ];
    for (const [args, wanted] of cases) {
      const { status, out, err } = await withSocket(theirs.fd, ["recv", "fd:3", ...args]);
      assertEquals([status, out.replace(`[unix ${type} socket] `, ""), err], [0, wanted, ""]);
    }
    assertEquals(theirs.tryReceive(), undefined);
    ours.close();
    theirs.close();
  }
});

claim("--urgent sends a byte ahead of all others, which --urgent takes in its place", async () => {
  const address = ownName();
  using listener = UnixListener.listen(address);
  const sending = sends([address, "--data", "before", "--urgent", "!"]);
  using peer = await within(listener.accept(), "nobody came");
  assertEquals(await within(peer.receiveUrgent(), "nothing urgent"), "!".charCodeAt(0));
  assertEquals((await peer.receive())!.text, "before");
  assertEquals(await sending, "");

  const args = ["--data", "before", "--urgent", "\\xff"];
  assertEquals(await exchanged("stream", ["--urgent", "--hex"], ownName(), args), "6265666f7265\nff\n");
  assertEquals(await exchanged("stream", ["--hex"], ownName(), args), "6265666f7265\n");
  const packets = ownName();
  await using receiver = await startReceiver(["--listen", packets]);
  assertFailed(
    await send([packets, "--data", "x", "--urgent", "!"]),
    `--urgent is for streams, and ${packets} is none`,
  );
  assertEquals(await outputOf(receiver), "x\n");
  using other = UnixListener.listen(ownName(), { type: "seqpacket" });
  assertFailed(await recv([`${other.address}`, "--urgent"]), "--urgent is for streams, and");
});
