/**
 * The single binary in a root that holds nothing but itself.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { CHECK_NAMES, type Finding } from "ipcx";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { runProgram } from "../cli/program.ts";
import { portableIpcx } from "../portable/binary.ts";
import { missing } from "../spawn/compiled.ts";

/** Makes such a root at $1, puts $2 into it, and runs that there. */
const SCRIPT = `
root=$1 program=$2; shift 2
mount -t tmpfs none "$root" && mkdir "$root/proc" && touch "$root/ipcx" &&
mount --bind "$program" "$root/ipcx" && mount --rbind /proc "$root/proc" && exec chroot "$root" /ipcx "$@"
`;

claim("in a root that holds nothing but ipcx and /proc, what is not there is told, and all else is well", async () => {
  using directory = new OwnDirectory();
  const program = await portableIpcx();
  const command = ["unshare", "--mount", "sh", "-c", SCRIPT, "sh", directory.path, program, "doctor", "--json"];
  const { status, out, err } = await runProgram(command);
  assertEquals({ status, err }, { status: 1, err: "" });
  const findings: Finding[] = JSON.parse(out);
  assertEquals(findings.map(({ name }) => name), [...CHECK_NAMES]);
  const failing = findings.filter(({ state }) => state === "fails").map(({ name, found }) => `${name}: ${found}`);
  assertEquals(failing, ["devices: /dev/null: ENOENT", "runtime-directory: /run: ENOENT"]);
  assertEquals(findings[0].found, `ipcx in one file, on Deno ${Deno.version.deno}, every byte as it was made`);
}, { skip: NEEDS_ROOT || missing("unshare") || missing("chroot") });
