import { assert, assertEquals } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { COMMANDS } from "../../src/cli/table.ts";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { missing } from "../spawn/compiled.ts";
import { EmptyRoot, WITH_NULL } from "./empty_root.ts";
import { JOBS, NEED_NULL, told } from "./empty_root_jobs.ts";

const skip = NEEDS_ROOT || missing("unshare") || missing("nsenter");

claim("each command that there is has a job in an empty root", () => {
  assertEquals(COMMANDS.map(({ name }) => name).sort(), Object.keys(JOBS).sort());
});

for (const name of Object.keys(JOBS)) {
  claim(`in a root that holds nothing else, ipcx ${name} does its job`, async () => {
    await using root = await EmptyRoot.make(NEED_NULL.includes(name) ? WITH_NULL : "");
    await JOBS[name](root);
    assertEquals(told(await root.run([name, "--help"])).split(/\s/).slice(0, 3), ["Usage:", "ipcx", name]);
  }, { skip: skip || (name === "proxy" && missing("curl")) });
}

claim("in a root that holds nothing else, ipcx tells its version and all commands", async () => {
  await using root = await EmptyRoot.make();
  assertEquals(told(await root.run(["--version"])), `ipcx ${manifest.version}\n`);
  const help = told(await root.run(["--help"]));
  for (const { name } of COMMANDS) assert(help.includes(`  ${name} `), name);
}, { skip });
