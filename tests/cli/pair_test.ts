import { assert, assertEquals, assertMatch } from "@std/assert";
import { claim, OwnDirectory } from "../claim.ts";
import { Meeting } from "./meeting.ts";
import { IPCX, ipcx, Process, runProgram, startIpcx } from "./program.ts";

function randomFile(path: string, megabytes: number): void {
  using file = Deno.openSync(path, { write: true, create: true });
  for (let at = 0; at < megabytes * 16; at++) file.writeSync(crypto.getRandomValues(new Uint8Array(65536)));
}

claim("a tar of 50 MB comes out of the other end byte for byte", async () => {
  using meeting = new Meeting();
  using directory = new OwnDirectory();
  for (const name of ["in", "out"]) Deno.mkdirSync(directory.file(name));
  randomFile(directory.file("in/data"), 50);
  const { env } = meeting;
  const send = 'set -o pipefail; tar c -C "$0" . | "$@" pair k --client';
  const take = 'set -o pipefail; "$@" pair k --server --no-stdin | tar x -C "$0"';
  const results = await Promise.all([
    runProgram(["bash", "-c", send, directory.file("in"), ...IPCX], { env }),
    runProgram(["bash", "-c", take, directory.file("out"), ...IPCX], { env }),
  ]);
  for (const { status, err } of results) assertEquals({ status, err }, { status: 0, err: "" });
  assertEquals((await runProgram(["cmp", directory.file("in/data"), directory.file("out/data")])).status, 0);
});

claim("both directions carry 20 MB at once", async () => {
  using meeting = new Meeting();
  using directory = new OwnDirectory();
  for (const name of ["a", "b"]) randomFile(directory.file(name), 20);
  const script = 'exec "$@" < "$0" > "$0.got"';
  const results = await Promise.all(
    [["a", "--client"], ["b", "--server"]].map(([name, side]) =>
      runProgram(["bash", "-c", script, directory.file(name), ...IPCX, "pair", "k", side], meeting)
    ),
  );
  for (const { status, err } of results) assertEquals({ status, err }, { status: 0, err: "" });
  for (const [sent, got] of [["a", "b.got"], ["b", "a.got"]]) {
    assertEquals((await runProgram(["cmp", directory.file(sent), directory.file(got)])).status, 0);
  }
});

claim("the end of the input is passed on, and the answer to it still comes", async () => {
  using meeting = new Meeting();
  const server = ipcx(["pair", "k", "--server", "--", "sh", "-c", "sort <&3 >&3"], meeting);
  const client = await ipcx(["pair", "k", "--client"], { ...meeting, input: "b\nc\na\n" });
  assertEquals(client, { status: 0, signal: null, out: "a\nb\nc\n", err: "" });
  assertEquals((await server).status, 0);
});

claim("--no-stdin tells the peer at once that nothing comes", async () => {
  using meeting = new Meeting();
  await using pair = startIpcx(["pair", "k", "-n"], { ...meeting, input: "open" });
  using peer = await meeting.peer("k");
  assertEquals(await peer.receive(), null);
  await peer.send("answer");
  peer.close();
  const { status, out } = await pair.ended();
  assertEquals({ status, out }, { status: 0, out: "answer" });
});

claim("a peer that is killed ends it, although the input stays open", async () => {
  using meeting = new Meeting();
  await using victim = startIpcx(["pair", "k"], { ...meeting, input: "open" });
  const through = ["sh", "-c", 'exec "$@" >&2', "sh"];
  await using pair = startIpcx(["pair", "k"], { ...meeting, input: "open", through });
  await victim.write("last words");
  await pair.says("last words");
  victim.kill("SIGKILL");
  const { status, err } = await pair.ended();
  assertEquals({ status, err }, { status: 0, err: "last words" });
});

claim("what the peer sent before it closed is put out, even if it did not take all of ours", async () => {
  using meeting = new Meeting();
  const flood = 'yes | "$@"; exit "${PIPESTATUS[1]}"';
  await using pair = new Process(["bash", "-c", flood, "bash", ...IPCX, "pair", "k"], meeting);
  using peer = await meeting.peer("k");
  await peer.receive();
  await peer.send("that is enough");
  peer.close();
  const { status, out, err } = await pair.ended();
  assertEquals({ status, out, err }, { status: 0, out: "that is enough", err: "" });
});

claim("a peer that half-closes and then goes away while it is being sent to is an end, not a crash", async () => {
  using meeting = new Meeting();
  const flood = 'yes | "$@"; exit "${PIPESTATUS[1]}"';
  await using pair = new Process(["bash", "-c", flood, "bash", ...IPCX, "pair", "k"], meeting);
  using peer = await meeting.peer("k");
  peer.shutdown("write");
  for (let megabytes = 0; megabytes < 1 << 20;) megabytes += (await peer.receive())!.data.length;
  peer.close();
  const { status, err } = await pair.ended();
  assertEquals({ status, err }, { status: 0, err: "" });
});

claim("output that nobody reads any more ends it quickly, with a status and one line", async () => {
  using meeting = new Meeting();
  const script = '"$@" | head -c 1; exit "${PIPESTATUS[0]}"';
  await using pair = new Process(["bash", "-c", script, "bash", ...IPCX, "pair", "k"], { ...meeting, input: "open" });
  using peer = await meeting.peer("k");
  const start = performance.now();
  // The peer neither reads nor stops, until it notices.
  const sending = (async () => {
    for (;;) await peer.send(new Uint8Array(65536));
  })().catch((error) => error.code);
  const { status, err } = await pair.ended();
  assert(performance.now() - start < 20_000);
  assertEquals({ status, err }, { status: 1, err: "ipcx pair: Broken pipe (os error 32)\n" });
  assertMatch(await sending, /EPIPE|ECONNRESET/);
});

claim("so it does while a peer that does not read holds up what is sent", async () => {
  using meeting = new Meeting();
  const script = 'yes | "$@" > /dev/full; exit "${PIPESTATUS[1]}"';
  await using pair = new Process(["bash", "-c", script, "bash", ...IPCX, "pair", "k"], meeting);
  using peer = await meeting.peer("k");
  await peer.send("to a full device");
  const { status, err } = await pair.ended();
  assertEquals({ status, err }, { status: 1, err: "ipcx pair: No space left on device (os error 28)\n" });
});

claim("input that cannot be read is a failure with one line", async () => {
  using meeting = new Meeting();
  await using pair = new Process(["bash", "-c", '"$@" < /', "bash", ...IPCX, "pair", "k"], meeting);
  using peer = await meeting.peer("k");
  const { status, err } = await pair.ended();
  assertEquals({ status, err }, { status: 1, err: "ipcx pair: Is a directory (os error 21)\n" });
  assertEquals(await peer.receive(), null);
});
