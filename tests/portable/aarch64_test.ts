/**
 * The single binary for aarch64, run by qemu-user: what does not need the system
 * calls that this lacks (tests/ffi/not_emulated.ts).
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { makePortable } from "../../deploy/portable/portable.ts";
import { targetNamed } from "../../deploy/targets.ts";
import { claim } from "../claim.ts";
import { Process, type ProcessOptions } from "../cli/program.ts";
import { emulated, IS_EMULATED, TARGET, withoutEmulator } from "../ffi/emulator.ts";

const folder = Deno.makeTempDirSync({ prefix: "ipcx-aarch64-" });
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const path = `${folder}/ipcx`;

/** Makes the binary: why it cannot be had, or `false`. */
async function make(): Promise<string | false> {
  const without = withoutEmulator();
  if (without) return without;
  const build = new URL("../../ffi/build.ts", import.meta.url).pathname;
  const { success, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-lock", "--allow-all", build, "--target", TARGET],
  }).outputSync();
  assert(success, new TextDecoder().decode(stderr));
  try {
    await makePortable(targetNamed(TARGET), path, undefined, () => {});
    return false;
  } catch (error) {
    if (/^npm has no /.test((error as Error).message)) return (error as Error).message;
    throw error;
  }
}

const skip = await make();

function ipcx(args: readonly string[], options: ProcessOptions = {}): Process {
  const [command, all] = emulated(path, args);
  return new Process([command, ...all], options);
}

claim("the single binary for aarch64 starts, and needs no library of the host", async () => {
  const { status, out, err } = await ipcx(["--version"]).ended();
  assertEquals([status, err], [0, ""]);
  assertMatch(out, /^ipcx \d+\.\d+\.\d+\n$/);
}, { skip });

/** What the doctor tries out by system calls that qemu-user has. */
const TRIED = ["library", "unix-sockets", "memory", "datagram-queue", "send-buffer", "pipes"];

claim("on aarch64 the library is loaded, and sockets, descriptors and memory work", async () => {
  const only = TRIED.flatMap((name) => ["--only", name]);
  const { status, out, err } = await ipcx(["doctor", ...only]).ended();
  assertEquals([status, err], [0, ""], out);
  assertEquals(out.match(/^ok +[\w-]+/gm)?.map((line) => line.replace(/^ok +/, "")), TRIED, out);
}, { skip });

claim("what qemu-user cannot do is said by name, as on any host without it", async () => {
  const { status, err } = await ipcx(["spawn", "--", "/bin/true"]).ended();
  assertEquals(status, 1);
  assertMatch(err, /^ipcx spawn: clone3?\b.*\(E\w+\)/);
}, { skip: skip || (!IS_EMULATED && "this is a real machine") });
