import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Beam, NoServiceError, UnixSocket } from "ipcx";
import { claim } from "../../claim.ts";
import { ask, Ends, shout, WAYS } from "./endpoint_ends.ts";

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
