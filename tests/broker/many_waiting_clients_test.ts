import { assert, assertEquals } from "@std/assert";
import { raiseDescriptorLimit } from "ipcx";
import { claim } from "../claim.ts";
import { Daemon } from "./daemon.ts";
import { idleTicks, openFds, residentBytes } from "./process_figures.ts";
import { assertPairedWith, RawClient } from "./raw_client.ts";

const CROWD = 15_000;
const IDLE_CROWD = 800;
const IDLE_MS = 3000;
const MAX_BYTES_EACH = 4096;

async function waitTogether(daemon: Daemon, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let at = 0; at < count; at++) clients.push(await RawClient.ask(daemon.address, `crowd-${at}`, "server"));
  await daemon.waits(count);
  return clients;
}

claim(`${CROWD} clients wait at once, and each gets its own peer`, async () => {
  const enough = raiseDescriptorLimit() > CROWD + 1000;
  assert(enough, "this test needs RLIMIT_NOFILE to be 16000 or more");
  await using daemon = await Daemon.start();
  const fds = await daemon.settledFds();
  const before = residentBytes(daemon.pid);
  const waiting = await waitTogether(daemon, CROWD);
  try {
    const each = Math.round((residentBytes(daemon.pid) - before) / CROWD);
    console.log(`    ${each} bytes for each waiting client`);
    assert(each < MAX_BYTES_EACH, `${each} bytes`);
    // Neither in the order of arrival nor in its reverse; 7919 has no divisor in common with the number of clients.
    for (let at = 0; at < CROWD; at++) {
      const number = (at * 7919) % CROWD;
      using counterpart = await RawClient.ask(daemon.address, `crowd-${number}`, "client");
      await assertPairedWith(waiting[number], counterpart);
      waiting[number][Symbol.dispose]();
    }
  } finally {
    for (const client of waiting) client[Symbol.dispose]();
  }
  const { paired, clients, gone } = await daemon.status();
  assertEquals({ paired, clients, gone }, { paired: CROWD, clients: 0, gone: 0 });
  assertEquals(await daemon.settledFds(), fds);
  assertEquals(openFds(daemon.pid), fds);
});

claim(`${IDLE_CROWD} waiting clients take no processor time`, async () => {
  await using daemon = await Daemon.start();
  const waiting = await waitTogether(daemon, IDLE_CROWD);
  try {
    await daemon.settledFds();
    const ticks = await idleTicks(daemon.pid, IDLE_MS, 1);
    assert(ticks <= 1, `${ticks} ticks in ${IDLE_MS} ms`);
  } finally {
    for (const client of waiting) client[Symbol.dispose]();
  }
});
