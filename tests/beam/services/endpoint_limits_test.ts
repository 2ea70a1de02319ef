import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Beam, BeamEndpoint, BeamError, NoServiceError, UnixSocket } from "ipcx";
import { claim } from "../../claim.ts";
import { openFile } from "../descriptors.ts";
import { ask, Ends, shout, WAYS } from "./endpoint_ends.ts";
import { ErrorLog } from "./error_log.ts";

claim("connections beyond maxConnections wait until a handler is done", async () => {
  using ends = new Ends({}, { maxConnections: 2 });
  let running = 0, most = 0;
  ends.service.accept("work", async (connection) => {
    most = Math.max(most, ++running);
    await connection.receive();
    running--;
  });
  let done = 0;
  const client = async (): Promise<void> => {
    using connection = await ends.client.dial("work");
    await new Promise((resolve) => setTimeout(resolve, 1));
    await connection.send("go");
    assertEquals(await connection.receive(), null);
    done++;
  };
  await Promise.all(Array.from({ length: 10 }, client));
  assertEquals([done, most], [10, 2]);
});

claim("channels beyond maxChannels are refused as busy, until one is closed", async () => {
  using ends = new Ends({}, { maxChannels: 2 });
  ends.service.accept("upper", shout);
  const [near, far] = Beam.pair();
  using endpoint = new BeamEndpoint(far, { maxChannels: 1 });
  endpoint.accept("upper", shout);
  using beam = near;
  {
    using channel = await beam.sendPipe("upper");
    using connection = Beam.fromFd((await channel.receive())!.takeFd()!);
    assertEquals(await ask(connection, "first"), "FIRST");
    using refused = await beam.sendPipe("upper");
    assertEquals((await refused.receive())?.text, "ipcx: too many channels");
    assertEquals(await refused.receive(), null);
  }
  // The client closes its channel with the connection, so that any number may come one after the other.
  for (let count = 0; count < 10; count++) {
    using connection = await dialUnlessBusy(ends.client);
    assertEquals(await ask(connection, "x"), "X");
  }
});

claim("a refusal is told also where it is others' turn just then", async () => {
  for (const way of WAYS) {
    using ends = new Ends(way);
    const reasons: string[] = [];
    // More than there may be operations in a row.
    for (let count = 0; count < 300; count++) {
      const error = await assertRejects(() => ends.client.dial("nothing"), NoServiceError);
      reasons.push(error.reason);
    }
    assertEquals(new Set(reasons), new Set(["unknown"]));
  }
});

async function dialUnlessBusy(endpoint: BeamEndpoint): Promise<Beam> {
  for (;;) {
    try {
      return await endpoint.dial("upper");
    } catch (error) {
      if (!(error instanceof NoServiceError && error.reason === "busy")) throw error;
    }
  }
}

claim("a busy endpoint tells a dialler so", async () => {
  using ends = new Ends({}, { maxChannels: 1, maxConnections: 1 });
  ends.service.accept("one", async (connection) => {
    await connection.receive();
  });
  const dial = (): Promise<Beam | "busy"> =>
    ends.client.dial("one").catch((error) => {
      assert(error instanceof NoServiceError);
      return error.reason === "busy" ? "busy" : Promise.reject(error);
    });
  // The service may not have seen yet that the channel of the connection before is closed: then it is busy as well.
  const waitedFor = async (): Promise<boolean> => {
    const first = await dial();
    if (first === "busy") return false;
    const both = [dial(), dial()];
    assertEquals(await Promise.race(both), "busy");
    await first.send("done");
    first.close();
    const connections = (await Promise.all(both)).filter((outcome) => outcome !== "busy");
    for (const connection of connections) connection.close();
    return connections.length === 1;
  };
  while (!await waitedFor());
});

claim("one channel gives as many connections as it asks for, also if the requests are glued together", async () => {
  const [near, far] = Beam.pair();
  using beam = near;
  const errors = new ErrorLog();
  using endpoint = new BeamEndpoint(far, errors);
  let count = 0;
  endpoint.accept("n", async (connection) => await connection.send(`${++count}`));
  using channel = await beam.sendPipe("n");
  await channel.send("nn");
  await channel.send("n");
  for (const expected of ["1", "2", "3", "4"]) {
    using message = (await channel.receive())!;
    using connection = Beam.fromFd(message.takeFd()!);
    assertEquals([message.text, (await connection.receive())?.text], ["n", expected]);
  }
  await channel.send("nonsense");
  assertEquals(await channel.receive(), null);
  await errors.has(1);
  assertEquals(errors.messages, ['something else than "n" on the private channel of that name']);
  assert(errors.entries[0].error instanceof BeamError);
});

claim("what is no private channel is reported, and a message without a descriptor skipped", async () => {
  const [near, far] = Beam.pair({ framed: true });
  using beam = near;
  const errors = new ErrorLog();
  using endpoint = new BeamEndpoint(far, errors);
  endpoint.accept("upper", shout);
  await beam.send("upper");
  const [datagram, other] = UnixSocket.pair("dgram");
  await beam.send("upper", datagram.fd);
  datagram.close();
  other.close();
  await errors.has(1);
  assertEquals(errors.entries.map(({ name }) => name), ["upper"]);
  using channel = await beam.sendPipe("upper");
  using connection = Beam.fromFd((await channel.receive())!.takeFd()!, { framed: true });
  assertEquals(await ask(connection, "goes on"), "GOES ON");
});

claim("a connection that is no socket is an error of the dialler", async () => {
  const [near, far] = Beam.pair();
  using beam = near;
  using endpoint = new BeamEndpoint(far);
  const dialled = endpoint.dial("file");
  using request = (await beam.receive())!;
  using channel = Beam.fromFd(request.takeFd()!);
  using file = openFile("/dev/null");
  await channel.send("here", file);
  await assertRejects(() => dialled, Error, "Socket operation on non-socket");
});

claim("wrong options and names are refused before anything is sent", async () => {
  const [near, far] = Beam.pair();
  using beam = near;
  using other = far;
  for (const option of ["maxChannels", "maxConnections", "maxOffers", "connectAttempts", "longestPause"]) {
    assertThrows(() => new BeamEndpoint(beam, { [option]: 0 }), RangeError, `${option} is a whole number of 1 or more`);
  }
  using endpoint = new BeamEndpoint(beam);
  await assertRejects(() => endpoint.dial(""), RangeError);
  await assertRejects(() => endpoint.dial("x", { attempts: 0 }), RangeError, "attempts is");
  assertThrows(() => endpoint.accept("", () => {}), RangeError);
  const error = await assertRejects(() => endpoint.dial("x".repeat(5000)), BeamError);
  assertEquals([error.code, other.tryReceive()], ["too-large", undefined]);
});

claim("ten thousand connections leave nothing behind", async () => {
  using ends = new Ends({});
  ends.service.accept("brief", () => {});
  for (let count = 0; count < 10_000; count++) {
    (await ends.client.dial("brief", { as: "bytes", timeout: 60_000 })).close();
  }
  assertEquals(ends.errors.entries, []);
});
