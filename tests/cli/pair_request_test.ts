import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Broker } from "../../src/broker/broker.ts";
import { requestPair } from "../../src/broker/request_pair.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { claim, ownName } from "../claim.ts";
import { Meeting, textOf } from "./meeting.ts";
import { ipcx, startIpcx, within } from "./program.ts";

claim("--timeout gives up with status 1 and says whom it waited for", async () => {
  using meeting = new Meeting();
  const start = performance.now();
  const { status, out, err } = await ipcx(["pair", "lonely", "--timeout", "200ms"], meeting);
  assertEquals({ status, out }, { status: 1, out: "" });
  assertEquals(err, "ipcx pair: nobody else asked for 'lonely' in time\n");
  assert(performance.now() - start >= 200);
});

claim("--timeout 0 is for ever, and a peer in time makes it pass unnoticed", async () => {
  using meeting = new Meeting();
  for (const timeout of ["0", "10"]) {
    await using pair = startIpcx(["pair", "k", "-t", timeout], { ...meeting, input: "x" });
    using peer = await meeting.peer("k");
    assertEquals(await textOf(peer), "x");
    peer.close();
    assertEquals((await pair.ended()).status, 0);
  }
});

claim("a broker that refuses is a failure that says where to look", async () => {
  const address = ownName();
  using broker = new Broker({ limits: { pairTimeout: 20 } });
  broker.listen(UnixListener.listen(address));
  const { status, err } = await ipcx(["pair", "k", "-s", address]);
  assertEquals(status, 1);
  assertStringIncludes(err, "ipcx pair: the broker closed the connection without giving a socket; its log says why\n");
});

claim("in a key \\xHH stands for any byte", async () => {
  using meeting = new Meeting();
  await using pair = startIpcx(["pair", "a\\x00\\xff\\\\é"], { ...meeting, input: "x" });
  const key = new Uint8Array([0x61, 0, 0xff, 0x5c, 0xc3, 0xa9]);
  using peer = await within(requestPair({ address: meeting.address, key }), "no peer");
  assertEquals(await textOf(peer), "x");
  peer.close();
  assertEquals((await pair.ended()).status, 0);
});

claim("what cannot be meant has status 2 and a reason", async () => {
  const cases: [string[], string][] = [
    [[], "which KEY?"],
    [[""], "KEY has 0 bytes; it is to have 1 to 1024"],
    [["x".repeat(1025)], "KEY has 1025 bytes; it is to have 1 to 1024"],
    [["é".repeat(513)], "KEY has 1026 bytes; it is to have 1 to 1024"],
    [["a\\q"], "KEY 'a\\q': after a backslash comes another one, or x and two hex digits (character 3)"],
    [["k", "--client", "--server"], "--client and --server exclude each other"],
    [["k", "--fd", "4"], "--fd is for a command behind --"],
    [["k", "--"], "there is no command behind --"],
    [["k", "sort"], "unexpected 'sort'; a command stands behind --"],
  ];
  for (const [args, message] of cases) {
    const { status, out, err } = await ipcx(["pair", "-s", "/nonexistent/s", ...args]);
    assertEquals({ status, out, err: err.split("\n")[0] }, { status: 2, out: "", err: `ipcx pair: ${message}` });
  }
});

claim("a key of 1024 bytes is as good as another", async () => {
  using meeting = new Meeting();
  const key = "x".repeat(1024);
  await using pair = startIpcx(["pair", key], meeting);
  using peer = await meeting.peer(key);
  peer.close();
  assertEquals((await pair.ended()).status, 0);
});
