import { assertEquals, assertRejects } from "@std/assert";
import { Beam, joinBeams } from "ipcx";
import { claim } from "../claim.ts";
import { sendWith, textsFrom } from "./chain.ts";
import { textsOf } from "./descriptors.ts";
import { KINDS } from "./kinds.ts";

claim("joined beams copy both ways until both have ended", async () => {
  for (const kind of Object.values(KINDS)) {
    const [client, near] = Beam.pair(kind);
    const [far, server] = Beam.pair(kind);
    using _beams = new DisposableStack();
    for (const beam of [client, near, far, server]) _beams.use(beam);
    const joined = joinBeams(near, far);
    await sendWith(client, "question", "to the server");
    using question = (await server.receive())!;
    assertEquals([question.text, textsOf(question)], ["question", ["to the server"]]);
    client.end();
    assertEquals(await server.receive(), null);
    await sendWith(server, "the answer", "to the client");
    server.close();
    assertEquals(await textsFrom(client), [["the answer", ["to the client"]]]);
    assertEquals(await joined, {
      forth: { messages: 1, bytes: 8, descriptors: 1 },
      back: { messages: 1, bytes: 10, descriptors: 1 },
    });
  }
});

claim("a peer that has gone ends the joining, and what it sent before is passed on", async () => {
  for (const kind of Object.values(KINDS)) {
    for (const unread of [false, true]) {
      const [client, near] = Beam.pair(kind);
      const [far, server] = Beam.pair(kind);
      using _beams = new DisposableStack();
      for (const beam of [client, near, far, server]) _beams.use(beam);
      await sendWith(client, "last words", "and more");
      if (unread) await near.send("never read");
      client.close();
      const { forth } = await joinBeams(near, far);
      assertEquals(forth.messages, 1);
      assertEquals(await textsFrom(server), [["last words", ["and more"]]]);
    }
  }
});

claim("what fails in one direction of a join ends the other", async () => {
  const [client, near] = Beam.pair({ framed: true });
  const [far, server] = Beam.pair();
  using _beams = new DisposableStack();
  for (const beam of [client, near, far, server]) _beams.use(beam);
  const joined = joinBeams(near, far);
  await sendWith(client, "two", "a", "b");
  await assertRejects(() => joined, RangeError, "2 descriptors");

  const stop = new AbortController();
  const again = joinBeams(near, far, { signal: stop.signal });
  stop.abort(new Error("enough"));
  await assertRejects(() => again, Error, "enough");
});
