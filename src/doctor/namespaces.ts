/**
 * Whether namespaces can be joined.
 *
 * @module
 */

import { SystemError } from "../core/errors.ts";
import { OPEN } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { openPath } from "../core/reach.ts";
import { type Check, fails, type Judgement, ok, warning } from "./finding.ts";
import { hasCapability, isFirst, isThere } from "./proc_text.ts";

/** What there is to know of joining namespaces. */
export interface JoinFacts {
  /** What this kernel has none of. */
  absent: readonly string[];
  /** What cannot be joined, with the name of the error. */
  refused: readonly (readonly [kind: string, code: string])[];
  /** Whether this process has CAP_SYS_ADMIN. */
  isAdmin: boolean;
  /** Whether it is in a user namespace that was made later than the host's own. */
  isInside: boolean;
}

/** Judges joining. */
export function judgeJoin({ absent, refused, isAdmin, isInside }: JoinFacts): Judgement {
  const none = absent.length === 0 ? "" : ` (this kernel has none of ${absent.join(", ")})`;
  if (refused.length === 0) return ok(`all kinds can be joined${none}`);
  const list = refused.map(([kind, code]) => `${kind}: ${code}`).join(", ");
  if (!isAdmin) {
    return warning(
      `this user may not join namespaces (${list})`,
      "'spawn --target' and 'nsexec' reach only what is in user namespaces of this user",
      "run as root, with CAP_SYS_ADMIN (and for mnt CAP_SYS_CHROOT), or join --user as well",
    );
  }
  if (isInside) {
    return warning(
      `the namespaces here belong to a user namespace above this one (${list})`,
      "'spawn --target' and 'nsexec' reach only what was made in this user namespace",
      "run outside, as root of the host",
    );
  }
  return fails(
    `namespaces cannot be joined, although there is CAP_SYS_ADMIN (${list})`,
    "'spawn --target' and 'nsexec' do not get there",
    "EPERM: add CAP_SYS_CHROOT, and look for a sandbox that refuses setns(2), such as a container's seccomp filter",
  );
}

/** Kinds and their CLONE_NEW flags; one's own user namespace cannot be joined by anybody. */
const KINDS: Readonly<Record<string, number>> = {
  mnt: 0x00020000,
  pid: 0x20000000,
  net: 0x40000000,
  ipc: 0x08000000,
  uts: 0x04000000,
  cgroup: 0x02000000,
};

function joinOwn([kind, flag]: [string, number]): [string, string][] {
  using fd = openPath(`/proc/self/ns/${kind}`, OPEN.READ);
  const result = native.ipcx_probe_join(fd.number, flag);
  return result < 0 ? [[kind, new SystemError("", -result).code]] : [];
}

/** Whether namespaces can be joined: one's own, since those are there. */
export const NAMESPACES: Check = {
  name: "namespaces",
  examine() {
    const [present, absent] = [true, false].map((is) =>
      Object.entries(KINDS).filter(([kind]) => isThere(`/proc/self/ns/${kind}`) === is)
    );
    return judgeJoin({
      absent: absent.map(([kind]) => kind),
      refused: present.flatMap(joinOwn),
      isAdmin: hasCapability("SYS_ADMIN"),
      isInside: isFirst("user") === false,
    });
  },
};
