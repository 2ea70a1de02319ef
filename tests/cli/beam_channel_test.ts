import { assert, assertEquals } from "@std/assert";
import { Beam } from "../../src/beam/beam.ts";
import { BeamListener } from "../../src/beam/listener.ts";
import type { BeamPairOptions } from "../../src/beam/options.ts";
import type { Fd } from "../../src/core/fd.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { OPEN } from "../../src/core/linux.ts";
import { openPath } from "../../src/core/reach.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { beam, beamed, endedWell, startBeam } from "./beaming.ts";
import { type Process, type ProcessOptions, within } from "./program.ts";

/** Starts `ipcx beam pipe` or `call`, and takes the message with the channel's other end. */
async function opened(
  args: readonly string[],
  wire: BeamPairOptions = {},
  how: ProcessOptions = {},
): Promise<{ process: Process; text: string; fd: Fd }> {
  const address = ownName();
  using listener = BeamListener.listen(address, wire);
  const [verb, ...rest] = args;
  const process = startBeam([verb, address, ...rest], how);
  using peer = await within(listener.accept(), "nobody came");
  using message = await within(peer.receive(), "no message");
  assertEquals(message!.fds.length, 1);
  return { process, text: message!.text, fd: message!.takeFd()! };
}

async function textOf(socket: UnixSocket): Promise<string> {
  let text = "";
  for await (const message of socket) text += message.text;
  return text;
}

const WIRES: [string[], BeamPairOptions][] = [
  [[], {}],
  [["--framed"], { framed: true }],
  [["--type", "seqpacket"], { type: "seqpacket" }],
];

claim("pipe sends one end of a new connection for bytes, and joins the other to its input and output", async () => {
  for (const [options, wire] of WIRES) {
    const { process, text, fd } = await opened(["pipe", "--data", "sql", ...options], wire, { input: "a question" });
    using channel = UnixSocket.fromFd(fd);
    assertEquals([text, channel.type], ["sql", "stream"]);
    assertEquals(await within(textOf(channel), "no end of the input"), "a question");
    await channel.send("an answer, after the end of the question");
    channel.close();
    assertEquals(await endedWell(process), "an answer, after the end of the question");
  }
});

claim("pipe --no-stdin sends nothing, whatever is there to read", async () => {
  for (const option of ["--no-stdin", "-n"]) {
    const { process, fd } = await opened(["pipe", "-d", "x", option], {}, { input: "not this" });
    using channel = UnixSocket.fromFd(fd);
    assertEquals(await within(textOf(channel), "no end"), "");
    await channel.send("bye");
    channel.close();
    assertEquals(await endedWell(process), "bye");
  }
});

claim("with --no-stdin the payload of pipe may come from standard input", async () => {
  const { process, text, fd } = await opened(["pipe", "-n", "--data-file", "-"], {}, { input: "key" });
  fd.close();
  assertEquals([text, await endedWell(process)], ["key", ""]);
});

claim("a peer that takes no more ends pipe, though its input goes on", async () => {
  const { process, fd } = await opened(["pipe", "--data", "x"], {}, { input: "open" });
  fd.close();
  assertEquals(await endedWell(process), "");
  await process.closeInput();
});

claim("call prints the bytes that come back, and has nothing to say itself", async () => {
  for (const [options, wire] of WIRES) {
    const { process, text, fd } = await opened(["call", "--data", "name", ...options], wire, { input: "not this" });
    using channel = UnixSocket.fromFd(fd);
    assertEquals([text, channel.type, await textOf(channel)], ["name", "stream", ""]);
    await channel.send("one ");
    await channel.send(new TextEncoder().encode("two\n"));
    channel.close();
    assertEquals(await endedWell(process), "one two\n");
  }
});

claim("call --json prints the messages that come back, with what their descriptors are", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("f"), "");
  for (const [options, wire] of WIRES) {
    const { process, fd } = await opened(["call", "--json", "--data", "x", ...options], wire);
    using channel = Beam.fromFd(fd, wire);
    assertEquals(channel.type, wire.type ?? "stream");
    assertEquals(await channel.receive(), null);
    using file = openPath(directory.file("f"), OPEN.READ);
    await channel.send("one", file);
    await channel.send("two", file);
    channel.close();
    const lines = (await endedWell(process)).trimEnd().split("\n").map((line) => JSON.parse(line));
    const fds = [{ kind: "file", path: directory.file("f"), access: "read" }];
    const peer = { pid: Deno.pid, uid: Deno.uid(), gid: Deno.gid() };
    assertEquals(lines, [{ data: "one", fds, ...peer }, { data: "two", fds, ...peer }]);
  }
});

claim("a peer that does not take the channel ends call and pipe without a word", async () => {
  for (const verb of ["call", "pipe"]) {
    const address = ownName();
    using listener = BeamListener.listen(address);
    const process = startBeam([verb, address, "--data", "x"], { input: "" });
    (await within(listener.accept(), "nobody came")).close();
    const { status, out } = await process.ended();
    assertEquals(out, "");
    // Whether the message was sent by then decides the status.
    assert(status === 0 || process.err.includes("EPIPE"), process.err);
  }
});

claim("--timeout gives up an answer that stays away", async () => {
  const { process, fd } = await opened(["call", "--data", "x", "--timeout", "150ms"]);
  const { status, err } = await process.ended();
  fd.close();
  const message = "no more of the answer came within 150 ms; --timeout is for longer waits";
  assertEquals([status, err], [1, `ipcx beam: ${message}\n`]);
});

claim("call and pipe can listen, too, and the other side be ipcx as well", async () => {
  for (const verb of ["call", "pipe"]) {
    const address = ownName();
    await using process = startBeam([verb, "--listen", address, "--data", "world"], { input: "" });
    const script = 'echo "hello $BEAM_DATA"';
    assertEquals(await beamed(["recv", address, "--wait", "--exec", "sh", "-c", script]), "");
    assertEquals(await endedWell(process), "hello world\n");
  }
});

claim("recv --to-stdout has what pipe is given to read", async () => {
  const address = ownName();
  await using process = startBeam(["recv", "--listen", address, "--to-stdout"]);
  const { status } = await beam(["pipe", address, "--wait", "--data", "x"], { input: "through and through" });
  assertEquals([status, await endedWell(process)], [0, "through and through"]);
});
