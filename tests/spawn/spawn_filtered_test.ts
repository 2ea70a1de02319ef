import { assertEquals, assertStringIncludes } from "@std/assert";
import { claim, OwnDirectory } from "../claim.ts";
import { ipcx, type ProcessOptions, ROOT, runProgram } from "../cli/program.ts";
import { compiled } from "./compiled.ts";

/** As in containers of Docker and Kubernetes, and in services with RestrictNamespaces=. */
function filtered(): ProcessOptions {
  return { through: [compiled("refuse_clone3.c")] };
}

claim("where a filter refuses clone3, as in containers, programs are started all the same", async () => {
  const { status, out, err } = await ipcx(["spawn", "--", "sh", "-c", "echo it runs; exit 7"], filtered());
  assertEquals([status, out, err], [7, "it runs\n", ""]);
  assertEquals((await ipcx(["spawn", "--", "/nowhere/at/all"], filtered())).status, 127);
});

claim("only to begin in a cgroup is refused there, and it is said why", async () => {
  using directory = new OwnDirectory();
  const program = [Deno.execPath(), "run", "-A", "--quiet", `${ROOT}tests/spawn/programs/into_cgroup.ts`];
  const { out } = await runProgram([...program, directory.path], filtered());
  assertStringIncludes(out, "(ENOSYS); a filter of system calls is in force, as in many containers");
});
