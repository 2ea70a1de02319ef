import { assertEquals, assertStringIncludes } from "@std/assert";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { Process, ROOT, runProgram, until } from "../cli/program.ts";
import { portableIpcx } from "../portable/binary.ts";
import { compiled, missing } from "../spawn/compiled.ts";

/** The instructions of the container file, as they are there. */
function instructions(): Map<string, string> {
  const lines = Deno.readTextFileSync(`${ROOT}deploy/Containerfile`).split("\n");
  return new Map(lines.filter((line) => /^[A-Z]/.test(line)).map((line) => line.split(/ (.*)/) as [string, string]));
}

const NEEDS_NAMESPACES = { skip: NEEDS_ROOT || missing("unshare") };

/** What starts a command in such a container, with the image's own user and entry point. */
async function entered(directory: OwnDirectory): Promise<string[]> {
  const entry: string[] = JSON.parse(instructions().get("ENTRYPOINT")!);
  const script = `${import.meta.dirname}/programs/container.sh`;
  const program = [directory.path, await portableIpcx(), compiled("refuse_clone3.c")];
  const namespaces = ["--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child"];
  return ["unshare", ...namespaces, "sh", script, ...program, instructions().get("USER")!, ...entry];
}

claim("the container file puts one file where the entry point is, and is nobody in particular", () => {
  const found = instructions();
  assertEquals(found.get("ARG"), "BASE=scratch");
  assertEquals(found.get("FROM"), "${BASE}");
  assertEquals(found.get("COPY"), "--chmod=0755 ipcx /usr/bin/ipcx");
  assertEquals([found.get("USER"), found.get("ENTRYPOINT")], ["65534:65534", '["/usr/bin/ipcx"]']);
  assertEquals([...found.keys()], ["ARG", "FROM", "COPY", "USER", "ENTRYPOINT"]);
});

claim("in a root of nothing but that file, which cannot be written to, it runs", async () => {
  using directory = new OwnDirectory();
  const { status, out, err } = await runProgram([...await entered(directory), "--version"]);
  assertEquals([status, err], [0, ""]);
  assertStringIncludes(out, "ipcx ");
}, NEEDS_NAMESPACES);

claim("so does the broker as process 1, where its probe finds it, until it is told to stop", async () => {
  using directory = new OwnDirectory();
  const command = [...await entered(directory), "broker", "--socket=/run/s", "--control=/run/control"];
  await using unshare = new Process(command);
  await unshare.says('"serving"');
  const { pid } = unshare.child;
  const first = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();
  const inside = ["nsenter", `--target=${first}`, "--mount", "--pid", "--root", "--wd", "/usr/bin/ipcx"];
  const probe = await runProgram([...inside, "brokerctl", "--control=/run/control", "status"]);
  assertEquals(probe.status, 0, probe.err);
  assertStringIncludes(probe.out, "pid              1\n");
  const clients = ["--server", "--client"].map((mode) =>
    runProgram([...inside, "pair", "k", mode, "-n", "-s", "/run/s"])
  );
  for (const { status, err } of await Promise.all(clients)) assertEquals([status, err], [0, ""]);
  Deno.kill(Number(first), "SIGTERM");
  await until(() => unshare.err.includes('"stopping"'), "it does not stop");
  assertEquals((await unshare.ended()).status, 0);
}, NEEDS_NAMESPACES);

claim("programs are started there, though a filter refuses clone3", async () => {
  using directory = new OwnDirectory();
  const { status, out, err } = await runProgram([
    ...await entered(directory),
    "spawn",
    "--",
    "/usr/bin/ipcx",
    "--version",
  ]);
  assertEquals([status, err], [0, ""]);
  assertStringIncludes(out, "ipcx ");
}, NEEDS_NAMESPACES);
