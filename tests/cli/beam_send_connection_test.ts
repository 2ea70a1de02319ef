import { assert, assertEquals } from "@std/assert";
import { Beam } from "../../src/beam/beam.ts";
import { BeamListener } from "../../src/beam/listener.ts";
import { spawn } from "../../src/spawn/spawn.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { beam, connected, endedWell, startBeam } from "./beaming.ts";
import { IPCX, until, within } from "./program.ts";

claim("nobody there is a failure, unless --wait is given", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("s");
  const { status, err } = await beam(["send", at, "--data", "x"]);
  assertEquals(status, 1);
  assert(err.startsWith(`ipcx beam: connect ${at}: No such file or directory (ENOENT); there is no such socket`), err);

  for (const address of [at, ownName()]) {
    await using process = startBeam(["send", address, "--wait", "--data", "x"]);
    // It has looked at least once when its runtime is up; that it has is not to be seen from outside.
    await until(() => Deno.readTextFileSync(`/proc/${process.child.pid}/stat`).includes(" S "), "it does not wait");
    using listener = BeamListener.listen(address);
    using peer = await within(listener.accept(), "nobody came");
    assertEquals((await peer.receive())!.text, "x");
    await endedWell(process);
  }
});

claim("--timeout ends every wait with status 1 and what was waited for", async () => {
  const at = ownName();
  for (
    const [args, message] of [
      [["--wait"], `nobody listened at ${at}`],
      [["--listen"], `nobody connected to ${at}`],
    ] as const
  ) {
    const { status, err } = await beam(["send", at, "--data", "x", "--timeout", "150ms", ...args]);
    assertEquals([status, err], [1, `ipcx beam: ${message} within 150 ms; --timeout is for longer waits\n`]);
  }
  using listener = BeamListener.listen(at, { framed: true });
  const ended = beam(["send", at, "--framed", "--data-file", "-", "-t", "0.3"], { input: new Uint8Array(9_000_000) });
  using _silent = await within(listener.accept(), "nobody came");
  const { status, err } = await ended;
  assertEquals([status, err], [1, "ipcx beam: the peer took nothing within 300 ms; --timeout is for longer waits\n"]);
});

claim("--listen sends to the one who connects; its file has the mode that was asked for, and is removed", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("s");
  for (const [option, mode] of [[[], 0o600], [["--mode", "0660"], 0o660]] as const) {
    await using process = startBeam(["send", "--listen", at, "--data", "x", ...option]);
    await until(() => (Deno.statSync(at).mode! & 0o777) === mode, "no file of that mode");
    using peer = await connected(at);
    assertEquals((await within(peer.receive(), "no message"))!.text, "x");
    await endedWell(process);
    assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
  }
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  claim(`${signal} while it listens ends it as a signal does, and takes its file along`, async () => {
    using directory = new OwnDirectory();
    await using process = startBeam(["send", "--listen", directory.file("s"), "--data", "x"]);
    await until(() => Boolean(Deno.statSync(directory.file("s")).isSocket), "no file");
    process.kill(signal);
    const { signal: ending } = await process.ended();
    assertEquals(ending, signal);
    assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
  });
}

claim("a signal that it was started with ignored stays so while it listens", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("s");
  const through = ["sh", "-c", 'trap "" HUP INT; exec "$@"', "sh"];
  await using process = startBeam(["send", "--listen", at, "--data", "x"], { through });
  await until(() => Boolean(Deno.statSync(at).isSocket), "no file");
  process.kill("SIGHUP");
  process.kill("SIGINT");
  using peer = await connected(at);
  assertEquals((await within(peer.receive(), "no message"))!.text, "x");
  await endedWell(process);
});

claim("fd:N is a connection that ipcx was started with; several can use it one after the other", async () => {
  for (const type of ["stream", "seqpacket"] as const) {
    const [ours, theirs] = Beam.pair({ type });
    const script = '"$@" --data one --file /dev/null; "$@" --data two';
    const args = ["-c", script, "sh", ...IPCX, "beam", "send", "fd:3"];
    const child = spawn({ command: "sh", args, fds: { 3: theirs.fd } });
    theirs.close();
    const messages = await within(Array.fromAsync(ours), "no end");
    assertEquals(messages.map(({ text, fds }) => [text, fds.length]), [["one", 1], ["two", 0]]);
    for (const message of messages) message[Symbol.dispose]();
    ours.close();
    assertEquals((await child.status).success, true);
  }
});

claim("of fd:N its own type counts, whatever --type says: packets may be empty, and large", async () => {
  using directory = new OwnDirectory();
  Deno.writeFileSync(directory.file("large"), new Uint8Array(5000));
  const [ours, theirs] = Beam.pair({ type: "seqpacket" });
  const script = '"$@" --data ""; "$@" --type stream --data-file "$LARGE" --file /dev/null --file /dev/null';
  const child = spawn({
    command: "sh",
    args: ["-c", script, "sh", ...IPCX, "beam", "send", "fd:3"],
    env: { LARGE: directory.file("large") },
    fds: { 3: theirs.fd },
  });
  theirs.close();
  const messages = await within(Array.fromAsync(ours), "no end");
  assertEquals(messages.map(({ data, fds }) => [data.length, fds.length]), [[0, 0], [5000, 2]]);
  for (const message of messages) message[Symbol.dispose]();
  ours.close();
  assertEquals((await child.status).success, true);
});

claim("a descriptor that is no Unix socket, or is not open, is told", async () => {
  const { status, err } = await beam(["send", "fd:0", "--data", "x"]);
  assertEquals(status, 1);
  assertEquals(err, "ipcx beam: fd:0 is no Unix socket (ENOTSOCK): pass one, such as ipcx pair and ipcx spawn do\n");
  const closed = await beam(["send", "fd:77", "--data", "x"]);
  assertEquals([closed.status, closed.err], [1, "ipcx beam: fcntl fd:77: Bad file descriptor (EBADF)\n"]);
});

claim("a listener of another type, and a peer that is gone, are told", async () => {
  const address = ownName();
  using listener = BeamListener.listen(address);
  const { status, err } = await beam(["send", address, "--type", "seqpacket", "--data", "x"]);
  assertEquals(status, 1);
  // Abstract names are separate for each type.
  assert(err.startsWith(`ipcx beam: connect ${address}: Connection refused (ECONNREFUSED)`), err);
  const input = "open";
  await using process = startBeam(["send", address, "--json"], { input });
  (await within(listener.accept(), "nobody came")).close();
  await process.write('{"data":"x"}\n');
  const gone = await process.ended();
  assertEquals(gone.status, 1);
  assert(gone.err.startsWith("ipcx beam: line 1 of standard input: sendmsg: Broken pipe (EPIPE)"), gone.err);
});
