import { assertEquals } from "@std/assert";
import type { Limit } from "ipcx";
import { asUser, withDescriptorLimit } from "../broker/daemon.ts";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { ipcx, Process } from "../cli/program.ts";

const PROGRAM = new URL("./programs/keep_in_flight.py", import.meta.url).pathname;

/** The kernel counts by user, so each is one of its own. */
let user = 360_000_000 + Deno.pid;

async function measure(through: readonly string[]): Promise<Limit[]> {
  const names = ["fds-in-flight", "fds-in-flight-beyond", "fds-in-flight-limited"];
  const { status, out, err } = await ipcx(["limits", "--json", ...names], { through });
  assertEquals({ status, err }, { status: 0, err: "" });
  return JSON.parse(out);
}

/** Measures while another process of the user has so many in flight. */
async function beside(count: number, limit: number): Promise<Limit[]> {
  const through = asUser(user++);
  await using other = new Process(["python3", PROGRAM, `${count}`], { through, input: "open" });
  await other.says("kept");
  return await measure([...withDescriptorLimit(limit), ...through]);
}

claim("what other processes of the user have in flight is told, and does not change the result", async () => {
  for (const count of [1, 64, 65, 300]) {
    const [inFlight, beyond] = await beside(count, 1000);
    const note = `RLIMIT_NOFILE was ${64 + count}, beside ${count} that are in flight elsewhere`;
    assertEquals([inFlight.value, inFlight.note], [65, note]);
    assertEquals([beyond.value, beyond.note], ["ETOOMANYREFS", undefined]);
  }
}, { skip: NEEDS_ROOT });

claim("where the limit itself is near, fewer are taken", async () => {
  const [inFlight, beyond] = await beside(90, 100);
  assertEquals([inFlight.value, inFlight.note], [11, "RLIMIT_NOFILE was 100, beside 90 that are in flight elsewhere"]);
  assertEquals(beyond.value, "ETOOMANYREFS");
}, { skip: NEEDS_ROOT });

claim("where others have used up the limit, the lines say so", async () => {
  const [inFlight, beyond, limited] = await beside(150, 100);
  const note = "could not be measured: more descriptors of this user are in flight than RLIMIT_NOFILE, 100";
  for (const limit of [inFlight, beyond]) assertEquals([limit.value, limit.note], [null, note]);
  assertEquals(limited.value, true);
}, { skip: NEEDS_ROOT });
