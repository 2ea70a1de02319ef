/** Says why a process could not be started in the cgroup that is named. */
import { spawn } from "../../../src/spawn/mod.ts";

try {
  spawn({ command: "true", cgroup: Deno.args[0] });
} catch (error) {
  console.log((error as Error).message);
}
