import { assert, assertEquals } from "@std/assert";

import { Beam } from "../../src/beam/beam.ts";
import { BeamListener } from "../../src/beam/listener.ts";
import type { BeamPairOptions } from "../../src/beam/options.ts";
import { OPEN } from "../../src/core/linux.ts";
import { openPath } from "../../src/core/reach.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { spawn } from "../../src/spawn/spawn.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { beam, connected, contents, endedWell, startBeam } from "./beaming.ts";
import { IPCX, until, within } from "./program.ts";

async function talk(a: Beam, b: Beam, path: string): Promise<void> {
  using file = openPath(path, OPEN.READ);
  await a.send("a question", file);
  using question = (await within(b.receive(), "no question"))!;
  assertEquals([question.text, question.fds.map(contents)], ["a question", ["held"]]);
  await b.send("an answer");
  assertEquals((await within(a.receive(), "no answer"))!.text, "an answer");
  a.end();
  assertEquals(await within(b.receive(), "no end"), null);
  await b.send("a last word");
  assertEquals((await within(a.receive(), "no last word"))!.text, "a last word");
  b.end();
  assertEquals(await within(a.receive(), "no end"), null);
}

const WIRES: [string[], BeamPairOptions, BeamPairOptions][] = [
  [[], {}, {}],
  [["--framed"], { framed: true }, { framed: true }],
  [["--type", "seqpacket"], { type: "seqpacket" }, { type: "seqpacket" }],
  [["--type-b", "seqpacket"], {}, { type: "seqpacket" }],
  [["--framed", "--type-b", "stream"], { framed: true }, {}],
  [["--type", "seqpacket", "--framed-b"], { type: "seqpacket" }, { framed: true }],
];

claim("copy hands on messages and descriptors both ways, the end too, from each wire to each", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("f"), "held");
  for (const [options, wireA, wireB] of WIRES) {
    const [addressA, addressB] = [ownName(), ownName()];
    using listenerA = BeamListener.listen(addressA, wireA);
    using listenerB = BeamListener.listen(addressB, wireB);
    await using process = startBeam(["copy", addressA, addressB, ...options]);
    using a = await within(listenerA.accept(), "nobody came to A");
    using b = await within(listenerB.accept(), "nobody came to B");
    await talk(a, b, directory.file("f"));
    await endedWell(process);
  }
});

claim("with --listen it listens at A, with --listen-b at B, with both at both", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("f"), "held");
  for (const options of [["--listen"], ["--listen-b"], ["--listen", "--listen-b", "--mode", "0640"]]) {
    const [addressA, addressB] = [directory.file("a"), directory.file("b")];
    const peers = (["--listen", "--listen-b"] as const).map((name, at) => {
      const address = [addressA, addressB][at];
      return options.includes(name) ? undefined : BeamListener.listen(address);
    });
    await using process = startBeam(["copy", addressA, addressB, ...options]);
    const [a, b] = await Promise.all(
      [addressA, addressB].map((address, at) => peers[at]?.accept() ?? connected(address)),
    );
    await talk(a, b, directory.file("f"));
    await endedWell(process);
    for (const one of [a, b, ...peers]) one?.close();
    assertEquals(Array.from(Deno.readDirSync(directory.path), ({ name }) => name), ["f"]);
  }
});

claim("if one side cannot be had, nobody waits for the other, and no file is left", async () => {
  using directory = new OwnDirectory();
  const { status, err } = await beam(["copy", "--listen", directory.file("a"), directory.file("b")]);
  assertEquals(status, 1);
  assert(err.startsWith(`ipcx beam: connect ${directory.file("b")}: No such file or directory (ENOENT)`), err);
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});

claim("--timeout is for both sides, and leaves no file", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("a");
  const { status, err } = await beam(["copy", "--listen", at, ownName(), "--wait", "--timeout", "200ms"]);
  assertEquals(status, 1);
  assert(/^ipcx beam: nobody (connected to|listened at) \S+ within 200 ms;/.test(err), err);
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});

claim("what the other wire cannot carry is a failure that names the message", async () => {
  const [addressA, addressB] = [ownName(), ownName()];
  using listenerA = BeamListener.listen(addressA, { framed: true });
  using listenerB = BeamListener.listen(addressB);
  await using process = startBeam(["copy", addressA, addressB, "--framed", "--type-b", "stream"]);
  using a = await within(listenerA.accept(), "nobody came to A");
  using _b = await within(listenerB.accept(), "nobody came to B");
  await a.send("fine");
  await a.send("");
  const { status, err } = await process.ended();
  assertEquals(status, 1);
  assert(err.startsWith("ipcx beam: message 2 of 0 bytes and 0 descriptors: a stream without frames carries no"), err);
});

claim("descriptors that were too many to be handed on are told without the names of the library", async () => {
  const [addressA, addressB] = [ownName(), ownName()];
  using listenerA = BeamListener.listen(addressA), listenerB = BeamListener.listen(addressB);
  await using process = startBeam(["copy", addressA, addressB]);
  using a = await within(listenerA.accept(), "nobody came to A");
  using _b = await within(listenerB.accept(), "nobody came to B");
  using socket = UnixSocket.fromFd(a.release());
  await socket.send("x", { fds: [socket.fd, socket.fd] });
  const told =
    "message 1 of 1 bytes and 1 descriptors had more of them: those above the source's limit, 1, were closed";
  assertEquals((await process.ended()).err, `ipcx beam: ${told}\n`);
});

claim("A and B may be descriptors that ipcx was started with", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("f"), "held");
  const [a, nearA] = Beam.pair();
  const [b, nearB] = Beam.pair();
  const [command, ...args] = [...IPCX, "beam", "copy", "fd:3", "fd:4"];
  const child = spawn({ command, args, fds: { 3: nearA.fd, 4: nearB.fd } });
  nearA.close();
  nearB.close();
  await talk(a, b, directory.file("f"));
  a.close();
  b.close();
  assertEquals((await child.status).code, 0);
});

claim("a signal while it listens takes its files along", async () => {
  using directory = new OwnDirectory();
  await using process = startBeam(["copy", "--listen", "--listen-b", directory.file("a"), directory.file("b")]);
  await until(() => Boolean(Deno.statSync(directory.file("b")).isSocket), "no file");
  process.kill("SIGTERM");
  assertEquals((await process.ended()).signal, "SIGTERM");
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});

claim("signals that it was started with ignored stay so, though it listens twice", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("f"), "held");
  const [addressA, addressB] = [directory.file("a"), directory.file("b")];
  const through = ["sh", "-c", 'trap "" HUP INT; exec "$@"', "sh"];
  await using process = startBeam(["copy", "--listen", "--listen-b", addressA, addressB], { through });
  await until(() => Boolean(Deno.statSync(addressA).isSocket && Deno.statSync(addressB).isSocket), "no files");
  process.kill("SIGHUP");
  process.kill("SIGINT");
  using a = await connected(addressA);
  using b = await connected(addressB);
  await talk(a, b, directory.file("f"));
  await endedWell(process);
});
