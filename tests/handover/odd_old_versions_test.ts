/**
 * A new version against old ones that do not keep to what was agreed upon.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Fd, Handover, HandoverError, JsonPackets, SystemError, UnixListener, UnixSocket } from "ipcx";
import { sealedFile } from "../../src/core/sealed_file.ts";
import { openPipe } from "../../src/core/pipe.ts";
import { claim, ownName } from "../claim.ts";

type Link = JsonPackets;

/** Lets a script stand for an old version, as often as it is asked. */
async function against<Value>(script: (link: Link) => Promise<void>, run: (address: string) => Promise<Value>) {
  const address = ownName();
  const listener = UnixListener.listen(address, { type: "seqpacket" });
  const answering: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const connection of listener) {
      answering.push((async () => {
        using link: Link = new JsonPackets(connection);
        (await link.receive())?.[Symbol.dispose]();
        await script(link);
      })());
    }
  })();
  try {
    return await run(address);
  } finally {
    listener.close();
    await accepting;
    await Promise.all(answering);
  }
}

/** What comes of asking such a version. */
async function asked(script: (link: Link) => Promise<void>, maxStateBytes?: number): Promise<string> {
  return await against(script, async (address) => {
    try {
      using handover = await Handover.begin(address, { maxStateBytes });
      return `begun: ${JSON.stringify(handover.state)}`;
    } catch (error) {
      if (error instanceof HandoverError) return `${error.reason}: ${error.message}`;
      return error instanceof SystemError ? error.code : `${error}`;
    }
  });
}

/** An offer with what such a packet may have. */
async function offer(link: Link, fields: object = {}, more: Fd[] = []): Promise<void> {
  using listener = UnixListener.listen(ownName(), { type: "seqpacket" });
  await link.send({ type: "offer", state: "none", file: null, count: 0, ...fields }, { fds: [listener.fd, ...more] });
}

/** Waits until the new version hangs up. */
async function outlast(link: Link): Promise<void> {
  (await link.receive().catch(() => null))?.[Symbol.dispose]();
}

claim("an offer as it should be is taken", async () => {
  assertEquals(
    await asked(async (link) => {
      await offer(link);
      await outlast(link);
    }),
    "begun: undefined",
  );
});

claim("what is no packet of an old version is told as such", async () => {
  const packets: [unknown, string][] = [
    [1, "not an object"],
    [null, "not an object"],
    [{}, "not what an old version says"],
    [{ type: "refuse", reason: "busy" }, "not what an old version says"],
    [{ type: "refuse", reason: "no reason", message: "" }, "not what an old version says"],
    [{ type: "offer", state: "none", file: null, count: -1 }, "not what an old version says"],
    [{ type: "offer", state: "none", file: null, count: 1.5 }, "not what an old version says"],
    [{ type: "offer", state: "maybe", file: null, count: 0 }, "not what an old version says"],
    [{ type: "offer", state: "none", file: { dev: 1 }, count: 0 }, "not what an old version says"],
    [{ type: "offer", state: "none", count: 0 }, "not an object"],
    [{ type: "descriptors", names: [""] }, "not what an old version says"],
    [{ type: "descriptors", names: "http" }, "not what an old version says"],
  ];
  for (const [packet, message] of packets) {
    const told = await asked(async (link) => await link.send(packet));
    assertEquals(told, `protocol: a packet was refused: ${message}`, JSON.stringify(packet));
  }
  const noJson = await asked(async (link) => void await link.socket.send("hello"));
  assertEquals(noJson, "protocol: a packet of 5 bytes that is no JSON in UTF-8");
  const long = await asked(async (link) => await link.send("x".repeat(140_000)));
  assertEquals(long, "protocol: a packet of 140002 bytes; 131072 is the most");
  for (const first of [{ type: "yours" }, { type: "descriptors", names: [] }]) {
    const told = await asked(async (link) => await link.send(first));
    assertEquals(told, "protocol: the old process did not begin with an offer");
  }
});

claim("an offer of something else than a listener for packets is none", async () => {
  const bare = { type: "offer", state: "none", file: null, count: 0 };
  assertEquals(await asked(async (link) => await link.send(bare)), "protocol: an offer without its listener");
  const { reader, writer } = openPipe();
  using stream = UnixListener.listen(ownName());
  const [one, other] = UnixSocket.pair("seqpacket");
  for (
    const [fd, message] of [
      [reader, "an offer of something that does not listen"],
      [one.fd, "an offer of something that does not listen"],
      [stream.fd, "an offer of a listener for stream sockets, expected seqpacket"],
    ] as const
  ) {
    const told = await asked(async (link) => await link.send(bare, { fds: [fd] }));
    assert(told.startsWith(`protocol: ${message}`), told);
  }
  for (const end of [reader, writer, one, other]) end.close();
});

claim("descriptors that do not go with their names are closed", async () => {
  const { reader, writer } = openPipe();
  for (
    const [names, count] of [
      [["a", "b"], 1],
      [["a"], 2],
      [["a", "a"], 2],
      [[], 0],
      [[], 1],
    ] as const
  ) {
    const told = await asked(async (link) => {
      await offer(link, { count: 2 });
      await link.send({ type: "descriptors", names }, { fds: Array.from({ length: count }, () => writer) });
    });
    assertEquals(told, `protocol: ${count} descriptors with ${names.length} names`);
  }
  const twice = await asked(async (link) => {
    await offer(link, { count: 2 });
    for (let time = 0; time < 2; time++) await link.send({ type: "descriptors", names: ["a"] }, { fds: [writer] });
  });
  assertEquals(twice, "protocol: 1 descriptors with 1 names");
  const refused = await asked(async (link) => {
    await offer(link, { count: 2 });
    await link.send({ type: "descriptors", names: ["a"] }, { fds: [writer] });
    await link.send({ type: "refuse", reason: "failed", message: "no more" });
  });
  assertEquals(refused, "failed: the old process refused: no more");
  const unexpected = await asked(async (link) => {
    await offer(link, { count: 2 });
    await link.send({ type: "yours" });
  });
  assertEquals(unexpected, "protocol: 'yours' in the middle of an offer");
  // Nobody has kept one.
  writer.close();
  using end = await Deno.open(`/proc/self/fd/${reader.number}`);
  assertEquals(await end.read(new Uint8Array(1)), null);
  reader.close();
});

claim("state that is missing, no file, or no JSON is told as such", async () => {
  const { reader, writer } = openPipe();
  const file = (bytes: number[] | string): Fd =>
    sealedFile("state", typeof bytes === "string" ? new TextEncoder().encode(bytes) : new Uint8Array(bytes), "data");
  using text = file('{"a":1}'), broken = file('{"a":'), noText = file([0x22, 0xff, 0x22]);
  for (
    const [state, fds, expected] of [
      ["json", [], "protocol: the state is missing"],
      ["bytes", [reader], "protocol: the state is missing"],
      ["json", [broken], "protocol: the state is no JSON in UTF-8"],
      ["json", [noText], "protocol: the state is no JSON in UTF-8"],
      ["json", [text], 'begun: {"a":1}'],
    ] as const
  ) {
    const told = await asked(async (link) => {
      await offer(link, { state }, [...fds]);
      await outlast(link);
    });
    assertEquals(told, expected);
  }
  reader.close();
  writer.close();
});

claim("an old version that hangs up without a word is no old version, but has the address", async () => {
  assertEquals(await asked(() => Promise.resolve()), "EADDRINUSE");
  assertEquals(await asked(async (link) => await offer(link, { count: 1 })), "EADDRINUSE");
});

claim("an old version that hangs up when the new one is ready has died: the new one takes its place", async () => {
  await against(async (link) => {
    await offer(link);
    await outlast(link);
  }, async (address) => {
    using handover = await Handover.begin(address);
    await handover.ready();
    // It answers whoever comes next at what it was passed.
    handover.close();
    assertEquals(await handover.replaced, undefined);
  });
});

claim("an old version that does not let go, or says something else, keeps all", async () => {
  const silent = await against(async (link) => {
    await offer(link);
    await outlast(link);
    await outlast(link);
  }, async (address) => {
    const handover = await Handover.begin(address, { timeout: 2000 });
    return await assertRejects(() => handover.ready(), HandoverError) as HandoverError;
  }).catch((error) => error);
  assertEquals([silent.reason, silent.message], ["timeout", "the old process did not let go within 2000 ms"]);
  const confused = await against(async (link) => {
    await offer(link);
    await outlast(link);
    await offer(link);
  }, async (address) => {
    const handover = await Handover.begin(address);
    return await assertRejects(() => handover.ready(), HandoverError) as HandoverError;
  });
  assertEquals([confused.reason, confused.message], [
    "protocol",
    "the old process did not say that all is ours",
  ]);
});

claim("an old version that lets go as the wait for that ends has let go; after that it cannot", async () => {
  const reason = new Error("enough");
  const outcomes: unknown[] = [];
  for (const isFirst of [true, false]) {
    const controller = new AbortController();
    await against(async (link) => {
      await offer(link);
      await outlast(link);
      const letGo = () => outcomes.push(link.socket.trySend(JSON.stringify({ type: "yours" })));
      if (isFirst) letGo();
      controller.abort(reason);
      if (isFirst) return await outlast(link);
      await outlast(link);
      assertThrows(letGo, SystemError, "EPIPE");
    }, async (address) => {
      using handover = await Handover.begin(address, { signal: controller.signal });
      outcomes.push(await handover.ready().catch((error) => error));
    });
  }
  assertEquals(outcomes, [16, undefined, reason]);
});
