import { assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { Daemon } from "./daemon.ts";
import { eventually } from "./eventually.ts";
import { openFds } from "./process_figures.ts";
import { runPeer } from "./python_peer.ts";
import { assertPairedWith, RawClient } from "./raw_client.ts";

const KILLED = 128 + 9;

/** Steps of the exchange after which a client can be killed without its having a peer. */
const ALONE = ["connect", "partial", "request"];

async function assertWorks(daemon: Daemon, fds: number): Promise<void> {
  using one = await RawClient.ask(daemon.address, "survivors", "client");
  using other = await RawClient.ask(daemon.address, "survivors", "server");
  await assertPairedWith(one, other);
  one[Symbol.dispose]();
  other[Symbol.dispose]();
  await eventually(`${fds} descriptors are open again`, () => openFds(daemon.pid) === fds);
  const { clients, waiting } = await daemon.status();
  assertEquals({ clients, waiting }, { clients: 0, waiting: 0 });
}

claim("a client killed at any step leaves nothing behind, and others are served", async () => {
  await using daemon = await Daemon.start();
  const fds = await daemon.settledFds();
  for (const mode of ["none", "client", "server"]) {
    await Promise.all(ALONE.map(async (step) => {
      const args = ["--socket", daemon.address, "--key", `dies-${step}`, "--mode", mode, "--die-after", step];
      assertEquals((await runPeer("spb_client.py", ...args)).code, KILLED);
    }));
    await assertWorks(daemon, fds);
  }
});

claim("a client killed with its reply in hand ends the private connection of its peer", async () => {
  await using daemon = await Daemon.start();
  const fds = await daemon.settledFds();
  const args = ["--socket", daemon.address, "--key", "half"];
  const results = await Promise.all([
    runPeer("spb_client.py", ...args, "--die-after", "received"),
    runPeer("spb_client.py", ...args, "--echo"),
  ]);
  assertEquals(results.map(({ code }) => code), [KILLED, 0]);
  await assertWorks(daemon, fds);
});

claim("a client killed while it waits gives its place to the next", async () => {
  await using daemon = await Daemon.start();
  const fds = await daemon.settledFds();
  for (const step of ["request", "partial"]) {
    const args = ["--socket", daemon.address, "--key", "queue", "--mode", "server", "--die-after", step];
    assertEquals((await runPeer("spb_client.py", ...args)).code, KILLED);
    using server = await RawClient.ask(daemon.address, "queue", "server");
    using client = await RawClient.ask(daemon.address, "queue", "client");
    await assertPairedWith(server, client);
  }
  await assertWorks(daemon, fds);
});

claim("thirty clients killed at once in the middle of being paired leak nothing", async () => {
  await using daemon = await Daemon.start();
  const fds = await daemon.settledFds();
  const steps = ["request", "received", "request"];
  await Promise.all(Array.from({ length: 30 }, (_, at) => {
    const args = ["--socket", daemon.address, "--key", "crowd", "--die-after", steps[at % 3], "--timeout", "2"];
    return runPeer("spb_client.py", ...args);
  }));
  await assertWorks(daemon, fds);
});
