import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Beam, BeamEndpoint, ClosedError, NoServiceError } from "ipcx";
import { claim } from "../../claim.ts";
import { ask, Ends, shout, WAYS } from "./endpoint_ends.ts";

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
    (await ends.client.dial("brief", { timeout: 60_000 })).close();
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
