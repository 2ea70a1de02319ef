import { assert, assertEquals } from "@std/assert";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { asUser, Daemon, withDescriptorLimit } from "./daemon.ts";
import { eventually } from "./eventually.ts";
import { idleTicks, openFds } from "./process_figures.ts";
import { assertPaired, assertPairedWith, RawClient } from "./raw_client.ts";

/**
 * As many descriptors may be in flight, sent and not received, of one user that
 * has no privilege: the one after that many is refused with ETOOMANYREFS.
 */
const LIMIT = 128;
const OVERLOAD = 80;
const MAX_TICKS_A_SECOND = 10;

/** The kernel counts by user, so each daemon is one of its own. */
let users = 200_000 + Deno.pid % 100_000;

function startUnprivileged(): Promise<Daemon> {
  const wrapper = [...withDescriptorLimit(LIMIT), ...asUser(users += 100_000)];
  return Daemon.start({ wrapper, args: ["--max-clients", "10000", "--max-clients-per-uid", "10000"] });
}

/** Pairs that do not read their replies. */
async function askWithoutReading(daemon: Daemon, count: number): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let at = 0; at < count; at++) {
    pairs.push([
      await RawClient.ask(daemon.address, `lazy-${at}`, "server"),
      await RawClient.ask(daemon.address, `lazy-${at}`, "client"),
    ]);
  }
  return pairs;
}

type Pair = readonly [RawClient, RawClient];

/**
 * Those of whom so many have nothing yet. They need not be the last who came: a
 * client whose request is not there when it is accepted is looked at after others.
 */
function pairsWithout(replies: number, pairs: readonly Pair[]): Pair[] {
  return pairs.filter((pair) => pair.filter((client) => client.isSilent).length === replies);
}

function hangUp(pairs: readonly (readonly RawClient[])[]): void {
  for (const client of pairs.flat()) client[Symbol.dispose]();
}

async function states(daemon: Daemon): Promise<string[]> {
  const clients: { state: string }[] = JSON.parse((await daemon.ask("GET", "/clients")).text);
  return clients.map(({ state }) => state);
}

claim("pairs wait while too many descriptors are in flight, and none is lost", async () => {
  await using daemon = await startUnprivileged();
  const fds = await daemon.settledFds();
  const pairs = await askWithoutReading(daemon, OVERLOAD);
  try {
    await daemon.logs("a pair has to wait for descriptors");
    // The 65th pair has one end sent, which makes 129, and one still to come.
    await daemon.waits(2 * (OVERLOAD - 65));
    assertEquals((await daemon.status()).paired, 64);
    const ticks = await idleTicks(daemon.pid, 1000, MAX_TICKS_A_SECOND);
    assert(ticks <= MAX_TICKS_A_SECOND, `${ticks} ticks in a second`);
    for (const [one, other] of pairs) await assertPairedWith(one, other);
    const { paired, gone } = await daemon.status();
    assertEquals({ paired, gone }, { paired: OVERLOAD, gone: 0 });
  } finally {
    hangUp(pairs);
  }
  await eventually("no descriptor is left", () => openFds(daemon.pid) === fds);
}, { skip: NEEDS_ROOT });

claim("a client that leaves while it is owed its end leaves its peer with the end of the connection", async () => {
  await using daemon = await startUnprivileged();
  const fds = await daemon.settledFds();
  const pairs = await askWithoutReading(daemon, 65);
  try {
    await eventually("one client is owed its end", async () => (await states(daemon)).join() === "owed");
    const [[one, other]] = pairsWithout(1, pairs);
    const [first, second] = one.isSilent ? [other, one] : [one, other];
    second[Symbol.dispose]();
    await eventually("nobody is left", async () => (await daemon.status()).clients === 0);
    using socket = (await first.reply()).socket;
    assertEquals(await socket.receive({ signal: AbortSignal.timeout(60_000) }), null);
    assertEquals((await daemon.status()).gone, 1);
  } finally {
    hangUp(pairs);
  }
  await eventually("no descriptor is left", () => openFds(daemon.pid) === fds);
}, { skip: NEEDS_ROOT });

claim("one of a postponed pair may leave, and the other is paired with the next", async () => {
  await using daemon = await startUnprivileged();
  const pairs = await askWithoutReading(daemon, 67);
  try {
    // Before that, four may wait because the daemon has not read what their peers ask for.
    await daemon.logs("a pair has to wait for descriptors");
    await daemon.waits(4);
    const postponed = pairsWithout(2, pairs);
    const [[goneServer, client], [server, goneClient]] = postponed;
    goneServer[Symbol.dispose]();
    goneClient[Symbol.dispose]();
    await daemon.waits(2);
    using nextServer = await RawClient.ask(daemon.address, `lazy-${pairs.indexOf(postponed[0])}`, "server");
    using nextClient = await RawClient.ask(daemon.address, `lazy-${pairs.indexOf(postponed[1])}`, "client");
    await daemon.waits(4);
    for (const pair of pairs) if (!postponed.includes(pair)) await assertPairedWith(...pair);
    await assertPairedWith(nextServer, client);
    await assertPairedWith(server, nextClient);
  } finally {
    hangUp(pairs);
  }
}, { skip: NEEDS_ROOT });

claim("draining waits for the client that is owed its end", async () => {
  await using daemon = await startUnprivileged();
  const pairs = await askWithoutReading(daemon, 65);
  try {
    await eventually("one client is owed its end", async () => (await states(daemon)).join() === "owed");
    assertEquals((await daemon.ask("POST", "/drain")).status, 202);
    assertEquals((await daemon.status()).draining, true);
    const sockets = [];
    for (const client of pairs.flat()) sockets.push((await client.reply()).socket);
    for (let at = 0; at < sockets.length; at += 2) await assertPaired(sockets[at], sockets[at + 1]);
    assertEquals((await daemon.ended).code, 0);
  } finally {
    hangUp(pairs);
  }
}, { skip: NEEDS_ROOT });
