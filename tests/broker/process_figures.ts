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

/** The memory a process has resident, in bytes. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]) * BYTES_PER_KB;
}
