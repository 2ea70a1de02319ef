/**
 * The Debian package where systemd runs: what its scripts do to the services.
 *
 * @module
 */

import { assertEquals, assertNotEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { portableIpcx } from "../portable/binary.ts";
import { missing } from "../spawn/compiled.ts";
import { Machine, NO_MACHINE } from "./machine.ts";
import { debOf, NEXT } from "./packings.ts";

/** What the machine has of ipcx already is taken away; systemd there looks for units in /etc alone. */
const PREPARE = `set -e
umount /usr/bin/ipcx
rm -rf /usr/bin/ipcx /etc/systemd/system/ipcx-* /etc/ipcx /etc/default/ipcx-* /usr/sbin/policy-rc.d
dpkg --install --force-unsafe-io /srv/ipcx.deb
ln -s /usr/lib/systemd/system/ipcx-* /etc/systemd/system/
systemctl daemon-reload`;

const SERVICES = ["ipcx-broker.service", "ipcx-hold.service", "ipcx-proxy.service"];

async function bring(machine: Machine, deb: string): Promise<void> {
  const { status, err } = await machine.run(["sh", "-c", "cat > /srv/ipcx.deb"], { input: Deno.readFileSync(deb) });
  assertEquals([status, err], [0, ""]);
}

const states = (machine: Machine): Promise<string[]> =>
  Promise.all(SERVICES.map((name) => machine.property(name, "ActiveState")));

const pids = (machine: Machine): Promise<string[]> =>
  Promise.all(SERVICES.map((name) => machine.property(name, "MainPID")));

claim("nothing runs unasked, an upgrade restarts what runs but the holder, and removal stops all", async () => {
  const program = await portableIpcx();
  await using machine = await Machine.start();
  await bring(machine, await debOf(program));
  await machine.does("sh", "-c", PREPARE);
  assertEquals(await states(machine), ["inactive", "inactive", "inactive"]);
  assertEquals(await machine.property("ipcx-broker.socket", "ActiveState"), "inactive");

  await machine.does("systemctl", "start", "ipcx-broker.service", "ipcx-hold.service");
  const [broker, holder] = await pids(machine);
  await bring(machine, await debOf(program, NEXT));
  await machine.does("dpkg", "--install", "--force-unsafe-io", "/srv/ipcx.deb");
  assertEquals(await states(machine), ["active", "active", "inactive"]);
  const [nextBroker, nextHolder] = await pids(machine);
  assertNotEquals(nextBroker, broker);
  assertEquals(nextHolder, holder);

  await machine.does("dpkg", "--purge", "ipcx");
  assertEquals(await states(machine), ["inactive", "inactive", "inactive"]);
  for (const name of ["ipcx-broker.socket", "ipcx-broker-control.socket", "ipcx-hold.socket"]) {
    assertEquals(await machine.property(name, "ActiveState"), "inactive", name);
  }
}, { skip: NO_MACHINE || missing("dpkg-deb") || missing("deb-systemd-invoke") });
