/**
 * The units as a real systemd starts them, with every restriction in force.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { claim } from "../claim.ts";
import { until } from "../cli/program.ts";
import { read } from "../documents.ts";
import { Machine, NO_MACHINE } from "./machine.ts";

const BOOTED = { skip: NO_MACHINE && `needs a systemd of its own: ${NO_MACHINE}` };

/** What a filter does not let through ends the service, instead of being an error that might go unnoticed. */
const STRICT = Object.fromEntries(
  ["broker", "hold", "proxy"].map((name) => [
    `systemd/system/ipcx-${name}.service.d/strict.conf`,
    "[Service]\nSystemCallErrorNumber=kill\nRestart=no\n",
  ]),
);

/** The examples of docs/services.md, by their places below /etc. */
const EXAMPLES = Object.fromEntries(
  Array.from(
    read("docs/services.md").matchAll(/^```ini\n# \/etc\/(\S+)\n([^`]*)^```/gm),
    ([, path, text]) => [path, text],
  ),
);

/** Those whose path has this in it. */
const examples = (part: RegExp): Record<string, string> =>
  Object.fromEntries(Object.entries(EXAMPLES).filter(([path]) => part.test(path)));

/** Two clients that meet. */
async function pair(machine: Machine, ...as: string[]): Promise<string[]> {
  const clients = ["left", "right"].map((word) =>
    machine.run(["sh", "-c", `echo ${word} | ipcx pair key -s /run/one.socket`], { through: as })
  );
  return (await Promise.all(clients)).map(({ out, err }) => `${out}${err}`.trim());
}

const as = (user: string, ...groups: string[]): string[] => [
  "setpriv",
  `--reuid=${user}`,
  "--regid=nogroup",
  ...(groups.length > 0 ? [`--groups=${groups}`] : ["--clear-groups"]),
];

claim("the first client starts the broker, which may do nothing but its job, and pairs", async () => {
  await using machine = await Machine.start(STRICT);
  await machine.does("systemctl", "start", "ipcx-broker.socket", "ipcx-broker-control.socket");
  assertEquals(await machine.property("ipcx-broker.service", "ActiveState"), "inactive");
  assertEquals(await pair(machine), ["right", "left"]);
  assertEquals(await machine.property("ipcx-broker.service", "StatusText"), "serving /run/one.socket");

  const pid = await machine.property("ipcx-broker.service", "MainPID");
  const status = await machine.does("cat", `/proc/${pid}/status`);
  const uid = (await machine.does("id", "-u", "ipcx-broker")).trim();
  for (const line of [`Uid:\t${uid}\t`, "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"]) {
    assertStringIncludes(status, line);
  }
  assertStringIncludes(await machine.does("ipcx", "brokerctl", "status"), "paired           1");

  await machine.does("systemctl", "stop", "ipcx-broker.socket", "ipcx-broker-control.socket", "ipcx-broker.service");
  assertEquals(await machine.property("ipcx-broker.service", "Result"), "success");
  assertEquals(await machine.does("sh", "-c", "ls /run | grep one.socket || true"), "");
}, BOOTED);

claim("the group may connect and others not, and the rules go by the real uids", async () => {
  await using machine = await Machine.start(STRICT);
  await machine.does("systemctl", "start", "ipcx-broker.socket");
  assertEquals(await pair(machine, ...as("daemon", "ipcx")), ["right", "left"]);
  for (const complaint of await pair(machine, ...as("daemon"))) assertStringIncludes(complaint, "EACCES");

  await machine.write("/etc/ipcx/broker.rules", "deny uid=daemon\n");
  await machine.does("systemctl", "reload", "ipcx-broker");
  await until(async () => (await machine.logs()).includes('"reloaded"'), "it is not reloaded");
  for (const complaint of await pair(machine, ...as("daemon", "ipcx"))) {
    assertStringIncludes(complaint, "without giving a socket");
  }
  assertEquals(await pair(machine, ...as("games", "ipcx")), ["right", "left"]);
}, BOOTED);

claim("options from /etc/default are taken", async () => {
  await using machine = await Machine.start(STRICT);
  await machine.write("/etc/default/ipcx-broker", 'BROKER_OPTIONS=--max-waiting-per-key 7 --log-level "debug"\n');
  await machine.does("systemctl", "start", "ipcx-broker");
  const { limits, logLevel } = JSON.parse(await machine.does("ipcx", "brokerctl", "--json", "status"));
  assertEquals([limits.maxWaitingPerKey, logLevel], [7, "debug"]);
}, BOOTED);

claim("a broker that is killed or hangs is started again, and who connects meanwhile waits for it", async () => {
  await using machine = await Machine.start({
    "systemd/system/ipcx-broker.service.d/soon.conf": "[Service]\nWatchdogSec=3\n[Unit]\nStartLimitIntervalSec=0\n",
  });
  await machine.does("systemctl", "start", "ipcx-broker");
  for (const signal of ["KILL", "STOP"]) {
    const before = await machine.property("ipcx-broker.service", "MainPID");
    await machine.does("kill", `-${signal}`, before);
    assertEquals(await pair(machine), ["right", "left"], signal);
    assert(await machine.property("ipcx-broker.service", "MainPID") !== before, signal);
  }
}, BOOTED);

claim("the gateway starts programs under its restrictions, answers, and stops in order", async () => {
  await using machine = await Machine.start(STRICT);
  const config = `
address: 127.0.0.1
port: 8080
admin: { address: /run/ipcx-proxy/admin.sock }
socketpath: /run/ipcx-proxy/reply.sock
paths:
  /print: { get: { answer: stdout, inject: { timeout: 1m, cmd: [sh, -c, "id -un; pwd; touch kept; ls"] } } }
  /reply:
    get:
      reply_from: descendants
      inject: { timeout: 1m, cmd: [sh, -c, 'curl -s --unix-socket "$REPLY_SOCKET" "$REPLY_URL" -d replied'] }
  /outside: { get: { answer: stdout, inject: { timeout: 1m, cmd: [sh, -c, "touch /etc/x 2>&1; ls /home /root 2>&1; true"] } } }
`;
  await machine.write("/etc/ipcx/urocket.yaml", config);
  await machine.does("systemctl", "start", "ipcx-proxy");
  const ask = (path: string): Promise<string> => machine.does("curl", "-s", `http://127.0.0.1:8080${path}`);
  assertEquals(await ask("/print"), "ipcx-proxy\n/var/lib/ipcx-proxy\nkept\n");
  assertEquals(await ask("/reply"), "replied");
  const outside = await ask("/outside");
  for (const word of ["Read-only file system", "Permission denied"]) assertStringIncludes(outside, word);
  const ready = ["--unix-socket", "/run/ipcx-proxy/admin.sock", "http://localhost/readyz"];
  assertEquals(await machine.does("curl", "-s", ...ready), "ready\n");

  await machine.write("/etc/ipcx/urocket.yaml", config.replace("/print", "/tell"));
  await machine.does("systemctl", "reload", "ipcx-proxy");
  await until(async () => (await ask("/tell")).startsWith("ipcx-proxy\n"), "it is not reloaded");
  await machine.does("systemctl", "stop", "ipcx-proxy");
  assertEquals(await machine.property("ipcx-proxy.service", "Result"), "success");
}, BOOTED);

claim("with the drop-in of the page, programs of a gateway run as the users that are said", async () => {
  await using machine = await Machine.start({
    ...STRICT,
    ...examples(/users\.conf$/),
    "ipcx/urocket.yaml": `
address: 127.0.0.1
paths: { /who: { get: { answer: stdout, inject: { timeout: 1m, cmd: [id, -un], user: games } } } }
`,
  });
  await machine.does("systemctl", "start", "ipcx-proxy");
  assertEquals(await machine.does("curl", "-s", "http://127.0.0.1:8080/who"), "games\n");
  const pid = await machine.property("ipcx-proxy.service", "MainPID");
  assertStringIncludes(await machine.does("cat", `/proc/${pid}/status`), "CapBnd:\t00000000000000e0\n");
}, BOOTED);

claim(
  "with its socket unit the gateway is started by its first client, with the configuration as installed",
  async () => {
    await using machine = await Machine.start(STRICT);
    await machine.does("systemctl", "start", "ipcx-proxy.socket");
    const url = "http://127.0.0.1:8080/hello/world";
    assertEquals(await machine.does("curl", "-s", url), "hello world\n");
    const before = await machine.property("ipcx-proxy.service", "MainPID");
    await machine.does("systemctl", "restart", "ipcx-proxy");
    assertEquals(await machine.does("curl", "-s", url), "hello world\n");
    assert(await machine.property("ipcx-proxy.service", "MainPID") !== before);
  },
  BOOTED,
);

claim("with the drop-in of the page, the front is a socket file that the web server alone may connect to", async () => {
  await using machine = await Machine.start({ ...STRICT, ...examples(/front\.conf$/) });
  await machine.does("systemctl", "start", "ipcx-proxy.socket");
  const ask = ["curl", "-s", "--unix-socket", "/run/ipcx-front.sock", "http://localhost/hello/world"];
  assertEquals((await machine.run(ask, { through: as("www-data") })).out, "hello world\n");
  assertEquals((await machine.run(ask, { through: as("games") })).out, "");
  assertEquals((await machine.run(["curl", "-s", "http://127.0.0.1:8080/hello/world"])).out, "");
}, BOOTED);

claim(
  "what socket units listen at is held over the death of the holder, and the server of the page gets it",
  async () => {
    await using machine = await Machine.start({
      ...STRICT,
      ...examples(/web/),
      "ipcx/hold.rules": "allow uid=www-data op=retrieve name=web\n",
    });
    await machine.write(
      "/usr/local/bin/web-server",
      `#!/usr/bin/python3
import socket
listener = socket.socket(fileno=3)
while True:
    connection, _ = listener.accept()
    connection.recv(4096)
    connection.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\nserved\\n")
    connection.close()
`,
    );
    await machine.does("chmod", "755", "/usr/local/bin/web-server");
    await machine.does("systemctl", "start", "ipcx-hold.socket");
    for (let time = 1; time <= 2; time++) {
      const [held] = JSON.parse(await machine.does("ipcx", "hold", "list", "--json"));
      assertEquals([held.name, held.address, held.listens], ["web", "127.0.0.1:80", true]);
      await machine.does("systemctl", "kill", "--signal=KILL", "ipcx-hold");
      await until(async () => await machine.property("ipcx-hold.service", "ActiveState") !== "active", "it goes on");
      await machine.does("systemctl", "reset-failed", "ipcx-hold");
    }
    await machine.does("systemctl", "start", "web.service");
    assertEquals(await machine.does("curl", "-s", "http://127.0.0.1/"), "served\n");
    const { err } = await machine.run(["ipcx", "hold", "list", "-s", "/run/ipcx-hold.socket"], {
      through: as("games", "ipcx"),
    });
    assertStringIncludes(err, "may do nothing here");
  },
  BOOTED,
);

claim("every example of the page is tested here", () => {
  const tested = Object.keys({ ...examples(/users\.conf$/), ...examples(/front\.conf$/), ...examples(/web/) });
  assertEquals(Object.keys(EXAMPLES).sort(), tested.sort());
  assertEquals(tested.length, 5);
});
