/** Makes memory until there are no descriptors left, and tells what is mapped that nobody has. */
import type { SystemError } from "../../../src/core/errors.ts";
import { SharedMemory } from "../../../src/core/shared_memory.ts";
import { openRuntimesOwn } from "../open_descriptors.ts";

const mappings = (): number => Deno.readTextFileSync("/proc/self/maps").split("/memfd:ipcx").length - 1;

openRuntimesOwn();
const memories: SharedMemory[] = [];
let failure: SystemError;
for (;;) {
  try {
    memories.push(SharedMemory.create(1));
  } catch (error) {
    failure = error as SystemError;
    break;
  }
}
// One is given back, so that the mappings can be read.
memories.pop()!.close();
const unaccounted = mappings() - memories.length;
console.log(JSON.stringify({ code: failure.code, syscall: failure.syscall, unaccounted }));
for (const memory of memories) memory.close();
