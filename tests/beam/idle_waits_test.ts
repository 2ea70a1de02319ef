import { Beam, type BeamPairOptions } from "ipcx";
import { assert } from "@std/assert";
import { claim } from "../claim.ts";
import { idleTicks } from "../broker/process_figures.ts";
import { WIRES } from "./wires.ts";

const WATCHED_MS = 500;

/** What the runtime may use by itself in that time, of 50 ticks. */
const MOST_TICKS = 8;

/** How much processor time this process uses while nothing comes. */
async function ticksWhileWaiting(): Promise<number> {
  // Memory that is full is looked at for a while before the socket is used instead.
  await new Promise((resolve) => setTimeout(resolve, 200));
  return await idleTicks(Deno.pid, WATCHED_MS, MOST_TICKS);
}

claim("who waits for room, for a message or for the hang-up uses no processor time", async () => {
  const kinds: [BeamPairOptions, size: number][] = [
    ...WIRES.map((options): [BeamPairOptions, number] => [options, 4000]),
    ...WIRES.slice(1).map((options): [BeamPairOptions, number] => [options, 8_000_000]),
  ];
  for (const [options, size] of kinds) {
    const [sender, receiver] = Beam.pair(options);
    const ended: Promise<unknown>[] = [];
    const fill = async (): Promise<void> => {
      for (;;) await sender.send(new Uint8Array(size));
    };
    ended.push(fill(), sender.receive(), sender.receive(), sender.hangup());
    const outcomes = Promise.allSettled(ended);
    const ticks = await ticksWhileWaiting();
    sender.close();
    receiver.close();
    await outcomes;
    assert(ticks <= MOST_TICKS, `${ticks} ticks with ${JSON.stringify(options)} and ${size} bytes`);
  }
});
