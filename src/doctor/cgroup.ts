/**
 * Whether processes can be put into control groups, version 2 (cgroups(7)).
 *
 * @module
 */

import { native } from "../core/native.ts";
import { OPEN } from "../core/linux.ts";
import { openPath } from "../core/reach.ts";
import { attempt } from "./attempt.ts";
import { type Check, type Judgement, ok, warning } from "./finding.ts";
import { mounts, textOf } from "./proc_text.ts";

const W_OK = 2;

/** Controllers whose limits are those that people set. */
const WANTED = ["memory", "pids", "cpu"];

/** What there is to know of control groups. */
export interface CgroupFacts {
  /** Where version 2 is mounted. */
  mount?: string;
  /** The group of this process, its directory. */
  own?: string;
  /** Controllers that groups below it may get. */
  controllers: readonly string[];
  /** Why no group can be made below it, such as `"EACCES"` or `"EROFS"`. */
  refused?: string;
  /** Why no process can be started in it, though one can be made. */
  notStarted?: string;
}

const MEANS = "'spawn --cgroup-path' and the gateway's cgroup: limits do not work";

/** Judges control groups. */
export function judgeCgroup({ mount, own, controllers, refused, notStarted }: CgroupFacts): Judgement {
  if (mount === undefined) {
    return warning(
      "cgroup v2 is mounted nowhere",
      MEANS,
      "mount -t cgroup2 none /sys/fs/cgroup, or start the host with systemd.unified_cgroup_hierarchy=1",
    );
  }
  if (own === undefined) {
    return warning(
      `cgroup v2 is mounted at ${mount}, which does not show the group of this process`,
      `${MEANS}, unless another group is named`,
      "name a group that can be written to, or mount cgroup2 in this cgroup namespace",
    );
  }
  const found = `cgroup v2, in ${own}`;
  if (refused !== undefined) {
    const remedy = refused === "EROFS"
      ? "mount it for writing: a container needs --cgroupns=private and the mount rw"
      : "run as root, or have the group delegated: systemd-run --user --scope -p Delegate=yes";
    return warning(`${found}: no group can be made there: ${refused}`, MEANS, remedy);
  }
  if (notStarted !== undefined) {
    return warning(
      `${found}: no process can be started there: ${notStarted}`,
      MEANS,
      notStarted === "EBUSY"
        ? "the group hands controllers on, so groups below it are to be named"
        : "it takes Linux 5.7, and the right to write to cgroup.procs of both groups",
    );
  }
  const missing = WANTED.filter((name) => !controllers.includes(name));
  if (missing.length > 0) {
    return warning(
      `${found}: groups can be made, without the controllers ${missing.join(" ")}`,
      `processes can be put into groups, but limits such as ${missing[0]}.max cannot be set`,
      "hand them on in the group above: echo '+memory +pids +cpu' > cgroup.subtree_control; those that cgroup v1 has " +
        "mounted are there only",
    );
  }
  return ok(`${found}, can be written to, with ${controllers.join(" ")}`);
}

function refusal(path: string): string | undefined {
  return attempt(() => native.ipcx_probe_access(new TextEncoder().encode(`${path}\0`), W_OK))?.code;
}

function startIn(directory: string): string | undefined {
  using fd = openPath(directory, OPEN.DIRECTORY | OPEN.READ);
  return attempt((step) => native.ipcx_probe_create(fd.number, step))?.code;
}

function facts(): CgroupFacts {
  const mount = mounts().find(({ type }) => type === "cgroup2")?.path;
  const [, path] = /^0::(.*)$/m.exec(textOf("/proc/self/cgroup") ?? "") ?? [];
  // Where the mount is of another cgroup namespace, the path begins with /.. or is not there.
  const own = mount === undefined || path === undefined || path.startsWith("/..") ? undefined : `${mount}${path}`;
  const listed = own === undefined ? undefined : textOf(`${own}/cgroup.controllers`);
  if (own === undefined || listed === undefined) return { mount, controllers: [] };
  const directory = own.replace(/(.)\/$/, "$1");
  const refused = refusal(directory) ?? refusal(`${directory}/cgroup.procs`);
  return {
    mount,
    own: directory,
    controllers: listed.split(" ").filter((name) => name !== ""),
    refused,
    notStarted: refused === undefined ? startIn(directory) : undefined,
  };
}

/** Whether processes can be put into control groups. */
export const CGROUP: Check = { name: "cgroup", examine: () => judgeCgroup(facts()) };
