import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UnixSocket } from "../../src/core/socket.ts";
import { openPath } from "../../src/core/reach.ts";
import { spawn } from "../../src/spawn/mod.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { ROOT, runProgram, within } from "../cli/program.ts";
import { outputOf, told } from "./output.ts";

const MEBIBYTE = 1 << 20;
const WRITE = 8;
const encoder = new TextEncoder();

claim("what is piped goes both ways at once, a MiB and more, and ends with a half-close", async () => {
  const child = spawn({ command: "cat", stdin: "piped", stdout: "piped" });
  const piece = new Uint8Array(64 * 1024).map((_, at) => at * 7);
  const sending = (async () => {
    const writer = child.stdin.getWriter();
    for (let sent = 0; sent < 4 * MEBIBYTE; sent += piece.length) await writer.write(piece);
    await writer.close();
  })();
  const received = new Uint8Array(await new Response(child.stdout).arrayBuffer());
  await sending;
  assertEquals(received.length, 4 * MEBIBYTE);
  assert(received.every((byte, at) => byte === piece[at % piece.length]));
  assertEquals((await child.status).code, 0);
});

claim("standard output and standard error are apart", async () => {
  const { out, err } = await outputOf({
    command: "sh",
    args: ["-c", "echo out; echo err >&2; exec >&-; echo more >&2"],
  });
  assertEquals([out, err], ["out\n", "err\nmore\n"]);
});

claim("a process that reads nothing and ends leaves a broken pipe, which the writer sees", async () => {
  const child = spawn({ command: "true", stdin: "piped" });
  const writer = child.stdin.getWriter();
  assertEquals((await child.status).code, 0);
  await within(
    assertRejects(async () => {
      for (;;) await writer.write(new Uint8Array(MEBIBYTE));
    }, Error),
    "the writer does not see it",
  );
  await assertRejects(() => writer.closed);
});

claim("a process that closes its input early breaks a write that waits", async () => {
  const child = spawn({ command: "sh", args: ["-c", "head -c 10 >/dev/null; exec <&-; read x"], stdin: "piped" });
  const writer = child.stdin.getWriter();
  await within(assertRejects(() => writer.write(new Uint8Array(8 * MEBIBYTE)), Error), "the write goes on");
  await child.status;
});

claim("output that is not wanted any more may be cancelled, and the process goes on", async () => {
  const child = spawn({ command: "sh", args: ["-c", "yes | head -c 4000000; exit 7"], stdout: "piped" });
  const reader = child.stdout.getReader();
  assertEquals((await reader.read()).value![0], "y".charCodeAt(0));
  await reader.cancel();
  assertEquals((await within(child.status, "it waits for a reader")).code, 7);
});

claim("a pipe stays open as long as anybody has it, whatever became of the process", async () => {
  const [ours, theirs] = UnixSocket.pair();
  const args = ["-c", "(read x <&3; echo later) & exit 0"];
  const child = spawn({ command: "sh", args, stdout: "piped", fds: { 3: theirs.fd.setBlocking() } });
  theirs.close();
  assertEquals((await child.status).code, 0);
  await ours.send("x\n");
  assertEquals(await new Response(child.stdout).text(), "later\n");
  ours.close();
});

claim("null is empty to read from and takes what is written", async () => {
  const script =
    'cat; echo x; echo y >&2; files=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2); echo "$files" >&3';
  const [ours, theirs] = UnixSocket.pair();
  const child = spawn({
    command: "sh",
    args: ["-c", script],
    stdin: "null",
    stdout: "null",
    stderr: "null",
    fds: { 3: theirs.fd },
  });
  theirs.close();
  assertEquals((await child.status).code, 0);
  assertEquals((await ours.receive())!.text, "/dev/null\n".repeat(3));
  ours.close();
});

claim("a descriptor can be each of the standard streams", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("out"), "");
  const [ours, theirs] = UnixSocket.pair();
  using file = openPath(directory.file("out"), WRITE);
  const child = spawn({
    command: "sh",
    args: ["-c", 'read line; echo "$line" >&2; echo done'],
    stdin: theirs.fd.setBlocking(),
    stdout: file,
    stderr: theirs.fd,
  });
  theirs.close();
  await ours.send("line\n");
  assertEquals((await ours.receive())!.text, "line\n");
  assertEquals((await child.status).code, 0);
  assertEquals(await ours.receive(), null);
  ours.close();
  assertEquals(Deno.readTextFileSync(directory.file("out")), "done\n");
});

claim("without anything said the streams are the caller's", async () => {
  const program = `${ROOT}tests/spawn/programs/inherit.ts`;
  const command = [Deno.execPath(), "run", "--quiet", "--allow-all", "--no-lock", program];
  const { status, out, err } = await runProgram(command, { input: "from the caller\n" });
  assertEquals([status, out, err], [7, "from the caller\n", "told\n"]);
});

claim("what is not piped is no stream", async () => {
  const child = spawn({ command: "true", stdin: "null", stdout: "null" });
  assertThrows(() => child.stdin, TypeError, "stdin is not piped");
  assertThrows(() => child.stdout, TypeError, "stdout is not piped");
  assertThrows(() => child.stderr, TypeError, "stderr is not piped");
  await child.status;
});

claim("lines arrive as they are written, not only at the end", async () => {
  const child = spawn({
    command: "sh",
    args: ["-c", "while read x; do echo got $x; done"],
    stdin: "piped",
    stdout: "piped",
  });
  const writer = child.stdin.getWriter();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (const word of ["one", "two", "three"]) {
    await writer.write(encoder.encode(`${word}\n`));
    assertEquals((await within(reader.read(), "no line")).value, `got ${word}\n`);
  }
  await writer.close();
  assertEquals((await reader.read()).done, true);
  assertEquals((await child.status).code, 0);
});

claim("a process is told of by its own name", async () => {
  assertEquals(await told({ command: "sh", argv0: "other name", args: ["-c", 'echo "$0"'] }), "other name");
});
