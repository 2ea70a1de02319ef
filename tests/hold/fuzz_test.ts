import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { JsonPackets, UnixSocket } from "ipcx";
import { readReply } from "../../src/hold/protocol.ts";
import { eventually } from "../broker/eventually.ts";
import { claim } from "../claim.ts";
import { EmbeddedHolder, Watched } from "./embedded_holder.ts";

const encoder = new TextEncoder();

const name = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom("a", "b", "c", "valid") },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 300 }) },
);
const names = fc.array(name, { maxLength: 5 });

/** What comes near to a request, in all of its parts. */
const request = fc.record({
  op: fc.oneof(fc.constantFrom("store", "retrieve", "take", "drop", "list", "status"), fc.jsonValue()),
  names: fc.oneof({ weight: 5, arbitrary: names }, { weight: 1, arbitrary: fc.jsonValue() }),
  replace: fc.oneof(fc.boolean(), fc.jsonValue()),
  expire: fc.oneof(fc.nat(5), fc.jsonValue()),
  after: fc.oneof(fc.string(), fc.jsonValue()),
}, { requiredKeys: ["op"] });

const payload = fc.oneof(
  { weight: 6, arbitrary: request.map((value) => encoder.encode(JSON.stringify(value))) },
  { weight: 1, arbitrary: fc.jsonValue().map((value) => encoder.encode(JSON.stringify(value))) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 500 }).map((bytes) => new Uint8Array(bytes)) },
);

/** A client: what it sends with how many descriptors, whether it reads its replies, how it goes. */
const client = fc.record({
  packets: fc.array(fc.tuple(payload, fc.integer({ min: 0, max: 4 }), fc.boolean()), { minLength: 1, maxLength: 6 }),
  end: fc.constantFrom("close", "write", "read", "both"),
});

claim("whatever clients send, the holder answers valid ones, holds what it should, and leaks nothing", async () => {
  using holder = new EmbeddedHolder({ limits: { maxHeld: 20 } });
  using kept = new Watched();
  holder.holder.hold("kept", kept.given.fd.duplicate());
  await fc.assert(
    fc.asyncProperty(fc.array(client, { minLength: 1, maxLength: 4 }), async (clients) => {
      using watched = new Watched();
      await Promise.all(clients.map(async ({ packets, end }) => {
        using socket = await holder.connect();
        try {
          for (const [bytes, count, reads] of packets) {
            await socket.send(bytes, { fds: Array(count).fill(watched.given.fd) });
            if (!reads) continue;
            using reply = await socket.receive({ maxBytes: 1 << 20 });
            if (reply === null) return;
            readReply(JSON.parse(reply.text));
          }
          if (end !== "close") socket.shutdown(end);
        } catch (error) {
          // The holder has closed the connection of a client that did not behave.
          assert(["EPIPE", "ECONNRESET", "ENOTCONN"].includes((error as { code?: string }).code ?? ""), `${error}`);
        }
      }));
      for (const { name } of await holder.client.list()) if (name !== "kept") holder.holder.drop(name);
      await eventually("all have gone", () => holder.holder.status.clients === 0);
      // What came in late, from those who did not wait for a reply.
      for (const { name } of holder.holder.held) if (name !== "kept") holder.holder.drop(name);
      await watched.isClosed();
      assertEquals(holder.names, ["kept"]);
    }),
    { numRuns: 150 },
  );
  assert(kept.isHeld);
});

claim("any values that are no replies are told as such by the client", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      const [left, right] = UnixSocket.pair("seqpacket");
      using one = new JsonPackets(left);
      using other = new JsonPackets(right, { check: readReply });
      await one.send(value);
      const isReply = typeof (value as { ok?: unknown } | null)?.ok === "boolean";
      if (isReply) return;
      const { name } = await other.receive().then(() => new Error("taken"), (error) => error as Error);
      assertEquals(name, "PacketError");
    }),
    { numRuns: 50 },
  );
});
