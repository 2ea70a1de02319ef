import { assert, assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { Daemon, withDescriptorLimit } from "./daemon.ts";
import { eventually } from "./eventually.ts";
import { idleTicks, openFds } from "./process_figures.ts";
import { assertPairedWith, RawClient } from "./raw_client.ts";

const LIMIT = 64;
const CROWD = 100;
const MAX_TICKS_A_SECOND = 10;
const UNLIMITED = ["--max-clients", "10000", "--max-clients-per-uid", "10000", "--request-timeout", "0"];

function startCramped(): Promise<Daemon> {
  return Daemon.start({ wrapper: withDescriptorLimit(LIMIT), args: UNLIMITED });
}

function aSecond(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1000));
}

function hangUp(clients: readonly RawClient[]): void {
  for (const client of clients) client[Symbol.dispose]();
}

async function crowd(daemon: Daemon): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let at = 0; at < CROWD; at++) clients.push(await RawClient.ask(daemon.address, `crowd-${at}`));
  await daemon.logs("cannot accept connections for the moment");
  return clients;
}

claim("a daemon without descriptors neither spins nor dies, and serves again when clients leave", async () => {
  await using daemon = await startCramped();
  const fds = await daemon.settledFds();
  const clients = await crowd(daemon);
  try {
    assert(openFds(daemon.pid) >= LIMIT);
    const ticks = await idleTicks(daemon.pid, 1000, MAX_TICKS_A_SECOND);
    assert(ticks <= MAX_TICKS_A_SECOND, `${ticks} ticks in a second`);
  } finally {
    hangUp(clients);
  }
  using one = await RawClient.ask(daemon.address, "afterwards");
  using other = await RawClient.ask(daemon.address, "afterwards");
  await assertPairedWith(one, other);
  hangUp([one, other]);
  await eventually("no descriptor is left", () => openFds(daemon.pid) === fds);
});

claim("a daemon without descriptors answers its control socket as soon as it has some", async () => {
  await using daemon = await startCramped();
  const clients = await crowd(daemon);
  const status = daemon.status();
  // A first refusal of the control socket must have come before there is room again.
  await aSecond();
  hangUp(clients);
  assertEquals((await status).pid, daemon.pid);
  assertEquals((await daemon.status()).pid, daemon.pid);
});

claim("those who wait are paired when descriptors are free again", async () => {
  await using daemon = await startCramped();
  using waiting = await RawClient.ask(daemon.address, "patient", "server");
  const clients = await crowd(daemon);
  using counterpart = await RawClient.ask(daemon.address, "patient", "client");
  await aSecond();
  assert(waiting.isSilent && counterpart.isSilent);
  hangUp(clients);
  await assertPairedWith(waiting, counterpart);
});

claim("a pair for which no sockets can be made keeps both places, and is made later", async () => {
  await using daemon = await startCramped();
  using waiting = await RawClient.ask(daemon.address, "patient", "server");
  // From here on only what is accepted changes the number of descriptors.
  await daemon.settledFds();
  const idle: RawClient[] = [];
  try {
    // One descriptor stays: enough for the counterpart, not for the two ends of a pair.
    while (openFds(daemon.pid) < LIMIT - 1) {
      const count = openFds(daemon.pid);
      idle.push(await RawClient.connect(daemon.address));
      await eventually("it is accepted", () => openFds(daemon.pid) > count);
    }
    using counterpart = await RawClient.ask(daemon.address, "patient", "client");
    await daemon.logs("a pair has to wait for descriptors");
    assert(waiting.isSilent && counterpart.isSilent);
    hangUp(idle);
    await assertPairedWith(waiting, counterpart);
    const text = (await daemon.ask("GET", "/metrics")).text;
    assert(text.includes("\nipcx_broker_postponed_total 1\n"), text);
  } finally {
    hangUp(idle);
  }
});

claim("descriptors that come with a request are noticed even when there is no room for them", async () => {
  await using daemon = await startCramped();
  using client = await RawClient.connect(daemon.address);
  const clients = await crowd(daemon);
  using late = await RawClient.connect(daemon.address);
  try {
    await client.send(new Uint8Array(10), [late.socket.fd]);
    await client.refusal();
  } finally {
    hangUp(clients);
  }
});
