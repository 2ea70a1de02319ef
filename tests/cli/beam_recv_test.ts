import { assert, assertEquals } from "@std/assert";
import { Beam } from "../../src/beam/beam.ts";
import { BeamListener } from "../../src/beam/listener.ts";
import type { Fd } from "../../src/core/fd.ts";
import { OPEN } from "../../src/core/linux.ts";
import { openPath } from "../../src/core/reach.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { spawn } from "../../src/spawn/spawn.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { beam, connected, endedWell, startBeam } from "./beaming.ts";
import { IPCX, runProgram, until, within } from "./program.ts";

/** Sends messages to one `ipcx beam recv --listen`, and tells what it prints. */
async function received(
  args: readonly string[],
  send: (beam: Beam) => Promise<unknown>,
  options: { framed?: boolean; type?: "stream" | "seqpacket" } = {},
): Promise<string> {
  const address = ownName();
  const wire = [...(options.framed ? ["--framed"] : []), ...(options.type ? ["--type", options.type] : [])];
  await using process = startBeam(["recv", "--listen", address, ...wire, ...args]);
  using beam = await connected(address, options);
  await send(beam);
  beam.end();
  return await endedWell(process);
}

function opened(path: string): Fd {
  return openPath(path, OPEN.READ);
}

claim("a message is printed as a line: what is no plain text as \\xHH, then what its descriptor is", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("a\nb");
  Deno.writeTextFileSync(file, "");
  using fd = opened(file);
  assertEquals(await received([], (beam) => beam.send("hello")), "hello\n");
  assertEquals(await received([], (beam) => beam.send("ä\\\n\x1b[0m\u202e")), "ä\\\\\\x0a\\x1b[0m\\xe2\\x80\\xae\n");
  assertEquals(await received([], (beam) => beam.send(new Uint8Array([0x61, 0xff, 0]))), "a\\xff\\x00\n");
  assertEquals(await received([], (beam) => beam.send("x", fd)), `x  [file ${directory.path}/a\\x0ab]\n`);
  assertEquals(await received([], (beam) => beam.send(""), { framed: true }), "\n");
});

claim("with --json it is a line of JSON, with what its descriptors are and who the peer is", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("f"), "");
  using stack = new DisposableStack();
  const [socket, other] = UnixSocket.pair("seqpacket");
  const listener = UnixListener.listen(ownName());
  for (const one of [socket, other, listener]) stack.use(one);
  const fds = [
    stack.use(opened(directory.file("f"))),
    stack.use(openPath(directory.path)),
    stack.use(openPath("/dev/null", OPEN.WRITE)),
    socket.fd,
    listener.fd,
  ];
  const line = await received(["--json"], (beam) => beam.send("ä\u202e\u{e0001}", fds), { framed: true });
  assert(line.includes("\\u202e\\udb40\\udc01"), line);
  assertEquals(JSON.parse(line), {
    data: "ä\u202e\u{e0001}",
    fds: [
      { kind: "file", path: directory.file("f"), access: "read" },
      { kind: "directory", path: directory.path, access: "none" },
      { kind: "device", path: "/dev/null", access: "write" },
      { kind: "socket", family: "unix", type: "seqpacket", access: "both" },
      { kind: "socket", family: "unix", type: "stream", listens: true, access: "both" },
    ],
    pid: Deno.pid,
    uid: Deno.uid(),
    gid: Deno.gid(),
  });
  const bytes = JSON.parse(await received(["--json"], (beam) => beam.send(new Uint8Array([0, 0xff]))));
  assertEquals([bytes.base64, bytes.data, bytes.fds], ["AP8=", undefined, []]);
});

claim("what --json prints of a payload can be sent with --json again", async () => {
  const address = ownName();
  await using process = startBeam(["recv", "--listen", address, "--json", "--framed", "--count", "0"]);
  using first = await connected(address, { framed: true });
  for (const payload of ["one", "", "\0\u2028\ud83d\ude00", new Uint8Array([0xff])]) await first.send(payload);
  first.end();
  const lines = (await endedWell(process)).trimEnd().split("\n");
  const again = lines.map((line) => (({ data, base64 }) => JSON.stringify({ data, base64 }))(JSON.parse(line)));
  using listener = BeamListener.listen(address, { framed: true });
  const sending = beam(["send", address, "--framed", "--json"], { input: again.join("\n") });
  using peer = await within(listener.accept(), "nobody came");
  const texts = (await Array.fromAsync(peer)).map(({ data }) => [...data]);
  assertEquals(texts.map((bytes) => bytes.length), [3, 0, 8, 1]);
  assertEquals((await sending).status, 0);
});

claim("--count takes so many messages, 0 all until the end; too few are a failure", async () => {
  const send = async (beam: Beam): Promise<void> => {
    for (const text of ["one", "two", "three"]) await beam.send(text);
  };
  const packets = { type: "seqpacket" } as const;
  assertEquals(await received(["--count", "2"], send, packets), "one\ntwo\n");
  assertEquals(await received(["--count", "0"], send, packets), "one\ntwo\nthree\n");
  assertEquals(await received(["--count", "0"], () => Promise.resolve()), "");
  for (
    const [count, message] of [
      ["4", "the connection ended after 3 of 4 messages"],
      ["1", "the connection ended, and no message had come"],
    ]
  ) {
    const address = ownName();
    await using process = startBeam(["recv", "--listen", address, "--type", "seqpacket", "--count", count]);
    using beam = await connected(address, packets);
    if (count === "4") await send(beam);
    beam.close();
    const { status, err } = await process.ended();
    assertEquals([status, err], [1, `ipcx beam: ${message}\n`]);
  }
});

claim("glued messages come as one line, those with a descriptor one by one", async () => {
  const address = ownName();
  using listener = BeamListener.listen(address);
  const ended = beam(["recv", address, "--count", "0"]);
  using peer = await within(listener.accept(), "nobody came");
  using fd = opened("/dev/null");
  for (const [text, along] of [["a", fd], ["b", fd], ["c", undefined], ["d", fd]] as const) {
    await peer.send(text, along);
  }
  peer.close();
  const { out } = await ended;
  const nulls = "  [device /dev/null]";
  assert([`a${nulls}\nb${nulls}\ncd${nulls}\n`, `a${nulls}\nb${nulls}\nc\nd${nulls}\n`].includes(out), out);
});

claim("descriptors beyond those that a wire has are closed, and that is told", async () => {
  using fd = opened("/dev/null");
  const three = async (beam: Beam): Promise<void> => {
    const socket = UnixSocket.fromFd(beam.release());
    await socket.send("x", { fds: [fd, fd, fd] });
    socket.close();
  };
  for (const [options, wanted] of [[[], "x  [device /dev/null, others were closed]\n"], [["--json"], ""]] as const) {
    const address = ownName();
    await using process = startBeam(["recv", "--listen", address, ...options]);
    await three(await connected(address));
    const out = await endedWell(process);
    if (wanted) assertEquals(out, wanted);
    else assertEquals([JSON.parse(out).fds.length, JSON.parse(out).surplusClosed], [1, true]);
  }
});

claim("--skip-without-fd passes over messages without a descriptor, as Docker's beam does", async () => {
  using fd = opened("/dev/null");
  const send = async (beam: Beam): Promise<void> => {
    await beam.send("without");
    await beam.send("with", fd);
  };
  assertEquals(await received(["--skip-without-fd"], send, { framed: true }), "with  [device /dev/null]\n");
});

claim("a message above --max-bytes is a failure that says so", async () => {
  for (const [wire, options] of [[[], {}], [["--framed"], { framed: true }]] as const) {
    const address = ownName();
    await using process = startBeam(["recv", "--listen", address, "--max-bytes", "3", ...wire]);
    using beam = await connected(address, options);
    await beam.send("four");
    const { status, out, err } = await process.ended();
    assertEquals([status, out], [1, ""]);
    assert(/^ipcx beam: (more than 3 bytes arrived at once|a message of 4 bytes; --max-bytes is 3)/.test(err), err);
    assert(!err.includes("maxBytes"), err);
  }
});

claim("--timeout gives up a message that does not come", async () => {
  const address = ownName();
  using listener = BeamListener.listen(address);
  const ended = beam(["recv", address, "--timeout", "100ms"]);
  using _silent = await within(listener.accept(), "nobody came");
  const { status, err } = await ended;
  assertEquals([status, err], [1, "ipcx beam: no message came within 100 ms; --timeout is for longer waits\n"]);
});

claim("--to-stdout copies what the descriptor holds: a file from where it stands, a pipe, a socket", async () => {
  using directory = new OwnDirectory();
  const large = "0123456789".repeat(100_000);
  Deno.writeTextFileSync(directory.file("f"), large);
  {
    using fd = opened(directory.file("f"));
    assertEquals(await received(["--to-stdout"], (beam) => beam.send("x", fd)), large);
    // It is one open file, wherever it is read.
    assertEquals(await received(["--to-stdout"], (beam) => beam.send("x", fd)), "");
  }
  for (const type of ["stream", "seqpacket"] as const) {
    const out = await received(["--to-stdout"], async (beam) => {
      const [near, far] = UnixSocket.pair(type);
      await beam.send("x", far.fd);
      far.close();
      await near.send("through a ");
      await near.send("socket");
      near.close();
    });
    assertEquals(out, "through a socket");
  }
});

claim("--to-stdout of a pipe waits for all that is written, though the pipe itself does not wait", async () => {
  const address = ownName();
  await using process = startBeam(["recv", "--listen", address, "--to-stdout"]);
  const script = "import os,socket,sys,time\n" +
    "r,w=os.pipe(); os.set_blocking(r,False)\n" +
    "s=socket.socket(socket.AF_UNIX); s.connect('\\0'+sys.argv[1])\n" +
    "socket.send_fds(s,[b'x'],[r]); s.close()\n" +
    "os.write(w,b'one'); time.sleep(0.2); os.write(w,b'two')\n";
  await until(() => Deno.readTextFileSync("/proc/net/unix").includes(address), "nobody listens");
  assertEquals((await runProgram(["python3", "-c", script, address.slice(1)])).status, 0);
  assertEquals(await endedWell(process), "onetwo");
});

claim("--to-stdout of what cannot be read, or of no descriptor, is a failure", async () => {
  const cases: [(beam: Beam) => Promise<void>, string][] = [
    [(beam) => beam.send("x"), "the message has no descriptor whose contents could go to standard output"],
    [async (beam) => {
      using fd = openPath("/dev/null", OPEN.WRITE);
      await beam.send("x", fd);
    }, "the descriptor cannot be read: read: Bad file descriptor (EBADF)"],
    [async (beam) => {
      using fd = openPath("/tmp", OPEN.READ);
      await beam.send("x", fd);
    }, "the descriptor cannot be read: read: Is a directory (EISDIR)"],
    [async (beam) => {
      using listener = UnixListener.listen(ownName());
      await beam.send("x", listener.fd);
    }, "the descriptor cannot be read: read: Invalid argument (EINVAL)"],
  ];
  for (const [send, message] of cases) {
    const address = ownName();
    await using process = startBeam(["recv", "--listen", address, "--to-stdout"]);
    using beam = await connected(address);
    await send(beam);
    const { status, out, err } = await process.ended();
    assertEquals([status, out, err], [1, "", `ipcx beam: ${message}\n`]);
  }
});

claim("standard output that nobody reads is a failure", async () => {
  const address = ownName();
  using listener = BeamListener.listen(address);
  const script = '"$@" | true; echo ${PIPESTATUS[0]}';
  const ended = runProgram(["bash", "-c", script, "bash", ...IPCX, "beam", "recv", address, "--to-stdout"]);
  using peer = await within(listener.accept(), "nobody came");
  using zeros = opened("/dev/zero");
  await peer.send("x", zeros);
  const { out, err } = await ended;
  assertEquals(out, "1\n");
  assert(err.startsWith("ipcx beam: standard output: Broken pipe"), err);
});

claim("from fd:N it takes no more than it was asked for: the next one misses nothing", async () => {
  for (const options of [{}, { framed: true }, { type: "seqpacket" as const }]) {
    const [ours, theirs] = Beam.pair(options);
    using fd = opened("/dev/null");
    for (const text of ["one", "two", "three"]) await ours.send(text, fd);
    ours.end();
    const wire = options.framed ? ["--framed"] : [];
    const child = spawn({
      command: "sh",
      args: ["-c", '"$@"; "$@" --count 0', "sh", ...IPCX, "beam", "recv", "fd:3", ...wire],
      fds: { 3: theirs.fd },
      stdout: "piped",
    });
    theirs.close();
    const out = await new Response(child.stdout).text();
    assertEquals(out.replaceAll("  [device /dev/null]", ""), "one\ntwo\nthree\n", JSON.stringify(options));
    assertEquals((await child.status).success, true);
    ours.close();
  }
});

claim(
  "large payloads from fd:N come through memory that one receiver has: the next one is told that it lacks it",
  async () => {
    const [ours, theirs] = Beam.pair({ framed: true });
    const child = spawn({
      command: "sh",
      args: ["-c", '"$@" | wc -c; "$@"', "sh", ...IPCX, "beam", "recv", "fd:3", "--framed"],
      fds: { 3: theirs.fd },
      stdout: "piped",
      stderr: "piped",
    });
    theirs.close();
    for (let at = 0; at < 2; at++) await ours.send("x".repeat(100_000));
    ours.end();
    assertEquals(await new Response(child.stdout).text(), "100001\n");
    const err = await new Response(child.stderr).text();
    assertEquals(err, "ipcx beam: a payload in shared memory, of which there is none\n");
    assertEquals((await child.status).code, 1);
    ours.close();
  },
);

claim("a file that its reader may not open is read by it all the same", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("secret");
  Deno.writeTextFileSync(file, "between us\n", { mode: 0o600 });
  const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  assertEquals((await runProgram(["cat", file], { through: nobody })).status, 1);

  const address = ownName();
  await using process = startBeam(["recv", "--listen", address, "--to-stdout"], { through: nobody });
  assertEquals((await beam(["send", address, "--wait", "--data", "x", "--file", file])).err, "");
  assertEquals(await endedWell(process), "between us\n");
}, { skip: NEEDS_ROOT || unreachable() });

/** Why another user cannot run the program from here. */
function unreachable(): string | false {
  const args = ["--reuid=65534", "--regid=65534", "--clear-groups", Deno.execPath(), "--version"];
  const { success } = new Deno.Command("setpriv", { args, stdout: "null", stderr: "null" }).outputSync();
  return success ? false : "the runtime is in a directory of root's";
}
