/**
 * Starts readlink in namespaces and says in which it was, or why it could not:
 * for callers of other users, or in other namespaces, than the test itself.
 */
import { SystemError } from "../../../src/core/errors.ts";
import type { SpawnOptions } from "../../../src/spawn/mod.ts";
import { outputOf } from "../output.ts";

const [namespaces, more = {}] = Deno.args.map((text) => JSON.parse(text));
const kinds = ["mnt", "pid", "net", "ipc", "uts", "user", "cgroup", "time"];
const options: SpawnOptions = {
  command: "readlink",
  args: kinds.map((kind) => `/proc/self/ns/${kind}`),
  namespaces,
  ...more,
};
try {
  const { out, err, status } = await outputOf(options);
  console.log(JSON.stringify({ out, err, code: status.code }));
} catch (error) {
  if (!(error instanceof SystemError)) throw error;
  console.log(JSON.stringify({ code: error.code, syscall: error.syscall, message: error.message }));
}
