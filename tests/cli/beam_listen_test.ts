import { assertEquals } from "@std/assert";
import { Beam } from "../../src/beam/beam.ts";
import { OPEN } from "../../src/core/linux.ts";
import { openPath } from "../../src/core/reach.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { beamed, DEBUG, logged, logOf, startListening } from "./beaming.ts";
import { within } from "./program.ts";

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

claim("--skip-without-fd passes over messages without a descriptor", async () => {
  const at = ownName();
  await using process = await startListening([at, "--once", "--skip-without-fd", "--framed"]);
  using peer = await Beam.connect(at, { framed: true });
  using fd = openPath("/dev/null", OPEN.READ);
  await peer.send("without");
  await peer.send("with", fd);
  assertEquals((await process.ended()).out, "with  [device /dev/null]\n");
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
  await process.says('"connection closed"');
  const [{ error, uid }] = logged(process, "connection closed");
  assertEquals([error, uid], ["it was silent for 200 ms (--timeout)", Deno.uid()]);
  assertEquals((await process.stop()).status, 0);
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
