/**
 * What the kernel tells of another process (proc(5)).
 *
 * @module
 */

const TICKS_FIELD = 13;
const BYTES_PER_KB = 1024;

/** How many descriptors a process has open. */
export function openFds(pid: number): number {
  return Array.from(Deno.readDirSync(`/proc/${pid}/fd`)).length;
}

/** The processor time a process has used, in clock ticks of 10 ms. */
export function cpuTicks(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The name in parentheses may have spaces; what follows it has not.
  const fields = `0 ${stat.slice(stat.lastIndexOf(")"))}`.split(" ");
  return Number(fields[TICKS_FIELD]) + Number(fields[TICKS_FIELD + 1]);
}

/**
 * The processor time that a process uses while nothing happens, in ticks of
 * 10 ms: the least of three looks. The engine tidies up its heap now and then,
 * which passes; who spins does so each time.
 *
 * @param pid The process.
 * @param ms How long a look takes.
 * @param enough With so few there is no other look.
 * @returns How many ticks.
 */
export async function idleTicks(pid: number, ms: number, enough: number): Promise<number> {
  let least = Infinity;
  for (let look = 0; look < 3 && least > enough; look++) {
    const before = cpuTicks(pid);
    await new Promise((resolve) => setTimeout(resolve, ms));
    least = Math.min(least, cpuTicks(pid) - before);
  }
  return least;
}

/** Whether none of a process's threads is at work, nor waits for a processor to be so. */
export function isAsleep(pid: number): boolean {
  try {
    const threads = Array.from(Deno.readDirSync(`/proc/${pid}/task`), ({ name }) => name);
    return threads.every((thread) => /^\d+ \(.*\) S/.test(Deno.readTextFileSync(`/proc/${pid}/task/${thread}/stat`)));
  } catch {
    return false; // A thread has ended meanwhile.
  }
}

/** The memory a process has resident, in bytes. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]) * BYTES_PER_KB;
}
