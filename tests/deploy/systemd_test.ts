import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { requestPair } from "../../src/broker/request_pair.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { fetchOver } from "../../src/core/fetch_over.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { Manager } from "../cli/manager.ts";
import { IPCX, ipcx, Process, type ProcessOptions, ROOT, runProgram, startIpcx } from "../cli/program.ts";
import { missing } from "../spawn/compiled.ts";
import { argumentsOf, readUnit, settingOf, UNIT_NAMES, UNITS } from "./unit_file.ts";

const ETC = `${ROOT}deploy/etc`;
const SERVICES = UNIT_NAMES.filter((name) => name.endsWith(".service"));
const NEEDS_ANALYZE = { skip: missing("systemd-analyze") };
const NEEDS_ACTIVATE = { skip: missing("systemd-socket-activate") };

/** The units with a program that is there; what is put into the service of the broker comes last. */
function unitsIn(directory: OwnDirectory, more = ""): string[] {
  Deno.writeTextFileSync(directory.file("ipcx"), "#!/bin/sh\n", { mode: 0o755 });
  for (const name of UNIT_NAMES) {
    const text = Deno.readTextFileSync(`${UNITS}/${name}`).replaceAll("/usr/bin/ipcx", directory.file("ipcx"));
    Deno.writeTextFileSync(directory.file(name), name === "ipcx-broker.service" ? `${text}\n${more}` : text);
  }
  return UNIT_NAMES.map((name) => directory.file(name));
}

async function verified(units: readonly string[]): Promise<string> {
  const { status, err } = await runProgram(["systemd-analyze", "verify", "--man=no", ...units], {
    env: { SYSTEMD_LOG_LEVEL: "warning" },
  });
  return status === 0 ? err : `${err}exit status ${status}`;
}

claim("systemd has nothing to say against the units", async () => {
  using directory = new OwnDirectory();
  assertEquals(await verified(unitsIn(directory)), "");
}, NEEDS_ANALYZE);

claim("it would have, against a setting that there is not", async () => {
  using directory = new OwnDirectory();
  assertStringIncludes(await verified(unitsIn(directory, "[Service]\nProtectHoome=yes\n")), "ProtectHoome");
}, NEEDS_ANALYZE);

/** What `systemd-analyze security` may find at most, in tenths: 0 is no exposure at all, 100 all of it. */
const EXPOSURE: Readonly<Record<string, number>> = {
  "ipcx-broker.service": 10,
  "ipcx-hold.service": 10,
  "ipcx-proxy.service": 20,
};

claim("what a service could do to the system is little, by systemd's own count", async () => {
  assertEquals(Object.keys(EXPOSURE).sort(), SERVICES);
  for (const [name, threshold] of Object.entries(EXPOSURE)) {
    const command = ["systemd-analyze", "security", "--offline=true", "--no-pager", `--threshold=${threshold}`];
    const { status, out } = await runProgram([...command, `${UNITS}/${name}`]);
    assertEquals(status, 0, out.trimEnd().split("\n").at(-1));
  }
}, NEEDS_ANALYZE);

claim("all services are of the same make, where their jobs do not differ", () => {
  const common = (name: string): string[] => {
    const [job] = /(?<=ipcx-)\w+/.exec(name)!;
    return readUnit(name).map(([key, value]) =>
      `${key}=${value}`.replaceAll(`ipcx-${job}`, "ipcx-JOB").replaceAll(job.toUpperCase(), "JOB")
    );
  };
  const differences = /ExecStart|Requires|After|Description|Documentation|Also|User|Group|Capab/;
  const [broker, hold] = ["ipcx-broker.service", "ipcx-hold.service"].map((name) =>
    common(name).filter((line) => !differences.test(line))
  );
  assertEquals(hold, broker);
  const proxy = new Set(common("ipcx-proxy.service"));
  const open = broker.filter((line) => !proxy.has(line)).map((line) => line.replace("Service.", ""));
  assertEquals(open, [
    "ProcSubset=pid",
    "PrivateNetwork=yes",
    "RestrictAddressFamilies=AF_UNIX",
    "IPAddressDeny=any",
    "SystemCallFilter=~@privileged @resources",
  ]);
});

claim(
  "what systemd.exec(5) has for nobody who compiles at run time, or knows clients by their ids, is left alone",
  () => {
    for (const name of SERVICES) {
      const keys = readUnit(name).map(([key]) => key);
      for (const key of ["MemoryDenyWriteExecute", "PrivateUsers"]) assert(!keys.includes(`Service.${key}`), name);
    }
  },
);

claim("every user and group of the units is made by the package", () => {
  const made = Deno.readTextFileSync(`${ROOT}deploy/sysusers.d/ipcx.conf`);
  const named = UNIT_NAMES.flatMap((name) =>
    readUnit(name).filter(([key]) => /\.(User|Group|SocketUser|SocketGroup)$/.test(key)).map(([, value]) => value)
  );
  assertEquals([...new Set(named)].sort(), ["ipcx", "ipcx-broker", "ipcx-hold", "ipcx-proxy"]);
  for (const name of named) assert(new RegExp(`^[gu] ${name} `, "m").test(made), name);
});

claim("every file that a service reads is in deploy/", () => {
  for (const name of SERVICES) {
    const [, file] = /(?:--access-file|--config) \/etc\/ipcx\/(\S+)/.exec(settingOf(name, "Service.ExecStart")[0])!;
    Deno.statSync(`${ETC}/${file}`);
    const [environment] = settingOf(name, "Service.EnvironmentFile");
    const [, options] = /^-\/etc\/default\/(\S+)$/.exec(environment)!;
    const [variable] = settingOf(name, "Service.Environment");
    assert(Deno.readTextFileSync(`${ROOT}deploy/default/${options}`).split("\n").includes(variable), name);
    assert(settingOf(name, "Service.ExecStart")[0].endsWith(` $${variable.slice(0, -1)}`), name);
  }
});

claim("the configuration of the gateway is sound", async () => {
  const { status, out, err } = await ipcx(["proxy", "--check", "--config", `${ETC}/urocket.yaml`]);
  assertEquals([status, err], [0, ""]);
  assertStringIncludes(out, "/hello/{name}");
});

/** Starts a program as systemd does that listens at UNIX sockets for it. */
function activated(sockets: Readonly<Record<string, string>>, ...options: string[]): ProcessOptions {
  const listen = Object.values(sockets).map((address) => `--listen=${address}`);
  const cache = Deno.env.has("DENO_DIR") ? ["--setenv=DENO_DIR"] : [];
  const names = `--fdname=${Object.keys(sockets).join(":")}`;
  return { through: ["systemd-socket-activate", ...listen, names, ...cache, ...options] };
}

claim("the broker takes both sockets from systemd-socket-activate, by their names", async () => {
  using directory = new OwnDirectory();
  const [main, control] = ["main", "control"].map((name) => directory.file(name));
  const args = argumentsOf("ipcx-broker.service", { "/etc/ipcx": ETC });
  const [name] = settingOf("ipcx-broker-control.socket", "Socket.FileDescriptorName");
  await using broker = startIpcx(args, activated({ "ipcx-broker.socket": main, [name]: control }));
  await broker.says("Listening on", 2);
  // The first connection starts it.
  const ends = await Promise.all([requestPair({ address: main, key: "k" }), requestPair({ address: main, key: "k" })]);
  for (const end of ends) end.close();
  const { out } = await ipcx(["brokerctl", "-c", control, "status", "--json"]);
  assertEquals([JSON.parse(out).sockets, JSON.parse(out).paired], [[main], 1]);
  assertEquals((await broker.stop()).status, 0);
}, NEEDS_ACTIVATE);

claim("the holder takes its own socket and what it is to hold", async () => {
  using directory = new OwnDirectory();
  const control = directory.file("control");
  const args = argumentsOf("ipcx-hold.service", { "/etc/ipcx": ETC });
  const sockets = { [settingOf("ipcx-hold.socket", "Socket.FileDescriptorName")[0]]: control };
  await using holder = startIpcx(args, activated(sockets, "--seqpacket"));
  await holder.says("Listening on");
  assertEquals((await ipcx(["hold", "list", "--json", "-s", control])).out, "[]\n");
  assertEquals((await holder.stop()).status, 0);
}, NEEDS_ACTIVATE);

/** The configuration that is installed, with places of its own. */
function gatewayIn(directory: OwnDirectory): string[] {
  const text = Deno.readTextFileSync(`${ETC}/urocket.yaml`);
  const own = text.replaceAll("/run/ipcx-proxy", directory.path).replace("port: 8080", "port: 0").replace(
    "timeout: 5s",
    "timeout: 1m",
  );
  Deno.writeTextFileSync(directory.file("urocket.yaml"), own);
  return argumentsOf("ipcx-proxy.service", { "/etc/ipcx": directory.path });
}

claim("the gateway takes the front from systemd-socket-activate", async () => {
  using directory = new OwnDirectory();
  const front = directory.file("front");
  const args = gatewayIn(directory);
  await using proxy = startIpcx(args, activated({ "ipcx-proxy.socket": front }));
  await proxy.says("Listening on");
  const response = await fetchOver(await UnixSocket.connect(front), "/hello/world");
  assertEquals([response.status, await response.text()], [200, "hello world\n"]);
  assertEquals((await proxy.stop()).status, 0);
}, NEEDS_ACTIVATE);

/** What a manager is told by a service that is started by its unit, reloads and stops. */
async function tellsItsLife(service: string, args: string[], options: ProcessOptions): Promise<void> {
  using manager = new Manager(ownName());
  const [seconds] = settingOf(service, "Service.WatchdogSec");
  const env = { ...manager.env, WATCHDOG_USEC: `${Number(seconds) * 1e5}` }; // A tenth of it: this is soon enough over.
  await using process = new Process([...IPCX, ...args], { ...options, env });
  const { READY, STATUS } = await manager.hear();
  assertEquals([READY, /^(serving|holding) /.test(STATUS)], ["1", true]);
  const said = [];
  process.kill("SIGHUP");
  for (let times = 0; times < 2; said.push(...Object.keys(await manager.hear()))) times++;
  assertEquals(said, ["RELOADING", "MONOTONIC_USEC", "READY"]);
  while (!("WATCHDOG" in await manager.hear()));
  process.kill("SIGTERM");
  let last = await manager.hear();
  while ("WATCHDOG" in last) last = await manager.hear();
  assertEquals(last, { STOPPING: "1" });
  assertEquals((await process.ended()).status, 0);
}

claim("each service tells what its Type and WatchdogSec promise", async () => {
  using directory = new OwnDirectory();
  for (const service of SERVICES) assertEquals(settingOf(service, "Service.Type"), ["notify"]);
  const python = `
import os, socket, sys
kind, path = sys.argv[1:3]
own = socket.socket(socket.AF_UNIX, getattr(socket, kind))
own.bind(path)
own.listen()
os.dup2(os.dup2(own.fileno(), 100), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="control" if kind != "SOCK_STREAM" else "s")
os.execvp(sys.argv[3], sys.argv[3:])`;
  const through = (kind: string): ProcessOptions => ({
    through: ["python3", "-c", python, kind, directory.file(kind)],
  });
  const at = { "/etc/ipcx": ETC };
  await Promise.all([
    tellsItsLife("ipcx-broker.service", argumentsOf("ipcx-broker.service", at), through("SOCK_STREAM")),
    tellsItsLife("ipcx-hold.service", argumentsOf("ipcx-hold.service", at), through("SOCK_SEQPACKET")),
    tellsItsLife("ipcx-proxy.service", gatewayIn(directory), {}),
  ]);
});
