/**
 * Whether there are files without a name, and whether programs can be in them.
 *
 * @module
 */

import { SystemError } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import { native } from "../core/native.ts";
import { sealedFile } from "../core/sealed_file.ts";
import { type Check, fails, type Judgement, ok } from "./finding.ts";
import { numberOf } from "./proc_text.ts";

const X_OK = 1;

/** What there is to know of memory files. */
export interface MemoryFacts {
  /** Why there can be no data in one, such as `"EPERM"`. */
  data?: string;
  /** Why there can be no program in one. */
  program?: string;
  /** `vm.memfd_noexec`. */
  noExec?: number;
}

/** Judges memory files. */
export function judgeMemory({ data, program, noExec }: MemoryFacts): Judgement {
  if (data !== undefined) {
    return fails(
      `memory files cannot be made: memfd_create: ${data}`,
      "no shared memory, no large messages of 'beam', and 'spawn' cannot wait for its program",
      "free descriptors and memory, or look for a sandbox that refuses memfd_create(2)",
    );
  }
  if (program === undefined) return ok("memory can be shared, and run as a program");
  return fails(
    `programs in memory are refused: ${program}${noExec === undefined ? "" : ` (vm.memfd_noexec = ${noExec})`}`,
    "'spawn', 'pair', 'beam recv' and 'recv' cannot become what waits for CMD, or CMD itself",
    noExec === 2
      ? "sysctl vm.memfd_noexec=1, in the pid namespace that ipcx runs in"
      : "look for a sandbox or a security module that refuses it",
  );
}

function failureOf(make: () => Fd): string | undefined {
  try {
    make().close();
    return undefined;
  } catch (error) {
    return error instanceof SystemError ? error.code : (error as Error).message;
  }
}

function makeProgram(): Fd {
  const file = sealedFile("ipcx-doctor", new Uint8Array(1), "program");
  const path = new TextEncoder().encode(`/proc/self/fd/${file.number}\0`);
  const result = native.ipcx_probe_access(path, X_OK);
  if (result >= 0) return file;
  file.close();
  throw new SystemError("access", -result);
}

/** Whether there are files without a name. */
export const MEMORY: Check = {
  name: "memory",
  examine: () =>
    judgeMemory({
      data: failureOf(() => sealedFile("ipcx-doctor", new Uint8Array(1), "data")),
      program: failureOf(makeProgram),
      noExec: numberOf("/proc/sys/vm/memfd_noexec"),
    }),
};
