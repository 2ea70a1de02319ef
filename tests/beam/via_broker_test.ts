import { assert, assertEquals, assertRejects } from "@std/assert";
import { AccessRules, Beam, BeamEndpoint, PairRefusedError, SystemError } from "ipcx";
import { Daemon } from "../broker/daemon.ts";
import { EmbeddedBroker } from "../broker/embedded_broker.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { Process, ROOT, within } from "../cli/program.ts";

const MEET = [Deno.execPath(), "run", "--quiet", "--allow-all", `${ROOT}tests/beam/programs/meet.ts`];

async function exchange(one: Beam, other: Beam): Promise<void> {
  using near = await one.sendPipe("a channel");
  using far = Beam.fromFd((await other.receive())!.takeFd()!, other.settings);
  await far.send("through the channel");
  assertEquals((await near.receive())?.text, "through the channel");
}

claim("two beams that name the same key at a broker are connected to each other", async () => {
  using broker = new EmbeddedBroker();
  const { address } = broker;
  const [one, other] = await Promise.all([Beam.viaBroker("key", { address }), Beam.viaBroker("key", { address })]);
  using _one = one;
  using _other = other;
  await exchange(one, other);
  await broker.holds(0);
});

claim("modes pair unlike with unlike, keys are bytes, and options are the beam's", async () => {
  using broker = new EmbeddedBroker();
  const { address } = broker;
  const key = new Uint8Array([0, 255, 1]);
  const clients = ["client", "server"] as const;
  const meeting = clients.map((mode) =>
    Beam.viaBroker(key, { address, mode, framed: true, maxBytes: 1000, maxFds: 3 })
  );
  const [one, other] = await Promise.all(meeting);
  using _one = one;
  using _other = other;
  const { framed, maxBytes, maxFds } = one.settings;
  assertEquals([one.type, framed, maxBytes, maxFds], ["stream", true, 1000, 3]);
  await exchange(one, other);
  await one.send("");
  using message = (await other.receive())!;
  assertEquals(message.data.length, 0, "an empty message, as only frames carry it");
});

claim("the broker is where ONE_SOCKET_PATH says, and the program of ipcx is one", async () => {
  await using daemon = await Daemon.start();
  const key = crypto.randomUUID();
  await using peer = new Process([...MEET, key], { env: { ONE_SOCKET_PATH: daemon.address } });
  {
    using endpoint = new BeamEndpoint(await Beam.viaBroker(key, { address: daemon.address, mode: "client" }));
    using connection = await endpoint.dial("upper");
    await connection.send("met at the broker");
    assertEquals((await connection.receive())?.text, "MET AT THE BROKER");
  }
  const { status, out, err } = await peer.ended();
  assertEquals([status, out, err], [0, "closed\n", ""]);
});

claim("an endpoint that makes its beams through a broker meets the next peer there, too", async () => {
  await using daemon = await Daemon.start();
  const { address } = daemon;
  const key = crypto.randomUUID();
  using endpoint = new BeamEndpoint((signal) => Beam.viaBroker(key, { address, mode: "client", signal }));
  for (let round = 0; round < 2; round++) {
    const dialled = endpoint.dial("upper");
    await using _peer = new Process([...MEET, key], { env: { ONE_SOCKET_PATH: address } });
    using connection = await within(dialled, "no connection");
    await connection.send(`round ${round}`);
    assertEquals((await connection.receive())?.text, `ROUND ${round}`);
  }
});

claim("who meets nobody in time hears so, and who gives up leaves nothing at the broker", async () => {
  using broker = new EmbeddedBroker();
  const { address } = broker;
  const late = await assertRejects(() => Beam.viaBroker("alone", { address, timeout: 20 }), DOMException);
  assertEquals(late.name, "TimeoutError");
  const abort = new AbortController();
  const waiting = Beam.viaBroker("alone", { address, signal: abort.signal });
  await broker.waits(1);
  abort.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  await assertRejects(() => Beam.viaBroker("alone", { address, signal: abort.signal }), Error, "enough");
  await broker.holds(0);
});

claim("a broker that refuses, or is not there, is told apart", async () => {
  using broker = new EmbeddedBroker({ access: AccessRules.parse(["deny key=secret"]) });
  await assertRejects(
    () => Beam.viaBroker("secret", { address: broker.address }),
    PairRefusedError,
    "its log says why",
  );
  const address = ownName();
  const error = await assertRejects(() => Beam.viaBroker("key", { address }), SystemError, address);
  assertEquals(error.code, "ECONNREFUSED");
  using directory = new OwnDirectory();
  const env = { ONE_SOCKET_PATH: directory.file("none") };
  const { status, err } = await new Process([...MEET, "key"], { env }).ended();
  assertEquals(status, 1);
  assert(err.includes(`connect ${directory.file("none")}: No such file or directory (ENOENT)`), err);
});

claim("wrong options are refused before the broker is asked", async () => {
  using broker = new EmbeddedBroker();
  const { address } = broker;
  await assertRejects(() => Beam.viaBroker("key", { address, maxBytes: 0 }), RangeError, "maxBytes");
  await assertRejects(() => Beam.viaBroker("", { address }), RangeError, "a key has 1 to 1024 bytes");
  assertEquals(broker.broker.status.clients, 0);
});
