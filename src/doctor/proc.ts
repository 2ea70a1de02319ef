/**
 * Whether /proc is there, and shows what ipcx looks for in it.
 *
 * @module
 */

import { type Check, fails, type Judgement, ok, warning } from "./finding.ts";
import { hasCapability, linkOf, mounts, ownStatus } from "./proc_text.ts";

/** What there is to know of /proc. */
export interface ProcFacts {
  /** The number that /proc has for this process. */
  self?: number;
  /** The number that this process has for itself. */
  pid: number;
  /** Which processes are shown: `"0"` or `undefined` for all. */
  hidepid?: string;
  /** Whether all are shown to this process all the same. */
  seesAll: boolean;
}

/** The words that the kernel has for the numbers since Linux 5.8. */
const SHOWN: Readonly<Record<string, string>> = { off: "0", noaccess: "1", invisible: "2", ptraceable: "4" };

/** Judges /proc. */
export function judgeProc({ self, pid, hidepid = "off", seesAll }: ProcFacts): Judgement {
  if (self === undefined) {
    return fails(
      "/proc is not mounted",
      "no process, namespace or long path can be reached; run from source ipcx does not load its C library, and its " +
        "single binary does not start",
      "mount -t proc proc /proc",
    );
  }
  if (self !== pid) {
    return fails(
      `/proc is of another pid namespace: this process is ${pid}, and called ${self} there`,
      "'spawn --target', 'sockets --pid' and 'lock --status' take processes for others, or find none",
      "mount one of this pid namespace: unshare --mount-proc, or mount -t proc proc /proc",
    );
  }
  const hidden = SHOWN[hidepid] ?? hidepid;
  if (hidden === "0" || seesAll) return ok("/proc is mounted and shows all processes");
  return warning(
    `/proc is mounted with hidepid=${hidepid}`,
    "processes of other users are not seen: 'sockets' does not name them, and 'spawn --target' finds only one's own",
    "run as root, or: mount -o remount,hidepid=0 /proc, or join the group of its gid= option",
  );
}

function optionOf(options: readonly string[], name: string): string | undefined {
  return options.find((option) => option.startsWith(`${name}=`))?.slice(name.length + 1);
}

function facts(): ProcFacts {
  const self = /^\d+$/.exec(linkOf("/proc/self") ?? "")?.[0];
  const mount = mounts().findLast(({ path, type }) => path === "/proc" && type === "proc");
  const gid = optionOf(mount?.options ?? [], "gid");
  const groups = `${ownStatus("Groups") ?? ""} ${Deno.gid()}`.split(" ");
  return {
    self: self === undefined ? undefined : Number(self),
    pid: Deno.pid,
    hidepid: optionOf(mount?.options ?? [], "hidepid"),
    seesAll: hasCapability("SYS_PTRACE") || (gid !== undefined && groups.includes(gid)),
  };
}

/** Whether /proc is there. */
export const PROC: Check = { name: "proc", examine: () => judgeProc(facts()) };
