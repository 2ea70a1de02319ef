import { assertEquals } from "@std/assert";
import { HOST } from "../../deploy/targets.ts";
import { claim, NEEDS_ROOT, ownName } from "../claim.ts";
import { missing } from "../spawn/compiled.ts";
import { EmptyRoot } from "./empty_root.ts";

const LOADER = `/lib64/${HOST.loader}`;

/** What the runtime needs of glibc beside the loader. */
const LIBRARIES = ["libc.so.6", "libm.so.6", "libdl.so.2", "librt.so.1", "libpthread.so.0"];

const skip = NEEDS_ROOT || missing("unshare") || missing("nsenter") ||
  (HOST.name === "x86_64" ? false : "the loader is elsewhere");

/** Puts what this host has into the root; without links, as what is mounted. */
function bring(names: readonly string[]): string {
  const from = (name: string) => `$(cc -print-file-name=${name})`;
  return ["mkdir -p lib64", ...names.map((name) => `cp -L ${from(name)} lib64/`)].join("; ");
}

/** Which libc a process has mapped: the path of a file, or `carried`. */
async function libcIn(root: EmptyRoot): Promise<string> {
  await using process = root.start(["broker", "--socket", ownName(), "--control", "none"]);
  await process.says("serving");
  const files = Array.from(
    Deno.readTextFileSync(`/proc/${process.child.pid}/maps`).matchAll(/\S*libc\.so\.6$|\/memfd:ipcx-library/gm),
    ([path]) => path,
  );
  return files.find((path) => path.endsWith("libc.so.6")) ?? "carried";
}

/** What the root has, and which libc is used there. */
const ROOTS: Readonly<Record<string, [script: string, libc: string]>> = {
  "all of a glibc that is new enough": [bring([HOST.loader, ...LIBRARIES]), "/lib64/libc.so.6"],
  "a loader, and nothing of what belongs to it": [bring([HOST.loader]), "carried"],
  "a glibc with a library missing": [bring([HOST.loader, ...LIBRARIES.slice(0, -1)]), "carried"],
  "an old glibc": [
    `${bring([HOST.loader, ...LIBRARIES])}; sed -i 's/ release version 2\\.[0-9]*/ release version 2.9/' .${LOADER}`,
    "carried",
  ],
  "a loader of another libc": [`${bring(LIBRARIES)}; printf musl > .${LOADER}; chmod 755 .${LOADER}`, "carried"],
  "a loader that nobody writes to": [`mkdir lib64; mkfifo .${LOADER}`, "carried"],
  "an empty file for a loader": [`${bring([HOST.loader, ...LIBRARIES])}; : > .${LOADER}`, "carried"],
};

for (const [what, [script, libc]] of Object.entries(ROOTS)) {
  claim(`in a root with ${what} it works, with ${libc === "carried" ? "its own" : "that"}`, async () => {
    await using root = await EmptyRoot.make(script);
    assertEquals(await libcIn(root), libc);
  }, { skip });
}
