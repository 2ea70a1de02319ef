/**
 * Servers that are there or are gone, and the directory where they are looked
 * for: real sockets, found by the real program.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { AddressError, CHECK_NAMES, diagnose, type Finding, UnixListener, UnixSocket } from "ipcx";
import { find } from "../../src/doctor/diagnose.ts";
import { inTime } from "../../src/doctor/socket_state.ts";
import { asUser } from "../broker/daemon.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { ipcx, startBroker, startIpcx } from "../cli/program.ts";
import { missing } from "../spawn/compiled.ts";
import { examined, found } from "./examined.ts";

/** Nobody else has this one. */
const USER = 360_000_000 + Deno.pid;

/** Why no file system can hang, or `false`. */
const WITHOUT_FUSE = (() => {
  try {
    Deno.openSync("/dev/fuse", { read: true, write: true }).close();
    return false;
  } catch {
    return "needs /dev/fuse";
  }
})();

const AS_USER = NEEDS_ROOT || missing("setpriv");

/** Leaves a socket file behind, as a server does that is killed. */
function leave(path: string): void {
  const listener = UnixListener.listen(path);
  Deno.renameSync(path, `${path}.kept`);
  listener.close();
  Deno.renameSync(`${path}.kept`, path);
}

async function states(sockets: readonly string[]): Promise<string[]> {
  return (await diagnose({ sockets })).map(({ name, state, found }) => `${name} ${state}: ${found}`);
}

claim("of sockets that are asked for it tells who serves, who is gone, and what is no socket", async () => {
  using directory = new OwnDirectory();
  const [live, stale, none, file] = ["live", "stale", "none", "file"].map((name) => directory.file(name));
  const name = ownName();
  const listeners = [UnixListener.listen(live), UnixListener.listen(name, { type: "seqpacket" })];
  leave(stale);
  Deno.writeTextFileSync(file, "");
  assertEquals(await states([live, stale, none, file, name, `${name}-other`, `${file}/below`]), [
    `${live} ok: somebody serves there`,
    `${stale} fails: it is stale: its server, of user ${Deno.uid()}, is gone`,
    `${none} fails: it is not there`,
    `${file} fails: it is no socket`,
    `${name} ok: somebody serves there`,
    `${name}-other fails: it is not there`,
    `${file}/below fails: it is not there`,
  ]);
  for (const listener of listeners) listener.close();
});

claim("who serves hears nothing of it", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("s");
  const listener = UnixListener.listen(path);
  await diagnose({ sockets: [path] });
  assertEquals(listener.tryAccept(), undefined);
  listener.close();
  const datagrams = UnixSocket.bound(directory.file("d"));
  assertEquals(await states([directory.file("d")]), [`${directory.file("d")} ok: somebody serves there`]);
  assertEquals(datagrams.tryReceive(), undefined);
  datagrams.close();
});

claim("a path of any length is looked at", async () => {
  using directory = new OwnDirectory();
  const folder = directory.file("x".repeat(200));
  Deno.mkdirSync(folder);
  leave(`${folder}/s`);
  assertMatch((await states([`${folder}/s`]))[0], /fails: it is stale/);
});

claim("a socket that keeps this user out is told as such", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o755);
  const listener = UnixListener.listen(directory.file("s"));
  const { status, out } = await ipcx(["doctor", "--json", directory.file("s")], { through: asUser(USER) });
  assertEquals(status, 1);
  assertEquals(JSON.parse(out)[0].found, "this user may not connect: EACCES");
  listener.close();
}, { skip: AS_USER });

claim("what is no address of a socket is an error before anything is looked at", async () => {
  for (const address of ["plain", "fd:3", "@a\\q"]) {
    await assertRejects(() => diagnose({ sockets: [address] }), AddressError);
  }
  // deno-lint-ignore no-explicit-any
  await assertRejects(() => diagnose({ only: ["health" as any] }), RangeError, "there is no check 'health'");
});

claim("a broker that serves is asked how it is, and its clients are not disturbed", async () => {
  using directory = new OwnDirectory();
  const env = { ONE_SOCKET_PATH: directory.file("one.socket") };
  assertEquals(await found("broker", { env }), `ok: no broker at ${env.ONE_SOCKET_PATH}`);
  await using broker = await startBroker([], { env });
  await using client = startIpcx(["pair", "key", "--no-stdin"], { env });
  await ipcx(["pair", "--client", "other", "--timeout", "1ms"], { env });
  assertMatch(await found("broker", { env }), /^ok: a broker is at \S+: [01] clients, [01] waiting$/);
  await client.stop();
  await ipcx(["brokerctl", "drain"], { env });
  await broker.ended();
  assertEquals(await found("broker", { env }), `ok: no broker at ${env.ONE_SOCKET_PATH}`);
});

claim("a broker at an abstract name, and one without a control socket, are found", async () => {
  const env = { ONE_SOCKET_PATH: ownName() };
  await using _broker = await startBroker(["--control", "none"], { env });
  assertEquals(await found("broker", { env }), `ok: a broker is at ${env.ONE_SOCKET_PATH}`);
});

claim("somebody who does not answer as a broker is told, in time", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("one.socket");
  const listeners = [UnixListener.listen(path), UnixListener.listen(`${path}.ctl`)];
  const text = await found("broker", { env: { ONE_SOCKET_PATH: path } });
  assertEquals(text, `warning: somebody is at ${path}, but gives no answer as a broker: no answer within 2000 ms`);
  for (const listener of listeners) listener.close();
});

claim("stale files of the broker and the holder are warnings, other files there failures", async () => {
  using directory = new OwnDirectory();
  const places = { broker: "ONE_SOCKET_PATH", holder: "IPCX_HOLD_SOCKET" };
  const [stale, file] = [directory.file("stale"), directory.file("file")];
  leave(stale);
  Deno.writeTextFileSync(file, "");
  for (const [what, variable] of Object.entries(places)) {
    assertEquals(await found(what, { env: { [variable]: stale } }), `warning: ${stale} is stale: nobody serves there`);
    assertEquals(await found(what, { env: { [variable]: file } }), `fails: ${file} is no socket`);
  }
  const mistaken = await examined("broker", { env: { ONE_SOCKET_PATH: "@a\\q" } });
  assert(mistaken.state === "fails" && mistaken.found.startsWith("ONE_SOCKET_PATH: "), mistaken.found);
});

claim("stale files beside those of a broker are listed, and no others", async () => {
  using directory = new OwnDirectory();
  const live = UnixListener.listen(directory.file("live"));
  Deno.writeTextFileSync(directory.file("file"), "");
  const env = { ONE_SOCKET_PATH: directory.file("one.socket"), XDG_RUNTIME_DIR: directory.path };
  const before = await found("stale-sockets", { env });
  assert(!before.includes(directory.file("")), before);
  for (const name of ["a", "b"]) leave(directory.file(name));
  const after = await examined("stale-sockets", { env });
  assertEquals(after.state, "warning");
  assert(after.found.includes(`are stale: `) && after.found.includes(`${directory.file("a")} ${directory.file("b")}`));
  live.close();
});

claim("the directory for sockets of a user: not named, not there, not one's own, open to others, or well", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o755);
  const [own, file, others] = ["own", "file", "others"].map((name) => directory.file(name));
  for (const path of [own, others]) Deno.mkdirSync(path, { mode: 0o700 });
  Deno.writeTextFileSync(file, "");
  Deno.chownSync(own, USER, USER);
  Deno.chmodSync(others, 0o755);
  const at = (path: string): Promise<string> =>
    found("runtime-directory", { through: asUser(USER), env: { XDG_RUNTIME_DIR: path } });
  assertEquals(await found("runtime-directory", { through: asUser(USER) }), "warning: XDG_RUNTIME_DIR is not set");
  assertEquals(await at(directory.file("none")), `fails: ${directory.file("none")}: ENOENT`);
  assertEquals(await at(file), `fails: ${file} is no directory`);
  assertEquals(await at(others), `fails: no socket can be made in ${others}: EACCES`);
  assertEquals(await at(own), `ok: ${own} can be written to`);
  Deno.chmodSync(own, 0o777);
  assertEquals(await at(own), `warning: ${own} can be written to by others: its mode is 0777`);
  Deno.chmodSync(others, 0o777);
  assertEquals(await at(others), `warning: ${others} is of user 0, not of ${USER}`);
}, { skip: AS_USER });

claim("a service manager that does not listen is told, one that does too", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("notify");
  const at = (target: string): Promise<string> => found("service-manager", { env: { NOTIFY_SOCKET: target } });
  assertEquals(await at(path), `warning: NOTIFY_SOCKET is ${path}: ENOENT`);
  const manager = UnixSocket.bound(path);
  assertMatch(await at(path), /; NOTIFY_SOCKET is \S+, and somebody listens$/);
  assertEquals(manager.tryReceive(), undefined);
  manager.close();
  const name = ownName();
  assertEquals(await at(name), `warning: NOTIFY_SOCKET is ${name}: ECONNREFUSED`);
  assertMatch(await at(`/${"x".repeat(5000)}`), /^warning: /);
});

claim("a check that throws, or does not end, is a finding like another", async () => {
  const thrown = await find({ name: "broken", examine: () => Promise.reject(new Error("no luck")) });
  const late = await find({ name: "slow", examine: () => new Promise(() => {}) }, 5);
  const expected = (finding: Finding): string[] => [finding.name, finding.state, finding.found];
  assertEquals(expected(thrown), ["broken", "warning", "it could not be looked at: no luck"]);
  assertEquals(expected(late), ["slow", "warning", "it could not be looked at: it took longer than 5 ms"]);
});

claim("a socket on a file system that hangs is told in time, and the program ends", async () => {
  using directory = new OwnDirectory();
  const through = ["unshare", "--mount", "python3", `${import.meta.dirname}/programs/hang.py`, directory.path];
  const path = directory.file("one.socket");
  const { status, out } = await ipcx(["doctor", "--json", path], { through });
  assertEquals([status, JSON.parse(out)[0].found], [1, "it does not answer: its file system hangs"]);
  const env = { ONE_SOCKET_PATH: path };
  assertEquals(await found("broker", { through, env }), `fails: ${path} does not answer: its file system hangs`);
  assertMatch(await found("stale-sockets", { through, env }), /^(ok|warning): /);
  const hanging = await ipcx(["doctor", "--json"], { through, env });
  assertEquals(JSON.parse(hanging.out).length, CHECK_NAMES.length);
}, { skip: NEEDS_ROOT || missing("python3") || missing("unshare") || WITHOUT_FUSE });

claim("a file system that does not answer is not waited for", async () => {
  assertEquals(await inTime(new Promise(() => {})), undefined);
  assertEquals(await inTime(Promise.resolve(5)), 5);
  await assertRejects(() => inTime(Promise.reject(new Error("no"))), Error, "no");
});
