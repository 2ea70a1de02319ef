import { assert } from "@std/assert";
import { nativeFiles } from "../../deploy/native_files.ts";
import { targetNamed } from "../../deploy/targets.ts";
import { claim } from "../claim.ts";
import { runProgram } from "../cli/program.ts";
import { missing } from "../spawn/compiled.ts";

const OTHER = targetNamed(Deno.build.arch === "aarch64" ? "x86_64" : "aarch64");
const FFI = new URL("../../ffi/", import.meta.url).pathname;
const LIBRARY = `${FFI}build/${OTHER.name}/libipcx.so`;

claim("what is packed for another processor is compiled again if it is older than its sources", async () => {
  const build = ["run", "--quiet", "--no-lock", "--allow-all", `${FFI}build.ts`, "--target", OTHER.name];
  await runProgram([Deno.execPath(), ...build]);
  Deno.utimeSync(LIBRARY, 1, 1);
  assert(nativeFiles(OTHER).library.length > 0);
  assert(Deno.statSync(LIBRARY).mtime!.getTime() > 1000, "it is the old one");
}, { skip: missing(OTHER.compiler) });
