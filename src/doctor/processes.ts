/**
 * Whether processes can be made as `spawn` makes them.
 *
 * @module
 */

import { native } from "../core/native.ts";
import { attempt, type Failure } from "./attempt.ts";
import { type Check, fails, type Judgement, ok } from "./finding.ts";

const CREATE_CALLS = ["clone3", "pidfd_send_signal", "waitid for a pidfd"];

/** Judges the making of processes. */
export function judgeCreate(failure: Failure | undefined): Judgement {
  if (!failure) return ok("processes are made, held on to and waited for");
  const { step, code } = failure;
  return fails(
    `a process cannot be made: ${CREATE_CALLS[step]}: ${code}`,
    "'spawn' and 'proxy' start nothing",
    code === "EAGAIN"
      ? "the limit of processes is reached: raise RLIMIT_NPROC (ulimit -u), or pids.max of the cgroup"
      : "it takes Linux 5.5, and no sandbox in the way",
  );
}

/** Whether processes can be made. */
export const PROCESSES: Check = {
  name: "processes",
  examine: () => judgeCreate(attempt((step) => native.ipcx_probe_create(-1, step))),
};
