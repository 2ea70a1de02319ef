/**
 * Memory to pass on, and what may be forbidden of it.
 *
 * @module
 */

import { check } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { native } from "../core/native.ts";
import { errorIn } from "./calls.ts";
import { F } from "./linux.ts";
import type { Finding, Probe } from "./probe.ts";

const MFD_ALLOW_SEALING = 2;
const MFD_NOEXEC_SEAL = 8;
const MFD_EXEC = 0x10;

/** Seals of fcntl(2). */
const F_SEAL = { SEAL: 1, SHRINK: 2, GROW: 4, WRITE: 8, FUTURE_WRITE: 0x10, EXEC: 0x20 } as const;

/** Whether memory can be had with these flags, and then be sealed with these seals, and not before. */
function isSealed(flags: number, ...seals: number[]): boolean | Finding {
  const made = native.ipcx_probe_memory(flags);
  if (made < 0) return { value: false, note: errorIn(made) };
  using file = new Fd(made);
  for (const seal of seals) {
    const result = native.ipcx_probe_fcntl(file.number, F.ADD_SEALS, seal);
    if (result < 0) return { value: false, note: errorIn(result) };
    if ((check(native.ipcx_probe_fcntl(file.number, F.GET_SEALS, 0), "fcntl") & seal) === 0) return false;
  }
  return true;
}

/** What a sealed file says to somebody who writes to it. */
function writeToSealed(): string {
  using file = new Fd(check(native.ipcx_probe_memory(MFD_ALLOW_SEALING), "memfd_create"));
  check(native.ipcx_probe_fcntl(file.number, F.ADD_SEALS, F_SEAL.WRITE), "fcntl");
  return errorIn(native.ipcx_write(file.number, new Uint8Array(1), 1));
}

/** Memory to pass on, and what may be forbidden of it. */
export const MEMORY_FILES: readonly Probe[] = [
  {
    name: "memory-seals",
    title: "memory from memfd_create is sealed against growing, shrinking, writing and further seals",
    unit: "yes or no",
    source: "Linux 3.17: memfd_create(2), fcntl(2)",
    measure: () => isSealed(MFD_ALLOW_SEALING, F_SEAL.GROW, F_SEAL.SHRINK, F_SEAL.WRITE, F_SEAL.SEAL),
  },
  {
    name: "memory-sealed-write",
    title: "error of writing to memory that is sealed against it",
    unit: "error",
    source: "F_SEAL_WRITE in fcntl(2)",
    measure: writeToSealed,
  },
  {
    name: "memory-seal-future-write",
    title: "F_SEAL_FUTURE_WRITE seals it against all writing but through what is mapped already",
    unit: "yes or no",
    source: "Linux 5.1: fcntl(2)",
    measure: () => isSealed(MFD_ALLOW_SEALING, F_SEAL.FUTURE_WRITE),
  },
  {
    name: "memory-seal-exec",
    title: "F_SEAL_EXEC seals whether it is executable",
    unit: "yes or no",
    source: "Linux 6.3",
    measure: () => isSealed(MFD_ALLOW_SEALING, F_SEAL.EXEC),
  },
  {
    name: "memory-not-executable",
    title: "MFD_NOEXEC_SEAL makes memory that no program can be run from",
    unit: "yes or no",
    source: "Linux 6.3",
    measure: () => isSealed(MFD_NOEXEC_SEAL),
  },
  {
    name: "memory-executable",
    title: "MFD_EXEC makes memory that a program can be run from",
    unit: "yes or no",
    source: "Linux 6.3, vm.memfd_noexec",
    measure: () => isSealed(MFD_EXEC),
  },
];
