import { assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { Daemon } from "./daemon.ts";
import { eventually } from "./eventually.ts";
import { openFds } from "./process_figures.ts";
import { runPeer } from "./python_peer.ts";
import { assertPairedWith, RawClient } from "./raw_client.ts";

/** The field that each case gets wrong, as the daemon is to count it. */
const FIELDS: Readonly<Record<string, string>> = {
  wrong_version: "version",
  version_0: "version",
  extra_flag: "flags",
  highest_flag: "flags",
  wrong_request: "request",
  request_0: "request",
  wrong_size: "size",
  mode_3: "mode",
  key_len_0: "key",
  key_len_1025: "key",
  set_pair_to_broker: "descriptors",
  with_descriptor: "descriptors",
  with_many_descriptors: "descriptors",
  descriptor_in_second_piece: "descriptors",
  two_requests_glued: "length",
  two_requests_glued_without_padding: "length",
  second_request_later: "length",
  one_byte_after_request: "length",
  random_bytes: "length",
};

claim("whatever a client does wrong, it is shown the door and nobody else notices", async () => {
  await using daemon = await Daemon.start();
  const fds = await daemon.settledFds();
  using waiting = await RawClient.ask(daemon.address, "undisturbed", "server");
  const cases = (await runPeer("spb_bad.py", "--list")).output.trim().split("\n");
  const results = await Promise.all(cases.map(async (name) => {
    const { code, complaint } = await runPeer("spb_bad.py", "--socket", daemon.address, "--case", name);
    return { name, code, complaint };
  }));
  assertEquals(results, cases.map((name) => ({ name, code: 0, complaint: "" })));

  using client = await RawClient.ask(daemon.address, "undisturbed", "client");
  await assertPairedWith(waiting, client);
  await eventually("nobody is left", async () => (await daemon.status()).clients === 0);
  const expected: Record<string, number> = {};
  for (const name of cases) if (FIELDS[name]) expected[FIELDS[name]] = (expected[FIELDS[name]] ?? 0) + 1;
  assertEquals((await daemon.status()).protocolErrors, expected);
  await eventually("no descriptor is left", () => openFds(daemon.pid) === fds);
});

claim("bytes without any meaning never bring the daemon down", async () => {
  await using daemon = await Daemon.start();
  const results = await Promise.all(Array.from({ length: 8 }, (_, seed) => {
    const args = ["--socket", daemon.address, "--case", "random_bytes", "--seed", `${seed}`];
    return runPeer("spb_bad.py", ...args);
  }));
  assertEquals(results.map(({ output }) => output), new Array(8).fill("closed\n"));
});
