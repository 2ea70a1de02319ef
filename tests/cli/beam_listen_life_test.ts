import { assert, assertEquals } from "@std/assert";
import { Beam } from "../../src/beam/beam.ts";
import { OPEN } from "../../src/core/linux.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { openPath } from "../../src/core/reach.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { spawn } from "../../src/spawn/spawn.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { beamed, DEBUG, logged, startBeam, startListening } from "./beaming.ts";
import { IPCX, startIpcx, until, within } from "./program.ts";

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

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  claim(`${signal} ends it in order: no file is left, commands are ended, then by force`, async () => {
    using directory = new OwnDirectory();
    const at = directory.file("s");
    const script = 'trap "echo told; $BEAM_DATA" TERM; echo ready; while :; do sleep 0.02; done';
    // Whoever obeys must have had the time for it.
    const exec = ["--grace", "2s", "--exec", "sh", "-c", script];
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
