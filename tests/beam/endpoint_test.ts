import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Beam,
  BeamEndpoint,
  type BeamEndpointOptions,
  BeamError,
  type BeamPairOptions,
  ClosedError,
  NoServiceError,
  UnixSocket,
} from "ipcx";
import { claim } from "../claim.ts";
import { within } from "../cli/program.ts";
import { openFile } from "./descriptors.ts";
import { ErrorLog } from "./error_log.ts";

const WAYS: readonly BeamPairOptions[] = [{}, { framed: true }, { type: "seqpacket" }];

/** Two endpoints on the two ends of a beam; closed at the end of a `using` block. */
class Ends implements Disposable {
  readonly service: BeamEndpoint;
  readonly client: BeamEndpoint;
  readonly errors = new ErrorLog();

  constructor(way: BeamPairOptions, service: BeamEndpointOptions = {}, client: BeamEndpointOptions = {}) {
    const [near, far] = Beam.pair(way);
    const { onError } = this.errors;
    this.service = new BeamEndpoint(far, { onError, ...service });
    this.client = new BeamEndpoint(near, { onError, ...client });
  }

  [Symbol.dispose](): void {
    this.service.close();
    this.client.close();
  }
}

/** Answers in capital letters until the connection ends. */
async function shout(connection: Beam): Promise<void> {
  for await (const { text } of connection) await connection.send(text.toUpperCase());
}

async function ask(connection: Beam, text: string): Promise<string | undefined> {
  await connection.send(text);
  return (await connection.receive())?.text;
}

for (const way of WAYS) {
  const how = way.type ?? (way.framed ? "framed" : "plain");

  claim(`a name that is accepted can be dialled, by either end (${how})`, async () => {
    using ends = new Ends(way);
    ends.service.accept("upper", shout);
    ends.client.accept("echo", async (connection) => {
      for await (const { data } of connection) await connection.send(data);
    });
    using upper = await ends.client.dial("upper");
    using echo = await ends.service.dial("echo");
    assertEquals(await ask(upper, "hello"), "HELLO");
    assertEquals(await ask(echo, "hello"), "hello");
    assertEquals(upper.settings.framed, way.framed === true || way.type === "seqpacket");
  });

  claim(`a connection can be used as bytes (${how})`, async () => {
    using ends = new Ends(way);
    ends.service.accept("bytes", async (connection, name) => {
      await connection.send(`this is ${name}`);
    }, { as: "bytes" });
    using connection = await ends.client.dial("bytes", { as: "bytes" });
    assert(connection instanceof UnixSocket);
    assertEquals([connection.type, (await connection.receive())?.text], ["stream", "this is bytes"]);
    assertEquals(await connection.receive(), null, "closed when the handler is done");
  });

  claim(`a name that nobody accepts is refused at once (${how})`, async () => {
    using ends = new Ends(way);
    const error = await assertRejects(() => ends.client.dial("nothing"), NoServiceError);
    assertEquals([error.service, error.reason], ["nothing", "unknown"]);
    assertEquals(error.message, 'no connection to "nothing": the peer does not accept this name');
    assertEquals(ends.errors.entries, []);
  });

  claim(`a name that is advertised can be dialled where offers are taken (${how})`, async () => {
    using ends = new Ends(way, {}, { offers: true });
    ends.service.advertise("upper", shout);
    using first = await ends.client.dial("upper");
    using second = await ends.client.dial("upper");
    assertEquals(await Promise.all([ask(first, "a"), ask(second, "b")]), ["A", "B"]);
    assertEquals(ends.client.offers, ["upper"]);
  });
}

claim("handlers run side by side, and what one throws goes to onError and ends only its own connection", async () => {
  using ends = new Ends({});
  ends.service.accept("picky", async (connection) => {
    const text = (await connection.receive())!.text;
    if (text === "bad") throw new Error("not this");
    await connection.send("fine");
  });
  ends.service.accept("sync", () => {
    throw new Error("at once");
  });
  using good = await ends.client.dial("picky");
  using bad = await ends.client.dial("picky");
  assertEquals(await ask(bad, "bad"), undefined);
  assertEquals(await ask(good, "good"), "fine");
  using sync = await ends.client.dial("sync");
  assertEquals(await sync.receive(), null);
  assertEquals(ends.errors.entries.map(({ name }) => name), ["picky", "sync"]);
  assertEquals(ends.errors.messages, ["not this", "at once"]);
});

claim("an onError that throws does not harm the endpoint either", async () => {
  const printed: unknown[] = [];
  const print = console.error;
  console.error = (...what) => printed.push(what);
  try {
    using ends = new Ends({}, {
      onError: () => {
        throw new Error("from onError");
      },
    });
    ends.service.accept("bad", () => Promise.reject(new Error("from the handler")));
    using first = await ends.client.dial("bad");
    assertEquals(await first.receive(), null);
    using second = await ends.client.dial("bad");
    assertEquals(await second.receive(), null);
  } finally {
    console.error = print;
  }
  assertEquals(printed.length, 2);
});

claim("without onError, what goes wrong is printed with the name", async () => {
  const printed: unknown[][] = [];
  const print = console.error;
  console.error = (...what) => printed.push(what);
  try {
    using ends = new Ends({}, { onError: undefined });
    ends.service.accept("bad", () => Promise.reject(new Error("from the handler")));
    using connection = await ends.client.dial("bad");
    assertEquals(await connection.receive(), null);
  } finally {
    console.error = print;
  }
  assertEquals(printed.map(([text, error]) => [text, `${error}`]), [
    ['ipcx: the service "bad":', "Error: from the handler"],
  ]);
});

claim("a connection that its handler has given away stays open", async () => {
  using ends = new Ends({});
  const kept = Promise.withResolvers<Beam>();
  ends.service.accept("keep", (connection) => kept.resolve(Beam.fromFd(connection.release())));
  using near = await ends.client.dial("keep");
  using far = await kept.promise;
  await far.send("still here");
  assertEquals((await near.receive())?.text, "still here");
});

claim("a name that was taken back is refused, and can be accepted anew", async () => {
  using ends = new Ends({});
  {
    using name = ends.service.accept("once", shout);
    assertEquals(name.name, "once");
    assertThrows(() => ends.service.advertise("once", shout), TypeError, 'the name "once" is taken already');
    using connection = await ends.client.dial("once");
    name.close();
    assertEquals(await ask(connection, "still served"), "STILL SERVED");
  }
  await assertRejects(() => ends.client.dial("once"), NoServiceError);
  ends.service.accept("once", shout);
  using connection = await ends.client.dial("once");
  assertEquals(await ask(connection, "again"), "AGAIN");
});

claim("an aborted dial ends with its reason, in time or not, and a time-out with TimeoutError", async () => {
  using ends = new Ends({}, { offers: true });
  const abort = new AbortController();
  const pending = ends.client.dial("kept as an offer", { signal: abort.signal });
  abort.abort(new Error("enough"));
  await assertRejects(() => pending, Error, "enough");
  await assertRejects(() => ends.client.dial("x", { signal: abort.signal }), Error, "enough");
  const late = await assertRejects(() => ends.client.dial("kept, too", { timeout: 20 }), DOMException);
  assertEquals(late.name, "TimeoutError");
});

claim("a handler whose dialler has given up sees the end of its connection, and the endpoint goes on", async () => {
  using ends = new Ends({}, { maxConnections: 1 });
  const hold = Promise.withResolvers<void>();
  let handled = 0;
  ends.service.accept("slow", async (connection) => {
    handled++;
    await hold.promise;
    await connection.send("done");
  });
  using first = await ends.client.dial("slow");
  await assertRejects(() => ends.client.dial("slow", { timeout: 20 }), DOMException);
  hold.resolve();
  assertEquals((await first.receive())?.text, "done");
  using last = await ends.client.dial("slow");
  assertEquals((await last.receive())?.text, "done");
  assertEquals(handled, 2, "the one that was given up never came to the handler");
});

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
  using first = await ends.client.dial("one");
  const waiting = ends.client.dial("one");
  const error = await assertRejects(() => ends.client.dial("one"), NoServiceError);
  assertEquals(error.reason, "busy");
  await first.send("done");
  (await waiting).close();
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

claim("offers beyond maxOffers are refused, a newer one takes the place of its namesake", async () => {
  const errors = new ErrorLog();
  using ends = new Ends({}, errors, { offers: true, maxOffers: 1 });
  ends.service.advertise("one", () => {});
  ends.service.advertise("two", () => {});
  await errors.has(1);
  assertEquals(errors.messages, ['no connection to "two": the peer has as many channels open as it may']);
  assertEquals(ends.client.offers, ["one"]);

  const [near, far] = Beam.pair();
  using beam = near;
  using endpoint = new BeamEndpoint(far, { offers: true, maxOffers: 1 });
  using older = await beam.sendPipe("name");
  using newer = await beam.sendPipe("name");
  assertEquals(await older.receive(), null, "the older one has ended");
  using connection = await endpoint.dial("name", { as: "bytes" });
  using message = (await newer.receive())!;
  assertEquals([message.text, message.fds.length], ["name", 1]);
  assert(connection);
});

claim("an offer that nobody takes is reported to who made it", async () => {
  using ends = new Ends({});
  ends.service.advertise("unwanted", shout);
  await ends.errors.has(1);
  assertEquals(ends.errors.messages, ['no connection to "unwanted": the peer does not accept this name']);
  using connection = await ends.client.dial("unwanted");
  assertEquals(await ask(connection, "dialled all the same"), "DIALLED ALL THE SAME");
});

claim("an offer is gone when it is withdrawn, and another endpoint's end withdraws it", async () => {
  using ends = new Ends({}, {}, { offers: true });
  const name = ends.service.advertise("brief", shout);
  using connection = await ends.client.dial("brief");
  assertEquals(await ask(connection, "x"), "X");
  name.close();
  await assertRejects(() => ends.client.dial("brief"), NoServiceError);
  assertEquals(ends.client.offers, []);
  ends.service.advertise("other", shout);
  (await ends.client.dial("other")).close();
  ends.service.close();
  await ends.client.closed;
  assertEquals(ends.client.offers, []);
});

claim("an offer that comes while a name is being dialled is taken up", async () => {
  const [near, far] = Beam.pair();
  using beam = near;
  using endpoint = new BeamEndpoint(far, { offers: true });
  const dialled = endpoint.dial("late", { as: "bytes" });
  using request = (await beam.receive())!;
  assertEquals(request.text, "late");
  using offer = await beam.sendPipe("late");
  using connection = await dialled;
  using pushed = (await offer.receive())!;
  using service = UnixSocket.fromFd(pushed.takeFd()!);
  await service.send("here I am");
  assertEquals((await connection.receive())?.text, "here I am");
});

claim("an offer that is there when the endpoint begins is taken up by a dial at once", async () => {
  const [near, far] = Beam.pair();
  using beam = near;
  using offer = await beam.sendPipe("early");
  using endpoint = new BeamEndpoint(far, { offers: true });
  using connection = await within(endpoint.dial("early", { as: "bytes" }), "the offer is not taken up");
  using pushed = (await offer.receive())!;
  assertEquals([connection.type, pushed.fds.length], ["stream", 1]);
});

claim("closing an endpoint ends what waits, and leaves connections to their owners", async () => {
  using ends = new Ends({}, { offers: true });
  ends.client.accept("upper", shout);
  using connection = await ends.service.dial("upper");
  const waiting = ends.client.dial("never answered");
  ends.client.close();
  ends.client.close();
  await ends.client.closed;
  await assertRejects(() => waiting, ClosedError, "the endpoint was closed");
  await assertRejects(() => ends.client.dial("upper"), ClosedError);
  assertThrows(() => ends.client.accept("more", shout), ClosedError);
  await ends.service.closed;
  assertEquals(await ask(connection, "x"), "X");
  const error = await assertRejects(() => ends.service.dial("upper"), NoServiceError);
  assertEquals(error.reason, "ended");
});

claim("a signal closes the endpoint, also one that was aborted before", async () => {
  const abort = new AbortController();
  const [near, far] = Beam.pair();
  using other = far;
  const endpoint = new BeamEndpoint(near, { signal: abort.signal });
  abort.abort();
  await endpoint.closed;
  assertEquals([near.isOpen, await other.receive()], [false, null]);
  const [late, rest] = Beam.pair();
  rest.close();
  await new BeamEndpoint(late, { signal: abort.signal }).closed;
  assertEquals(late.isOpen, false);
});

claim("a connection that breaks is made anew on the same channel, though the beam has ended by then", async () => {
  const [near, far] = Beam.pair();
  const service = new BeamEndpoint(far);
  let count = 0;
  service.accept("flaky", async (connection) => {
    const number = ++count;
    await connection.receive();
    if (number === 3) await connection.send("the answer");
  });
  using client = new BeamEndpoint(near);
  const attempts: number[] = [];
  const answer = await client.withConnection("flaky", async (connection, attempt) => {
    attempts.push(attempt);
    near.close();
    await connection.send("the question");
    const message = await connection.receive();
    if (message === null) throw new Deno.errors.UnexpectedEof("no answer");
    return message.text;
  });
  assertEquals([answer, attempts], ["the answer", [1, 2, 3]]);
  await Promise.all([service.closed, client.closed]);
});

claim("withConnection gives up after its attempts, and at once on what is no broken connection", async () => {
  using ends = new Ends({});
  ends.service.accept("closing", () => {});
  let tries = 0;
  await assertRejects(
    () =>
      ends.client.withConnection("closing", async (connection) => {
        tries++;
        if (await connection.receive() === null) throw new Error("wrapped", { cause: new Deno.errors.UnexpectedEof() });
      }, { attempts: 3 }),
    Error,
    "wrapped",
  );
  assertEquals(tries, 3);
  await assertRejects(
    () =>
      ends.client.withConnection("closing", () => {
        tries++;
        throw new Error("of its own");
      }),
    Error,
    "of its own",
  );
  assertEquals(tries, 4);
  await assertRejects(() => ends.client.withConnection("nothing", () => tries++), NoServiceError);
  assertEquals(tries, 4);
});

claim("a signal closes the connection that withConnection uses, which ends with its reason", async () => {
  using ends = new Ends({});
  ends.service.accept("silent", async (connection) => void await connection.receive());
  const abort = new AbortController();
  const used = ends.client.withConnection("silent", async (connection) => {
    abort.abort(new Error("enough"));
    await connection.receive();
  }, { signal: abort.signal });
  await assertRejects(() => used, Error, "enough");
});

claim("a service that keeps its channel but answers no more is asked through the beam again", async () => {
  const [near, far] = Beam.pair();
  using beam = near;
  using endpoint = new BeamEndpoint(far);
  const used = endpoint.withConnection("once", async (connection) => {
    const message = await connection.receive();
    if (message === null) throw new Deno.errors.UnexpectedEof();
    return message.text;
  });
  using request = (await beam.receive())!;
  using channel = Beam.fromFd(request.takeFd()!);
  (await channel.sendPipe("one")).close();
  using another = (await within(beam.receive(), "no second request"))!;
  using second = Beam.fromFd(another.takeFd()!);
  using service = await second.sendPipe("two");
  await service.send("at last");
  assertEquals(await used, "at last");
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

claim("a dial that is given up at any moment leaves nothing behind, and the endpoint goes on", async () => {
  for (const way of WAYS) {
    using ends = new Ends(way, { maxConnections: 3 }, { offers: true });
    ends.service.accept("brief", (connection) => connection.receive());
    ends.service.advertise("offered", (connection) => connection.receive());
    for (let steps = 0; steps < 60; steps++) {
      const abort = new AbortController();
      const name = steps % 3 === 0 ? "offered" : "brief";
      const dialled = ends.client.dial(name, { signal: abort.signal }).then((it) => it.close(), (error) => error);
      for (let step = 0; step < steps; step++) await null;
      if (steps % 2 === 0) await new Promise<void>((resolve) => setImmediate(resolve));
      abort.abort(new Error("enough"));
      const error = await dialled;
      assertEquals(error?.message ?? "enough", "enough");
    }
    (await ends.client.dial("brief", { timeout: 10_000 })).close();
    assertEquals(ends.errors.entries, []);
  }
});

claim("an endpoint that is closed at any moment leaves nothing behind", async () => {
  for (let steps = 0; steps < 60; steps++) {
    using ends = new Ends({}, {}, { offers: true });
    ends.service.accept("brief", (connection) => connection.receive());
    ends.service.advertise("offered", (connection) => connection.receive());
    const dialled = ["brief", "offered"].map((name) => ends.client.dial(name));
    const settled = Promise.allSettled(dialled);
    for (let step = 0; step < steps; step++) await null;
    if (steps % 2 === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    (steps % 3 === 0 ? ends.service : ends.client).close();
    for (const result of await settled) {
      if (result.status === "fulfilled") result.value.close();
      else assert(result.reason instanceof ClosedError || result.reason instanceof NoServiceError, `${result.reason}`);
    }
    assertEquals(ends.errors.entries, []);
  }
});

claim("ten thousand connections leave nothing behind", async () => {
  using ends = new Ends({});
  ends.service.accept("brief", () => {});
  for (let count = 0; count < 10_000; count++) {
    (await ends.client.dial("brief", { as: "bytes", timeout: 10_000 })).close();
  }
  assertEquals(ends.errors.entries, []);
});
