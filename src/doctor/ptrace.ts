/**
 * Whether children can be traced, as `spawn --local` does it (ptrace(2)).
 *
 * @module
 */

import { native } from "../core/native.ts";
import { attempt, type Failure } from "./attempt.ts";
import { type Check, fails, type Judgement, ok } from "./finding.ts";
import { numberOf } from "./proc_text.ts";

/** What there is to know of tracing. */
export interface TraceFacts {
  /** What failed: making a process, beginning, controlling it. */
  failure?: Failure;
  /** `kernel.yama.ptrace_scope`. */
  scope?: number;
}

const STEPS = ["no process can be made to be traced", "a child may not be traced", "a child is not controlled"];

/** Judges tracing. */
export function judgeTrace({ failure, scope }: TraceFacts): Judgement {
  if (!failure) return ok("children can be traced");
  const yama = scope === 2
    ? "sysctl kernel.yama.ptrace_scope=1, or run with CAP_SYS_PTRACE: it is 2"
    : scope === 3
    ? "kernel.yama.ptrace_scope is 3, which stays until the host is started again: set it to 1 in /etc/sysctl.d"
    : undefined;
  return fails(
    `${STEPS[failure.step]}: ${failure.code}`,
    "'spawn --local' cannot put a program from here into another mount namespace",
    yama ?? "look for a sandbox that refuses ptrace(2), such as a container's seccomp filter: add CAP_SYS_PTRACE",
  );
}

/** Whether children can be traced. */
export const PTRACE: Check = {
  name: "ptrace",
  examine: () =>
    judgeTrace({
      failure: attempt((step) => native.ipcx_probe_trace(step)),
      scope: numberOf("/proc/sys/kernel/yama/ptrace_scope"),
    }),
};
