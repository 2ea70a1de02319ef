/**
 * What docs/doctor.md says is what the code does.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { CHECK_NAMES } from "ipcx";
import { claim } from "../claim.ts";
import { codeIn, constant, read, rows, section } from "../documents.ts";

const page = read("docs/doctor.md");
const checks = new Map(
  rows(section(page, "## The checks")).map(([name, tried, matters]) => [codeIn(name)[0], [tried, matters]]),
);

claim("docs/doctor.md tells of every check, in the order of the program, and what it matters to", () => {
  assertEquals([...checks.keys()], [...CHECK_NAMES]);
  for (const [name, [tried, matters]] of checks) assert(tried.length > 10 && matters.length > 5, name);
});

claim("the numbers in docs/doctor.md are those of the code", () => {
  const says = (check: string, text: string): void =>
    assert(checks.get(check)![0].includes(text), `${check}: no '${text}'`);
  says("descriptors", `${constant("src/doctor/resources.ts", "LEAST_DESCRIPTORS")} is the least`);
  says("descriptors", `${constant("src/doctor/resources.ts", "ENOUGH_DESCRIPTORS")} enough`);
  says("descriptors", `less than ${constant("src/doctor/resources.ts", "ROOM")} are left`);
  says("process-limit", `less than ${constant("src/doctor/resources.ts", "ENOUGH_PROCESSES")} are`);
  says("backlog", `less than ${constant("src/doctor/queues.ts", "BACKLOG")},`);
  assertEquals(constant("src/doctor/queues.ts", "BACKLOG"), constant("src/core/listener.ts", "DEFAULT_BACKLOG"));
  says("datagram-queue", `less than ${constant("src/doctor/queues.ts", "DATAGRAMS")} is`);
  says("send-buffer", `${constant("src/doctor/queues.ts", "SEND_BUFFER")}`);
  says("pipes", `${constant("src/doctor/queues.ts", "PIPE_BYTES")} bytes`);
  says("broker", `in ${constant("src/doctor/socket_state.ts", "PATIENCE_MS") / 1000} seconds`);
  says("stale-sockets", `${constant("src/doctor/stale_sockets.ts", "MOST_ENTRIES")} entries`);
  assert(page.includes(`killed after ${constant("ffi/probe_child.h", "IPCX_PROBE_PATIENCE_MS") / 1000} seconds`));
  assert(page.includes(`a check ${constant("src/doctor/diagnose.ts", "PATIENCE_MS") / 1000} seconds`));
});

claim("docs/doctor.md names every call and option that the kernel is asked for", () => {
  const calls = Array.from(read("src/doctor/kernel.ts").matchAll(/^ {4}call: "([^"]+)"/gm), ([, call]) => call);
  assert(calls.length >= 8);
  for (const call of calls) assert(checks.get("kernel")![0].includes(call.split(" with ")[0].split(" for ")[0]), call);
});
