import { assertEquals, assertMatch } from "@std/assert";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { ROOT, runProgram } from "../cli/program.ts";
import { missing } from "./compiled.ts";
import { lives } from "./managed.ts";

const EXAMPLE = [Deno.execPath(), "run", "--quiet", "--allow-all", `${ROOT}examples/rpc_in_namespaces.ts`];

claim("the example talks to a server in another process's mount, pid and network namespaces", async () => {
  using directory = new OwnDirectory();
  const { status, out, err } = await runProgram(EXAMPLE, { env: { TMPDIR: directory.path } });
  assertEquals([status, err], [0, ""], out);

  const container = /^1\. A container: process (\d+), with mount, pid and network namespaces/m.exec(out);
  const server = /^ {3}process (\d+) here, process (\d+) there$/m.exec(out);
  assertMatch(out, /^3\. It answers HTTP at @ipcx-rpc-\d+-server$/m);
  const ownNetwork = Deno.readLinkSync("/proc/self/ns/net");
  const [, pid, network] = /^ {3}pid (\d+)\n {3}net (net:\[\d+\])\n {3}name Connection refused$/m.exec(out)!;
  assertEquals(pid, server![2], "it knows itself by the number that it has there");
  assertEquals(network === ownNetwork, false);
  assertMatch(out, /^ {3}file a file of the container$/m);
  assertMatch(out, /^ {3}server \| serving$/m);
  assertMatch(out, /^ {3}connect @ipcx-rpc-\d+-server: Connection refused \(ECONNREFUSED\)/m);
  const verdict = out.trimEnd().split("\n").at(-1)!;
  assertEquals(verdict.match(/true|false/g), ["true", "true", "true", "true"]);

  assertEquals([container![1], server![1]].filter((pid) => lives(Number(pid))), [], "no process is left");
  assertEquals(Array.from(Deno.readDirSync(directory.path)), [], "no file is left");
}, { skip: NEEDS_ROOT || missing("cc") || missing("unshare") });

claim("without root the example says what it takes", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o777);
  const through = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const { status, out, err } = await runProgram(EXAMPLE, { through, env: { DENO_DIR: directory.path } });
  assertEquals([status, out], [1, ""]);
  assertEquals(err, "this example makes namespaces and joins them: run it as root\n");
}, { skip: NEEDS_ROOT || missing("setpriv") });
