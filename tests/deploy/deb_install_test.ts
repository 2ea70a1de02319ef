/**
 * The Debian package, installed into roots of its own by dpkg.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { claim, OwnDirectory } from "../claim.ts";
import { runProgram } from "../cli/program.ts";
import { portableIpcx } from "../portable/binary.ts";
import { missing } from "../spawn/compiled.ts";
import { debOf, NEXT, smallProgram } from "./packings.ts";
import { NO_SCRATCH_ROOT, ScratchRoot } from "./scratch_root.ts";
import { argumentsOf } from "./unit_file.ts";

const SCRATCH = { skip: NO_SCRATCH_ROOT };

claim("it installs where there is no systemd, and the program starts", async () => {
  using root = await ScratchRoot.make();
  await root.dpkg("--install", await debOf(await portableIpcx()));
  assertEquals(await root.run(["/usr/bin/ipcx", "--version"]), {
    status: 0,
    signal: null,
    out: `ipcx ${manifest.version}\n`,
    err: "",
  });
  const { out } = await root.run(["/usr/lib/ipcx/nsexec", "--help"]);
  assertEquals(out.slice(0, 18), "Usage: ipcx nsexec");
  assertEquals((await root.run(["/usr/bin/ipcx", "spawn", "--", "/bin/sh", "-c", "exit 7"])).status, 7);
  assertEquals((await root.dpkg("--verify", "ipcx")).out, "");
}, SCRATCH);

claim("what the units start works there, with the configuration that is installed", async () => {
  using root = await ScratchRoot.make();
  await root.dpkg("--install", await debOf(await portableIpcx()));
  const ipcx = (service: string): string[] => ["/usr/bin/ipcx", ...argumentsOf(service, {})];

  await using broker = root.start(ipcx("ipcx-broker.service"));
  await broker.says("serving");
  await using holder = root.start(ipcx("ipcx-hold.service"));
  await holder.says("serving");
  const pair = (input: string) => root.run(["/usr/bin/ipcx", "pair", "key"], { input });
  assertEquals((await Promise.all([pair("left"), pair("right")])).map(({ out }) => out), ["right", "left"]);
  const { status, err } = await root.run(["/usr/bin/ipcx", "hold", "list"]);
  assertEquals({ status, err }, { status: 0, err: "" });
  assertEquals((await broker.stop()).status, 0);
  assertEquals((await holder.stop()).status, 0);
}, SCRATCH);

claim("the gateway that is installed answers with its example", async () => {
  using directory = new OwnDirectory();
  using root = await ScratchRoot.make();
  await root.dpkg("--install", await debOf(await portableIpcx()));
  // What systemd makes for RuntimeDirectory=.
  Deno.mkdirSync(root.file("run/ipcx-proxy"));
  const front = directory.file("front");
  const through = ["systemd-socket-activate", `--listen=${front}`];
  await using proxy = root.start(["/usr/bin/ipcx", ...argumentsOf("ipcx-proxy.service", {})], { through });
  await proxy.says("Listening on");
  const { out } = await runProgram(["curl", "--silent", "--unix-socket", front, "http://localhost/hello/world"]);
  assertEquals(out, "hello world\n");
  assertEquals((await proxy.stop()).status, 0);
}, { skip: NO_SCRATCH_ROOT || missing("systemd-socket-activate") || missing("curl") });

claim("an upgrade brings the new version and keeps what was changed in /etc", async () => {
  using root = await ScratchRoot.make();
  await root.dpkg("--install", await debOf(smallProgram()));
  const rules = root.file("etc/ipcx/broker.rules");
  Deno.writeTextFileSync(rules, "deny key=*\n");
  Deno.removeSync(root.file("etc/default/ipcx-proxy"));
  await root.dpkg("--install", await debOf(smallProgram(), NEXT));
  assertEquals((await root.run(["/usr/bin/ipcx"])).out, `ipcx ${NEXT.version}\n`);
  assertEquals(Deno.readTextFileSync(rules), "deny key=*\n");
  const left = root.files().filter((path) => /^etc\/.*[^/]$/.test(path));
  assertEquals(left.filter((path) => /ipcx-proxy|dpkg/.test(path)), []);
}, SCRATCH);

claim("removed, it leaves its configuration, and purged nothing at all", async () => {
  using root = await ScratchRoot.make();
  const before = root.files();
  await root.dpkg("--install", await debOf(smallProgram()));
  const configuration = root.files().filter((path) => path.startsWith("etc/"));
  Deno.mkdirSync(root.file("var/lib/ipcx-proxy"));
  await root.dpkg("--remove", "ipcx");
  assertEquals(root.files(), [...before, ...configuration, "var/lib/ipcx-proxy/"].sort());
  await root.dpkg("--purge", "ipcx");
  assertEquals(root.files(), before);
}, SCRATCH);

claim("what programs of the gateway have kept outlives it", async () => {
  using root = await ScratchRoot.make();
  await root.dpkg("--install", await debOf(smallProgram()));
  Deno.mkdirSync(root.file("var/lib/ipcx-proxy"));
  Deno.writeTextFileSync(root.file("var/lib/ipcx-proxy/orders"), "2 pizzas");
  await root.dpkg("--purge", "ipcx");
  assertEquals(Deno.readTextFileSync(root.file("var/lib/ipcx-proxy/orders")), "2 pizzas");
}, SCRATCH);

/** What runs on this system for another root: DPKG_ROOT. */
const CHROOTLESS = "--force-script-chrootless";

claim(
  "where there is systemd its users are made, no unit is enabled, and purge takes links of units along",
  async () => {
    using root = await ScratchRoot.make();
    await root.dpkg(CHROOTLESS, "--install", await debOf(smallProgram()));
    const users = Deno.readTextFileSync(root.file("etc/passwd"));
    for (const name of ["ipcx-broker", "ipcx-hold", "ipcx-proxy"]) assertStringIncludes(users, `${name}:`);
    assertStringIncludes(Deno.readTextFileSync(root.file("etc/group")), "ipcx:");
    const links = (): string[] => root.files().filter((path) => /^etc\/systemd\/.*[^/]$/.test(path));
    assertEquals(links(), []);

    const enable = await runProgram(["systemctl", `--root=${root.path}`, "enable", "ipcx-broker.socket", "ipcx-proxy"]);
    assertEquals(enable.status, 0, enable.err);
    assert(links().length >= 3);
    await root.dpkg(CHROOTLESS, "--install", await debOf(smallProgram(), NEXT));
    assert(links().length >= 3, "an upgrade leaves enabled what was");
    await root.dpkg(CHROOTLESS, "--purge", "ipcx");
    assertEquals(links(), []);
    assertEquals(root.files().filter((path) => /ipcx/.test(path)), []);
  },
  {
    skip: NO_SCRATCH_ROOT || ["deb-systemd-helper", "systemd-sysusers", "systemctl"].map(missing).find(Boolean) ||
      false,
  },
);
