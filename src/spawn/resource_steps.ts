/**
 * Steps that set what a child may use.
 *
 * @module
 */

import type { ChildResources } from "./options.ts";
import { STEP, type Step } from "./plan.ts";
import { encodeLimit, type ResourceLimit, resourceNumber } from "./rlimits.ts";

const encoder = new TextEncoder();

type NamedLimit = [name: string, limit: ResourceLimit];

function isDescriptorLimit([name]: NamedLimit): boolean {
  return resourceNumber(name) === resourceNumber("nofile");
}

function limitStep([name, limit]: NamedLimit): Step {
  return {
    what: STEP.LIMIT,
    numbers: [resourceNumber(name)],
    data: new Uint8Array(encodeLimit(limit).buffer),
    syscall: "setrlimit",
    about: name,
  };
}

/**
 * Plans all but the number of descriptors, for the begin: privileges and the
 * caller's /proc are there still.
 *
 * @param resources What the child may use.
 * @returns The steps.
 * @throws {TypeError} For a limit that is none.
 */
export function resourceSteps({ rlimits = {}, oomScoreAdj, nice }: ChildResources): Step[] {
  const steps = Object.entries(rlimits).filter((limit) => !isDescriptorLimit(limit)).map(limitStep);
  if (nice !== undefined) {
    steps.unshift({ what: STEP.NICE, numbers: [nice], syscall: "setpriority", about: `nice ${nice}` });
  }
  if (oomScoreAdj !== undefined) {
    const data = encoder.encode(`/proc/self/oom_score_adj\0${oomScoreAdj}\0`);
    steps.unshift({ what: STEP.WRITE, data, syscall: "write", about: `oom_score_adj ${oomScoreAdj}` });
  }
  return steps;
}

/**
 * Plans the number of descriptors, for when all have their numbers: those may lie above it.
 *
 * @param resources What the child may use.
 * @returns The steps.
 * @throws {TypeError} For a limit that is none.
 */
export function descriptorLimitSteps({ rlimits = {} }: ChildResources): Step[] {
  return Object.entries(rlimits).filter(isDescriptorLimit).map(limitStep);
}
