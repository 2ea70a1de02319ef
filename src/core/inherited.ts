/**
 * The descriptors that this process was started with.
 *
 * @module
 */

import { native } from "./native.ts";

/** The first number behind standard input, output and error. */
const FIRST = 3;

/**
 * Lists what this process was started with beyond its standard streams.
 *
 * @returns The descriptors that are not close-on-exec, as all of the runtime's and of this library's are.
 */
export function inheritedDescriptors(): number[] {
  return Array.from(Deno.readDirSync("/proc/self/fd"), ({ name }) => Number(name))
    .filter((number) => number >= FIRST && native.ipcx_is_close_on_exec(number) === 0)
    .sort((one, other) => one - other);
}
