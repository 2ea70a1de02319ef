import { assert, assertEquals } from "@std/assert";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { until } from "../cli/program.ts";
import { NEEDS_CGROUP, OwnCgroup } from "../spawn/own_cgroup.ts";
import { Target } from "../spawn/target.ts";
import { serving } from "./gateway.ts";

const LONG_MS = 600_000;

const sh = (script: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  answer: "stdout",
  inject: { cmd: ["sh", "-c", script], wd: ".", timeout: LONG_MS, grace: 0 },
  ...more,
});

claim("resource limits are those of the route, or of all", async () => {
  const limits = { rlimits: { nofile: 64, core: 0 } };
  await using gateway = await serving({
    "GET /all": sh("ulimit -Sn; ulimit -Hn; ulimit -c"),
    "GET /own": sh("ulimit -Sn; ulimit -Hn; ulimit -c", { limits: { rlimits: { nofile: "32:128" } } }),
  }, { limits });
  assertEquals((await gateway.ask("/all")).text, "64\n64\n0\n");
  assertEquals((await gateway.ask("/own")).text, "32\n128\n0\n");
});

claim("a process that needs more than it may have fails alone", async () => {
  const script = "import os\nx = bytearray(400_000_000)\nprint(len(x))";
  const python = (rlimits: Record<string, unknown>) => ({
    answer: "stdout",
    inject: { cmd: ["python3", "-c", script], timeout: LONG_MS },
    limits: { rlimits },
  });
  await using gateway = await serving({ "GET /less": python({ as: "300M" }), "GET /more": python({}) });
  const { status, text } = await gateway.ask("/less");
  assertEquals([status, JSON.parse(text).detail], [502, "the program exited with 1"]);
  assertEquals((await gateway.ask("/more")).text, "400000000\n");
});

claim("a process that uses more time than it may is ended by the kernel", async () => {
  await using gateway = await serving({ "GET /": sh("while :; do :; done", { limits: { rlimits: { cpu: 1 } } }) });
  const { status, text } = await gateway.ask("/");
  assertEquals(status, 502);
  assert(/the program was ended by SIG(XCPU|KILL)/.test(text), text);
});

claim("each process has a control group of its own, gone when it is", async () => {
  await using parent = new OwnCgroup();
  const script = 'sed -n "s/^0:://p" /proc/self/cgroup; echo "$REQUEST_ID"';
  await using gateway = await serving({ "GET /": sh(script, { limits: { cgroup: { parent: parent.name } } }) });
  for (let time = 0; time < 2; time++) {
    const [group, id] = (await gateway.ask("/")).text.split("\n");
    assert(group.endsWith(`/${parent.name}/${id}`), `${group} is not that of ${id}`);
  }
  await gateway.isIdle();
  const left = Array.from(Deno.readDirSync(parent.path)).filter(({ isDirectory }) => isDirectory);
  assertEquals(left, []);
}, { skip: NEEDS_CGROUP });

claim(
  "who leaves its process group and its session does not leave its control group: it ends with the request",
  async () => {
    await using parent = new OwnCgroup();
    const script = 'trap "" TERM; setsid sh -c "trap \\"\\" TERM; echo > ready; sleep 600" & sleep 600';
    await using gateway = await serving({
      "GET /": {
        answer: "stdout",
        limits: { cgroup: { parent: parent.path } },
        inject: { cmd: ["sh", "-c", script], wd: ".", timeout: 1000, grace: 100 },
      },
    });
    const answer = await gateway.ask("/");
    assertEquals(answer.status, 504);
    assert(Deno.statSync(gateway.directory.file("ready")).isFile);
    await gateway.isIdle();
    const directories = () => Array.from(Deno.readDirSync(parent.path)).filter(({ isDirectory }) => isDirectory);
    await until(() => directories().length === 0, "a group stays");
  },
  { skip: NEEDS_CGROUP },
);

claim("a setting of a control group that cannot be made is a failure of the request, and leaves nothing", async () => {
  await using parent = new OwnCgroup();
  const cgroup = { parent: parent.path, "memory.no_such": "1" };
  await using gateway = await serving({ "GET /": sh("echo x", { limits: { cgroup } }) });
  const { status, text } = await gateway.ask("/");
  assertEquals([status, JSON.parse(text).detail], [502, "the program could not be started"]);
  assertEquals(Array.from(Deno.readDirSync(parent.path)).filter(({ isDirectory }) => isDirectory), []);
  await gateway.isIdle();
}, { skip: NEEDS_CGROUP });

claim("a process runs as the user and in the group that it is told to", async () => {
  const id = (more: Record<string, unknown>) => ({
    answer: "stdout",
    inject: { cmd: ["sh", "-c", "id -u; id -g; id -G"], wd: "/", timeout: LONG_MS, ...more },
  });
  await using gateway = await serving({
    "GET /nobody": id({ user: "nobody" }),
    "GET /group": id({ user: "nobody", group: "mail" }),
    "GET /number": id({ user: "12345", group: "23456" }),
    "GET /self": id({}),
  });
  assertEquals((await gateway.ask("/nobody")).text, "65534\n65534\n65534\n");
  assertEquals((await gateway.ask("/group")).text, "65534\n8\n8\n");
  assertEquals((await gateway.ask("/number")).text, "12345\n23456\n23456\n");
  assertEquals((await gateway.ask("/self")).text.split("\n")[0], `${Deno.uid()}`);
}, { skip: NEEDS_ROOT });

claim("a process of another user ends with its request like any other", async () => {
  await using gateway = await serving({
    "GET /": { answer: "stdout", inject: { cmd: ["sleep", "600"], user: "nobody", timeout: 300, grace: 0 } },
  });
  assertEquals((await gateway.ask("/")).status, 504);
  await gateway.isIdle();
}, { skip: NEEDS_ROOT });

claim("a process is in the namespaces that it is told to be in", async () => {
  await using target = await Target.start(["net", "uts"]);
  const script = "readlink /proc/self/ns/net /proc/self/ns/uts";
  const inside = (namespaces: Record<string, unknown>) => ({
    answer: "stdout",
    inject: { cmd: ["sh", "-c", script], timeout: LONG_MS, namespaces },
  });
  const [net, uts] = ["net", "uts"].map((kind) => `/proc/${target.pid}/ns/${kind}`);
  await using gateway = await serving({
    "GET /paths": inside({ net, uts }),
    "GET /some": inside({ target: target.pid, net: true }),
    "GET /none": sh(script),
  });
  const ask = async (path: string) => (await gateway.ask(path)).text.trimEnd().split("\n");
  const own = ["net", "uts"].map((kind) => Deno.readLinkSync(`/proc/self/ns/${kind}`));
  const other = [net, uts].map((path) => Deno.readLinkSync(path));
  assertEquals(await ask("/none"), own);
  assertEquals(await ask("/paths"), other);
  assertEquals(await ask("/some"), [other[0], own[1]]);
}, { skip: NEEDS_ROOT });

claim("namespaces that have gone are a failure of the request", async () => {
  const target = await Target.start(["net"]);
  const namespaces = { net: `/proc/${target.pid}/ns/net` };
  await using gateway = await serving({
    "GET /": { answer: "stdout", inject: { cmd: ["echo", "x"], timeout: LONG_MS, namespaces } },
  });
  assertEquals((await gateway.ask("/")).text, "x\n");
  await target[Symbol.asyncDispose]();
  const { status, text } = await gateway.ask("/");
  assertEquals(status, 502);
  assert(JSON.parse(text).detail.startsWith("the program could not be started"), text);
  await gateway.isIdle();
}, { skip: NEEDS_ROOT });
