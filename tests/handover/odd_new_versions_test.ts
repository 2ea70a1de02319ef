/**
 * An old version against new ones that do not keep to what was agreed upon.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Handover, type HandoverError, JsonPackets, UnixSocket } from "ipcx";
import { openPipe } from "../../src/core/pipe.ts";
import { claim, ownName } from "../claim.ts";
import { until } from "../cli/program.ts";

interface Reply {
  type: string;
  reason?: string;
  message?: string;
}

/** An old version, and why others did not take over from it. */
async function serve(): Promise<Disposable & { address: string; failures: string[]; handover: Handover }> {
  const address = ownName();
  const failures: string[] = [];
  const handover = await Handover.begin(address, {
    onFailure: ({ reason, message }: HandoverError) => void failures.push(`${reason}: ${message}`),
  });
  await handover.ready();
  return { address, failures, handover, [Symbol.dispose]: () => handover.close() };
}

async function connect(address: string): Promise<JsonPackets<Reply, unknown>> {
  return new JsonPackets(await UnixSocket.connect(address, { type: "seqpacket" }));
}

async function reply(link: JsonPackets<Reply, unknown>): Promise<Reply | undefined> {
  using packet = await link.receive();
  return packet?.value;
}

/** That it serves on: the next version takes over. */
async function takenOver({ address, handover }: { address: string; handover: Handover }): Promise<void> {
  using next = await Handover.begin(address);
  await next.ready();
  assertEquals((await handover.replaced)?.pid, Deno.pid);
}

const ASK = { type: "ask", version: 1 };

claim("what is no packet of a new version is refused", async () => {
  using old = await serve();
  for (const packet of [1, {}, { type: "ask" }, { type: "ask", version: "1" }, { type: "yours" }]) {
    using link = await connect(old.address);
    await link.send(packet);
    assertEquals((await reply(link))?.reason, "protocol", JSON.stringify(packet));
    assertEquals(await reply(link), undefined);
  }
  using noJson = await connect(old.address);
  await noJson.socket.send("hello");
  assertEquals((await reply(noJson))?.message, "a packet of 5 bytes that is no JSON in UTF-8");
  assertEquals(old.failures.length, 6);
  await takenOver(old);
});

claim("a new version that speaks another version of the protocol is told so", async () => {
  using old = await serve();
  for (const packet of [{ type: "ask", version: 2 }, { type: "ready" }]) {
    using link = await connect(old.address);
    await link.send(packet);
    assertEquals(await reply(link), {
      type: "refuse",
      reason: "protocol",
      message: "this process speaks version 1 of the handover protocol only",
    });
  }
  await takenOver(old);
});

claim("who only looks whether somebody is there disturbs nobody", async () => {
  using old = await serve();
  for (let time = 0; time < 10; time++) (await connect(old.address)).close();
  using silent = await connect(old.address);
  await takenOver(old);
  assertEquals(old.failures, []);
  assertEquals(await reply(silent), undefined);
});

claim("a new version that asks again instead of being ready is refused", async () => {
  using old = await serve();
  using link = await connect(old.address);
  await link.send(ASK);
  assertEquals((await reply(link))?.type, "offer");
  await link.send(ASK);
  assertEquals((await reply(link))?.reason, "protocol");
  await takenOver(old);
});

claim("one that is ready and gone at once does not take over", async () => {
  using old = await serve();
  for (let time = 0; time < 20; time++) {
    const link = await connect(old.address);
    await link.send(ASK);
    assertEquals((await reply(link))?.type, "offer");
    const ready = link.send({ type: "ready" });
    link.close();
    await ready;
  }
  await until(() => old.failures.length === 20, "the old version does not notice");
  assertEquals(new Set(old.failures), new Set([`ended: process ${Deno.pid} ended as soon as it was ready`]));
  await takenOver(old);
});

claim("descriptors that a new version sends are closed", async () => {
  using old = await serve();
  const { reader, writer } = openPipe();
  using link = await connect(old.address);
  await link.send(ASK, { fds: [writer] });
  assertEquals((await reply(link))?.type, "offer");
  await link.send({ type: "ready" }, { fds: [writer, writer] });
  assertEquals((await reply(link))?.type, "yours");
  await old.handover.replaced;
  writer.close();
  using end = await Deno.open(`/proc/self/fd/${reader.number}`);
  assertEquals(await end.read(new Uint8Array(1)), null);
  reader.close();
});

claim("a handler of failures that throws is seen, and keeps nobody waiting", async () => {
  const address = ownName();
  const seen = Promise.withResolvers<unknown>();
  const onError = (event: ErrorEvent): void => {
    event.preventDefault();
    seen.resolve(event.error.message);
  };
  globalThis.addEventListener("error", onError);
  using handover = await Handover.begin(address, {
    onFailure() {
      throw new Error("the log is full");
    },
  });
  await handover.ready();
  (await Handover.begin(address)).close();
  await takenOver({ address, handover });
  assertEquals(await seen.promise, "the log is full");
  globalThis.removeEventListener("error", onError);
});
