/** What the kernel says about a process, read from /proc. */

/** Ticks a second in /proc/PID/stat; USER_HZ is 100 on every Linux that Deno
 * runs on. */
export const ticksPerSecond = 100;

/** Bytes of memory that are resident (VmRSS). */
export async function residentBytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const kilobytes = status.match(/^VmRSS:\s+(\d+) kB$/m);
  if (!kilobytes) throw new Error(`process ${pid} has no VmRSS`);
  return Number(kilobytes[1]) * 1024;
}

/** Bytes of memory that are resident, those shared with n others counted as a share of 1/n (PSS). */
export async function proportionalBytes(pid: number): Promise<number> {
  const rollup = await Deno.readTextFile(`/proc/${pid}/smaps_rollup`);
  const kilobytes = rollup.match(/^Pss:\s+(\d+) kB$/m);
  if (!kilobytes) throw new Error(`process ${pid} has no Pss`);
  return Number(kilobytes[1]) * 1024;
}

/** Processor time used since the process began, in ticks. */
export async function cpuTicks(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // The command name, second in line, may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [utime, stime] = fields.slice(11, 13).map(Number);
  return utime + stime;
}

/** The program a process runs. */
export async function executable(pid: number): Promise<string> {
  return await Deno.readLink(`/proc/${pid}/exe`);
}

/**
 * Waits until a process has used no processor time for a fifth of a second: a
 * daemon still closing the connections of the last run would disturb the next.
 *
 * @param limitMs Gives up after so long, as a daemon may never rest.
 */
export async function quiet(pid: number, limitMs = 5000): Promise<void> {
  const deadline = Date.now() + limitMs;
  let before = -1;
  let now = await cpuTicks(pid);
  while (now !== before && Date.now() < deadline) {
    before = now;
    await delay(200);
    now = await cpuTicks(pid);
  }
}

/** Resolves after `ms` milliseconds. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
