/**
 * Versions that are processes follow each other while clients ask on and on.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Handover, internetNameOf, listenTcp } from "ipcx";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { IPCX, Process, ROOT, until } from "../cli/program.ts";
import { Clients } from "./clients.ts";
import type { Behaviour } from "./programs/version.ts";

const [DENO, ...FLAGS] = IPCX.slice(0, -1);

/** So many answers of a version show that it serves. */
const ENOUGH = 100;

function startVersion(behaviour: Behaviour): Process {
  return new Process([DENO, ...FLAGS, `${ROOT}tests/handover/programs/version.ts`, JSON.stringify(behaviour)]);
}

/** The port that a process listens at: it says so to nobody but the kernel. */
function portOf(pid: number): number {
  const inodes = Array.from(Deno.readDirSync(`/proc/${pid}/fd`), ({ name }) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(Deno.readLinkSync(`/proc/${pid}/fd/${name}`))?.[1];
    } catch {
      return undefined; // It was closed meanwhile.
    }
  });
  const listening = Deno.readTextFileSync("/proc/net/tcp").split("\n").map((line) => line.trim().split(/\s+/))
    .find(([, , , state, , , , , , inode]) => state === "0A" && inodes.includes(inode));
  assert(listening, `process ${pid} listens nowhere`);
  return parseInt(listening[1].split(":")[1], 16);
}

async function serves(process: Process, version: string): Promise<void> {
  await process.says(`${version}: serves`);
}

claim("three versions follow each other: nobody is refused or reset, and each request is answered", async () => {
  const address = ownName();
  await using one = startVersion({ address, version: "one" });
  await serves(one, "one");
  await using clients = new Clients(portOf(one.child.pid));
  await until(() => clients.count("one") >= ENOUGH, "version one does not answer");

  await using two = startVersion({ address, version: "two" });
  await serves(two, "two");
  assertEquals((await one.ended()).err.split("\n"), ["one: serves", "one: is replaced", "one: ends", ""]);
  await until(() => clients.count("two") >= ENOUGH, "version two does not answer");

  await using three = startVersion({ address, version: "three" });
  await serves(three, "three");
  assertEquals((await two.ended()).status, 0);
  await until(() => clients.count("three") >= ENOUGH, "version three does not answer");

  await clients[Symbol.asyncDispose]();
  assertEquals([...clients.counts.keys()].sort(), ["one", "three", "two"]);
  assertEquals((await three.stop()).err, "three: serves\nthree: ends\n");
});

claim("a version that ends before it is ready leaves the old one to serve, and the next one to follow it", async () => {
  const address = ownName();
  await using old = startVersion({ address, version: "old" });
  await serves(old, "old");
  await using clients = new Clients(portOf(old.child.pid));
  for (
    const [at, [fails, expected]] of ([["exits", 3], ["throws", 1], ["is killed", 137], ["closes", 0]] as const)
      .entries()
  ) {
    await using bad = startVersion({ address, version: "bad", fails });
    const { status, err } = await bad.ended();
    assertEquals(status, expected, `${fails}: ${err}`);
    await old.says("old: serves on: ended", at + 1);
    const before = clients.count("old");
    await until(() => clients.count("old") >= before + ENOUGH, "the old version does not answer");
  }

  await using good = startVersion({ address, version: "good" });
  await serves(good, "good");
  assertEquals((await old.ended()).status, 0);
  await until(() => clients.count("good") >= ENOUGH, "the next version does not answer");
  await clients[Symbol.asyncDispose]();
  assertEquals([...clients.counts.keys()].sort(), ["good", "old"]);
});

claim("a version that hangs is not waited for any longer, and the old one serves on", async () => {
  const address = ownName();
  await using old = startVersion({ address, version: "old", readyTimeout: 500 });
  await serves(old, "old");
  await using clients = new Clients(portOf(old.child.pid));
  await using bad = startVersion({ address, version: "bad", fails: "hangs" });
  await old.says("old: serves on: late");
  const before = clients.count("old");
  await until(() => clients.count("old") >= before + ENOUGH, "the old version does not answer");
  bad.kill("SIGKILL");
  await clients[Symbol.asyncDispose]();
  assertEquals([...clients.counts.keys()], ["old"]);
});

claim("a version that serves already and is ready too late answers whom it has accepted, and ends", async () => {
  const address = ownName();
  await using old = startVersion({ address, version: "old", readyTimeout: 500 });
  await serves(old, "old");
  await using clients = new Clients(portOf(old.child.pid));
  await using late = startVersion({ address, version: "late", fails: "is late" });
  await old.says("old: serves on: late");
  await until(() => clients.count("late") >= ENOUGH && clients.count("old") >= ENOUGH, "not both of them answer");
  late.kill("SIGUSR1");
  assertEquals(await late.ended(), {
    status: 4,
    signal: null,
    out: "",
    err: "late: is late\nlate: is not ready: late\n",
  });
  const before = clients.count("old");
  await until(() => clients.count("old") >= before + ENOUGH, "the old version does not answer");
  await clients[Symbol.asyncDispose]();
  assertEquals([...clients.counts.keys()].sort(), ["late", "old"]);
});

claim("a second candidate is refused while one gets ready", async () => {
  const address = ownName();
  await using old = startVersion({ address, version: "old" });
  await serves(old, "old");
  await using first = startVersion({ address, version: "first", fails: "hangs" });
  await first.says("hangs");
  await using second = startVersion({ address, version: "second" });
  const { status, err } = await second.ended();
  assertEquals(status, 1);
  assert(err.includes(`the old process refused: process ${first.child.pid} is taking over already`), err);
  assert(old.err.includes("old: serves on: busy"), old.err);
});

claim("if the old version is killed while the new one gets ready, that one takes its place", async () => {
  const address = ownName();
  await using old = startVersion({ address, version: "old" });
  await serves(old, "old");
  const port = portOf(old.child.pid);
  using handover = await Handover.begin(address);
  assertEquals(handover.predecessor?.pid, old.child.pid);
  using listener = await handover.listen("http", () => Promise.reject(new Error("it is made a second time")));
  old.kill("SIGKILL");
  await old.ended();
  // Who comes now waits for the new one.
  using _waiting = await Deno.connect({ hostname: "127.0.0.1", port });
  await handover.ready();
  await using next = startVersion({ address, version: "next" });
  await serves(next, "next");
  assertEquals((await handover.replaced)?.pid, next.child.pid);
  assertEquals(internetNameOf(listener).port, portOf(next.child.pid));
});

claim("a new version without room for all descriptors fails, and the old one serves on", async () => {
  const address = ownName();
  const failures: string[] = [];
  using old = await Handover.begin(address, { onFailure: ({ reason }) => void failures.push(reason) });
  using some = await listenTcp("127.0.0.1", 0);
  for (let at = 0; at < 100; at++) old.pass(`${at}`, some);
  await old.ready();
  const begin = `${ROOT}tests/handover/programs/begin.ts`;
  await using cramped = new Process([DENO, ...FLAGS, begin, address, ownName()], {
    through: ["prlimit", "--nofile=80:80"],
  });
  await until(() => failures.length > 0, "the old version is not told");
  assertEquals(failures, ["ended"]);
  cramped.kill("SIGTERM");
  const { err } = await cramped.ended();
  assert(err.includes("protocol: descriptors of a packet were lost"), err);
  using next = await Handover.begin(address);
  assertEquals(next.inherited.length, 100);
});

claim("the example upgrades itself while clients ask on, and cleans up in the end", async () => {
  using directory = new OwnDirectory();
  const meet = directory.file("meet");
  const start = async (version: string): Promise<Process> => {
    const example = `${ROOT}examples/handover_server.ts`;
    const through = ["sh", "-c", 'exec "$@" >&2', "sh"];
    const started = new Process([DENO, ...FLAGS, example, meet, "127.0.0.1:0", version], { through });
    await started.says(`version ${version} serves at `);
    return started;
  };
  await using one = await start("one");
  const [, port] = /serves at 127\.0\.0\.1:(\d+)$/m.exec(one.err)!;
  await using clients = new Clients(Number(port), { keepConnections: false });
  const answer = (version: string, upgrades: number): string => `version ${version}, upgrade ${upgrades}\n`;
  await until(() => clients.count(answer("one", 0)) >= ENOUGH, "version one does not answer");
  await using two = await start("two");
  await until(() => clients.count(answer("two", 1)) >= ENOUGH, "version two does not answer");
  assertEquals((await one.ended()).err.split("\n").slice(1), [
    `version one is replaced by process ${two.child.pid}`,
    "version one ends",
    "",
  ]);
  await using three = await start("three");
  await until(() => clients.count(answer("three", 2)) >= ENOUGH, "version three does not answer");
  await clients[Symbol.asyncDispose]();
  assertEquals([...clients.counts.keys()].sort(), [answer("one", 0), answer("three", 2), answer("two", 1)]);
  assertEquals(Deno.lstatSync(meet).mode! & 0o777, 0o600);
  const { status, err } = await three.stop();
  assertEquals([status, err.split("\n").slice(1)], [0, ["version three ends", ""]]);
  assertEquals([...Deno.readDirSync(directory.path)], []);
});
