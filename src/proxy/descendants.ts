/**
 * Who may answer a request: the process that was started for it, and what came of it.
 *
 * @module
 */

import { belongsTo } from "../core/process_identity.ts";
import type { ProcessCgroup } from "./process_cgroup.ts";

/**
 * Tells whether a process came of the process of a request.
 *
 * @param pid The process, as the kernel names the peer of a connection; 0 if it cannot.
 * @param root The process of the request, which leads a session.
 * @param cgroup The control group that was made for it, if one was.
 * @returns Whether it did; `false` if it has ended already.
 */
export function mayAnswer(pid: number, root: number, cgroup?: ProcessCgroup): boolean {
  if (pid === 0 || root === 0) return false;
  return belongsTo(pid, root) || (cgroup?.holds(pid) ?? false);
}
