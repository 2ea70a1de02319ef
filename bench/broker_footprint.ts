/** What a daemon costs while nothing is asked of it. */

import type { Daemon } from "./broker_daemon.ts";
import { hold } from "./load_program.ts";
import { cpuTicks, delay, quiet, residentBytes } from "./process_stats.ts";

export interface Footprint {
  daemon: string;
  /** With nobody connected, before any load. */
  residentBytes: number;
  waiting: {
    count: number;
    residentBytes: number;
    bytesEach: number;
  }[];
  idle: { waiting: number; seconds: number; ticks: number }[];
}

export const idleSeconds = 10;
const idleWaiting = 800;

/** Measures a daemon that has not been under load yet: heaps do not shrink. */
export async function measureFootprint(
  program: string,
  daemon: Daemon,
  waitingCounts: number[],
  progress: (text: string) => void,
): Promise<Footprint> {
  progress(`${daemon.name}: memory and idleness`);
  await quiet(daemon.pid);
  const start = await residentBytes(daemon.pid);
  const footprint: Footprint = {
    daemon: daemon.name,
    residentBytes: start,
    waiting: [],
    idle: [await idle(daemon.pid, 0)],
  };
  const counts = waitingCounts.filter((count) => count > 0 && count <= daemon.waitingMax);
  for (const count of counts) {
    await using _held = await hold(program, daemon, count);
    await quiet(daemon.pid);
    const resident = await residentBytes(daemon.pid);
    footprint.waiting.push({
      count,
      residentBytes: resident,
      bytesEach: (resident - start) / count,
    });
    if (count === idleWaiting) {
      footprint.idle.push(await idle(daemon.pid, count));
    }
  }
  await quiet(daemon.pid);
  return footprint;
}

async function idle(pid: number, waiting: number) {
  const before = await cpuTicks(pid);
  await delay(idleSeconds * 1000);
  const ticks = await cpuTicks(pid) - before;
  return { waiting, seconds: idleSeconds, ticks };
}
