/** What the figures were measured on. */

import { compilerVersion } from "./compile.ts";
import type { Daemon } from "./broker_daemon.ts";
import { executable } from "./process_stats.ts";

export interface Machine {
  kernel: string;
  cpu: string;
  cores: number;
  deno: string;
  cc: string;
  ipcx: string;
  /** Program of each daemon. */
  daemons: Record<string, string>;
}

/** Describes this machine and the programs compared on it. */
export async function describeMachine(daemons: Daemon[]): Promise<Machine> {
  const cpuinfo = await Deno.readTextFile("/proc/cpuinfo");
  const config = new URL("../deno.json", import.meta.url);
  const programs: Record<string, string> = {};
  for (const daemon of daemons) {
    programs[daemon.name] = await executable(daemon.pid);
  }
  return {
    kernel: Deno.osRelease(),
    cpu: cpuinfo.match(/^model name\s*:\s*(.*)$/m)?.[1] ?? Deno.build.arch,
    cores: navigator.hardwareConcurrency,
    deno: Deno.version.deno,
    cc: compilerVersion(),
    ipcx: JSON.parse(await Deno.readTextFile(config)).version,
    daemons: programs,
  };
}
