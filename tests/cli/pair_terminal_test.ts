import { assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { Meeting, textOf } from "./meeting.ts";
import { IPCX, Process, ROOT } from "./program.ts";

claim("at a terminal, what is typed is sent and the peer's end ends it", async () => {
  using meeting = new Meeting();
  const command = ["python3", `${ROOT}tests/cli/programs/terminal.py`, ...IPCX, "pair", "k"];
  await using pair = new Process(command, { ...meeting, input: "open" });
  using peer = await meeting.peer("k");
  await pair.write("hello\n");
  assertEquals((await peer.receive())!.text, "hello\n");
  await peer.send("goodbye\n");
  peer.shutdown("write");
  const { status, out, err } = await pair.ended();
  assertEquals({ status, out, err }, { status: 0, out: "goodbye\n", err: "" });
  await pair.closeInput();
});

claim("at a terminal, Ctrl-D ends what is sent, and the answer still comes", async () => {
  using meeting = new Meeting();
  const command = ["python3", `${ROOT}tests/cli/programs/terminal.py`, ...IPCX, "pair", "k"];
  await using pair = new Process(command, { ...meeting, input: "open" });
  using peer = await meeting.peer("k");
  await pair.write("question\n\x04");
  assertEquals(await textOf(peer), "question\n");
  await peer.send("answer\n");
  peer.close();
  const { status, out } = await pair.ended();
  assertEquals({ status, out }, { status: 0, out: "answer\n" });
  await pair.closeInput();
});
