import { assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { Daemon } from "./daemon.ts";
import { runPeer } from "./python_peer.ts";

/** Layouts of a client's messages: those of the document, of 64 bits, and one that sends no padding. */
const LAYOUTS = [
  ["--reply-size", "1040"],
  ["--reply-size", "1044"],
  ["--request-size", "1040", "--reply-size", "any"],
];

/** How a request is cut: inside the header, at its end, inside the key, and into single bytes at first. */
const CUTS = ["1", "11,1", "12,4", "15,1,1", "16,1000", "1039", "4,4,4,2,2,1000", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"];

async function pair(daemon: Daemon, key: string, modes: readonly string[], ...args: string[]): Promise<void> {
  const common = ["--socket", daemon.address, "--key", key, ...args];
  const [talker, echoer] = await Promise.all([
    runPeer("spb_client.py", ...common, "--mode", modes[0], "--say", `via ${key}`),
    runPeer("spb_client.py", ...common, "--mode", modes[1], "--echo"),
  ]);
  assertEquals(talker, { code: 0, output: `VIA ${key.toUpperCase()}`, complaint: "" }, args.join(" "));
  assertEquals(echoer, { code: 0, output: "", complaint: "" }, args.join(" "));
}

claim("clients as strict as libspbroker are paired, in every mode and layout", async () => {
  await using daemon = await Daemon.start();
  for (const modes of [["none", "none"], ["client", "server"], ["server", "client"]]) {
    await Promise.all(LAYOUTS.map((layout, at) => pair(daemon, `${modes[0]}-${at}`, modes, ...layout)));
  }
  const { paired, protocolErrors, refused } = await daemon.status();
  assertEquals({ paired, protocolErrors, refused }, { paired: 9, protocolErrors: {}, refused: {} });
});

claim("clients of different layouts are paired with each other, each with its own length of reply", async () => {
  await using daemon = await Daemon.start();
  const common = ["--socket", daemon.address, "--key", "mixed"];
  const results = await Promise.all([
    runPeer("spb_client.py", ...common, "--reply-size", "1040", "--say", "short"),
    runPeer("spb_client.py", ...common, "--reply-size", "1044", "--echo"),
  ]);
  assertEquals(results.map(({ code, complaint }) => ({ code, complaint })), [
    { code: 0, complaint: "" },
    { code: 0, complaint: "" },
  ]);
});

claim("requests in pieces are put together, wherever they are cut", async () => {
  // As long as sixteen programs at once need on a slow machine.
  await using daemon = await Daemon.start({ args: ["--request-timeout", "0"] });
  await Promise.all(
    CUTS.map((cuts, at) => pair(daemon, `cut-${at}`, ["client", "server"], "--reply-size", "1040", "--chunks", cuts)),
  );
  await Promise.all(
    CUTS.map((cuts, at) => pair(daemon, `pad-${at}`, ["none", "none"], "--reply-size", "1044", "--chunks", cuts)),
  );
  assertEquals((await daemon.status()).protocolErrors, {});
});

claim("our own padding is never more than a client expects", async () => {
  await using daemon = await Daemon.start();
  const common = ["--socket", daemon.address, "--key", "long"];
  // The padding comes by itself, after the request was complete: the reply can only be as long as what came before.
  const results = await Promise.all([
    runPeer("spb_client.py", ...common, "--reply-size", "any", "--chunks", "1040", "--say", "x"),
    runPeer("spb_client.py", ...common, "--reply-size", "any", "--chunks", "1040", "--echo"),
  ]);
  assertEquals(results.map(({ code, complaint }) => ({ code, complaint })), [
    { code: 0, complaint: "" },
    { code: 0, complaint: "" },
  ]);
});
