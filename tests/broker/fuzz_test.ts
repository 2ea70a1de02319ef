import { assert, assertEquals } from "@std/assert";
import { requestPair } from "ipcx";
import { claim } from "../claim.ts";
import { Daemon } from "./daemon.ts";
import { eventually } from "./eventually.ts";
import { openFds, residentBytes } from "./process_figures.ts";
import { assertPaired } from "./raw_client.ts";
import { FuzzedMessages } from "./fuzzed_messages.ts";
import { sendVolley } from "./volley.ts";

const MESSAGES = 100_000;
const IN_A_VOLLEY = 100;

/** What the heap may grow by in the second half; in the first the engine finds its size. */
const MAX_GROWTH_BYTES = 32 * 1024 * 1024;

/** Pairs clients again and again; tells how often that went well. */
async function pairUntil(address: string, isOver: () => boolean): Promise<number> {
  let pairs = 0;
  while (!isOver()) {
    const key = `valid-${pairs}`;
    const modes = pairs % 2 === 0 ? ["none", "none"] as const : ["client", "server"] as const;
    const [one, other] = await Promise.all(modes.map((mode) => requestPair({ address, key, mode, timeout: 60_000 })));
    await assertPaired(one, other);
    pairs++;
  }
  return pairs;
}

claim(
  `${MESSAGES} random and mutated messages neither break nor bloat the daemon, nor delay valid clients`,
  async () => {
    const seed = Number(Deno.env.get("FUZZ_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);
    console.log(`    FUZZ_SEED=${seed}`);
    await using daemon = await Daemon.start();
    const messages = new FuzzedMessages(seed);
    const fds = await daemon.settledFds();
    const sendHalf = async (): Promise<void> => {
      for (let sent = 0; sent < MESSAGES / 2; sent += IN_A_VOLLEY) {
        await sendVolley(daemon.address, messages, IN_A_VOLLEY);
      }
    };

    let over = false;
    const pairing = pairUntil(daemon.address, () => over);
    await sendHalf();
    let growth = Infinity;
    // What the collector has not come to look at goes with the next half; what nobody lets go of does not.
    for (let round = 0; round < 3 && growth >= MAX_GROWTH_BYTES; round++) {
      const bytes = residentBytes(daemon.pid);
      await sendHalf();
      growth = residentBytes(daemon.pid) - bytes;
    }
    over = true;
    const pairs = await pairing;

    await eventually("nobody is left", async () => (await daemon.status()).clients === 0);
    await eventually("no descriptor is left", () => openFds(daemon.pid) === fds);
    const { paired, waiting, protocolErrors } = await daemon.status();
    assertEquals(waiting, 0);
    assert(paired >= pairs);
    const kib = Math.round(growth / 1024);
    console.log(`    ${pairs} valid pairs meanwhile, ${kib} KiB more memory, ${JSON.stringify(protocolErrors)}`);
    assert(growth < MAX_GROWTH_BYTES, `${growth} bytes more than half the messages before`);
  },
);
