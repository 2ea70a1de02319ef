import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { Beam, BeamEndpoint, BeamListener, NoServiceError, SystemError } from "ipcx";
import { claim, ownName } from "../../claim.ts";
import { Process, ROOT, within } from "../../cli/program.ts";
import { answerOf, ask } from "./endpoint_ends.ts";
import { startListening } from "./endpoint_programs.ts";
import { ErrorLog } from "./error_log.ts";

const PEER = ["python3", `${ROOT}tests/peers/beam_peer.py`];

claim("a client as Docker's beam has it dials names that are accepted, and one that is not", async () => {
  const address = ownName();
  using listener = BeamListener.listen(address);
  await using known = new Process([...PEER, address, "dial", "upper", "3"]);
  using endpoint = new BeamEndpoint(await listener.accept());
  endpoint.accept("upper", async (connection) => {
    for await (const { text } of connection) await connection.send(text.toUpperCase());
  }, { as: "bytes" });
  const { status, out, err } = await known.ended();
  assertEquals([status, out, err], [0, "HELLO FROM PYTHON\n".repeat(3), ""]);
  await within(endpoint.closed, "the endpoint is not closed");

  await using unknown = new Process([...PEER, address, "dial", "nothing"]);
  using other = new BeamEndpoint(await listener.accept());
  assertEquals((await unknown.ended()).out, "nobody\n");
  await within(other.closed, "the endpoint is not closed");
});

claim(
  "a service as Docker's beam has it is dialled, again and again, and has names that it does not know",
  async () => {
    const address = ownName();
    using listener = BeamListener.listen(address);
    await using _peer = new Process([...PEER, address, "accept", "upper"]);
    using endpoint = new BeamEndpoint(await listener.accept());
    for (const text of ["one", "two"]) {
      using connection = await endpoint.dial("upper");
      assertEquals(await ask(connection, text), text.toUpperCase());
    }
    const error = await assertRejects(() => endpoint.dial("nothing"), NoServiceError);
    assertEquals(error.reason, "unanswered");

    const answer = await endpoint.withConnection("upper", async (connection, attempt) => {
      if (attempt < 3) throw new SystemError("sendmsg", 32);
      return await ask(connection, "broken twice");
    });
    assertEquals(answer, "BROKEN TWICE");
  },
);

claim("an endpoint that a peer as Docker's beam has it opens unasked is an offer", async () => {
  const address = ownName();
  using listener = BeamListener.listen(address);
  await using _peer = new Process([...PEER, address, "advertise", "upper"]);
  using endpoint = new BeamEndpoint(await listener.accept(), { offers: true });
  using first = await endpoint.dial("upper");
  using second = await endpoint.dial("upper");
  assertEquals(await Promise.all([ask(first, "a"), ask(second, "b")]), ["A", "B"]);
  assertEquals(endpoint.offers, ["upper"]);
});

claim("what is advertised can be used by a peer as Docker's beam has it", async () => {
  const address = ownName();
  using listener = BeamListener.listen(address);
  await using peer = new Process([...PEER, address, "take"]);
  using endpoint = new BeamEndpoint(await listener.accept());
  endpoint.advertise("shout", async (connection) => {
    for await (const { text } of connection) await connection.send(`${text.toUpperCase()}!`);
  });
  const { status, out, err } = await peer.ended();
  assertEquals([status, out, err], [0, "shout\nHELLO FROM PYTHON!\n", ""]);
  await within(endpoint.closed, "the endpoint is not closed");
});

claim("an endpoint that makes its beams outlives a restart of the peer", async () => {
  const address = ownName();
  const connected: Beam[] = [];
  using endpoint = new BeamEndpoint(async (signal) => {
    const beam = await Beam.connect(address, { signal });
    connected.push(beam);
    return beam;
  }, { longestPause: 100 });
  const early = answerOf(endpoint, "pid");
  let before: string;
  {
    await using _first = await startListening("named_services.ts", address);
    before = await early;
    assertEquals(await answerOf(endpoint, "pid"), before);
  }
  const between = answerOf(endpoint, "pid");
  await using _second = await startListening("named_services.ts", address);
  const after = await between;
  assertNotEquals(after, before);
  assertEquals(await answerOf(endpoint, "pid"), after);
  assert(connected.length >= 2 && !connected[0].isOpen);
});

claim("withConnection goes on with a service that was killed within a request and started again", async () => {
  const address = ownName();
  using endpoint = new BeamEndpoint((signal) => Beam.connect(address, { signal }), { longestPause: 100 });
  const first = await startListening("named_services.ts", address);
  const services = [first];
  try {
    const answer = await endpoint.withConnection("upper", async (connection, attempt) => {
      if (attempt === 1) {
        using fatal = await endpoint.dial("fatal");
        await fatal.send("now");
        await first.ended();
        services.push(await startListening("named_services.ts", address));
      }
      return await ask(connection, "done");
    }, { attempts: 10 });
    assertEquals([answer, services.length], ["DONE", 2]);
  } finally {
    for (const service of services) await service[Symbol.asyncDispose]();
  }
});

claim("names that are accepted and advertised hold for the next beam, too", async () => {
  const address = ownName();
  using endpoint = new BeamEndpoint((signal) => Beam.connect(address, { signal }), { longestPause: 50 });
  endpoint.accept("accepted", async (connection) => await connection.send("yes"));
  endpoint.advertise("advertised", async (connection) => await connection.send("yes, too"));
  for (let round = 0; round < 2; round++) {
    using listener = BeamListener.listen(address);
    using peer = new BeamEndpoint(await listener.accept(), { offers: true });
    assertEquals([await answerOf(peer, "accepted"), await answerOf(peer, "advertised")], ["yes", "yes, too"]);
  }
});

claim("an endpoint whose beams cannot be made gives up after its attempts, and says why", async () => {
  const errors = new ErrorLog();
  let tries = 0;
  using endpoint = new BeamEndpoint(() => {
    tries++;
    return Beam.connect(ownName());
  }, { connectAttempts: 3, longestPause: 1, ...errors });
  const waiting = endpoint.dial("x");
  const error = await assertRejects(() => waiting, NoServiceError);
  await endpoint.closed;
  assertEquals([tries, error.reason, errors.entries.length], [3, "ended", 1]);
  assertEquals((errors.entries[0].error as SystemError).code, "ECONNREFUSED");
});

claim("a beam that comes after its endpoint was closed is closed as well", async () => {
  const late = Promise.withResolvers<Beam>();
  const asked = Promise.withResolvers<void>();
  const endpoint = new BeamEndpoint((signal) => {
    signal.addEventListener("abort", () => asked.resolve());
    endpoint.close();
    return late.promise;
  });
  await asked.promise;
  await endpoint.closed;
  const [near, far] = Beam.pair();
  using other = far;
  late.resolve(near);
  assertEquals(await other.receive(), null);
});

claim("at the limit of descriptors dialling fails, says so and leaks nothing, and goes on afterwards", async () => {
  const command = [Deno.execPath(), "run", "--quiet", "--allow-all", `${ROOT}tests/beam/programs/at_limit.ts`];
  const { status, out, err } = await new Process(["prlimit", "--nofile=64:64", ...command]).ended();
  assertEquals([status, err], [0, ""], out);
  const [outcomes, leaks] = out.split("\n");
  const words = outcomes.split(" ");
  assertEquals([words[0], words.slice(-2), leaks], ["EMFILE", ["OK", "OK"], "nothing leaked"]);
  const known = ["EMFILE", "unanswered", "descriptors-lost", "OK"];
  assertEquals(words.filter((word) => !known.includes(word)), []);
});
