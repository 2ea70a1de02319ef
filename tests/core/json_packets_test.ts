import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { SystemError } from "../../src/core/errors.ts";
import { JsonPackets, PacketError, type PacketFault } from "../../src/core/json_packets.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, ownName } from "../claim.ts";

function pair<Value>(options = {}): [JsonPackets<Value>, JsonPackets<Value>] {
  const [left, right] = UnixSocket.pair("seqpacket");
  return [new JsonPackets<Value>(left), new JsonPackets<Value>(right, options)];
}

claim("any value that JSON can write arrives whole, and in its order", async () => {
  const [left, right] = pair();
  using _left = left;
  using _right = right;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 5 }), async (values) => {
      for (const value of values) await left.send(value);
      for (const value of values) {
        using packet = (await right.receive())!;
        // What JSON makes of it: -0 becomes 0.
        assertEquals(packet.value, JSON.parse(JSON.stringify(value)));
      }
    }),
    { numRuns: 50 },
  );
});

claim("a value carries descriptors, which are closed if nobody takes them", async () => {
  const [left, right] = pair();
  using _left = left;
  using _right = right;
  const [near, far] = UnixSocket.pair();
  await left.send("take", { fds: [far.fd] });
  await left.send("leave", { fds: [far.fd] });
  far.close();
  using taken = (await right.receive())!;
  using other = UnixSocket.fromFd(taken.message.takeFd()!);
  {
    using _left = (await right.receive())!;
  }
  other.close();
  assertEquals(await near.receive(), null);
  near.close();
});

claim("datagrams carry values, and tell whom to answer", async () => {
  using server = new JsonPackets<string>(UnixSocket.bound(ownName()));
  using client = new JsonPackets<string>(UnixSocket.bound(ownName()));
  await client.send("question", { to: server.socket.address });
  using question = (await server.receive())!;
  await server.send("answer", { to: question.message.from });
  using answer = (await client.receive())!;
  assertEquals(answer.value, "answer");
});

claim(
  "a packet that is too large, no JSON, no UTF-8, empty or refused is an error, and the next one is received",
  async () => {
    const check = (value: unknown): number => {
      if (typeof value !== "number") throw new TypeError("a number is wanted");
      return value;
    };
    const [left, right] = pair<number>({ maxBytes: 10, check });
    using _left = left;
    using _right = right;
    const [near, far] = UnixSocket.pair();
    const refused: [Uint8Array<ArrayBuffer> | string, PacketFault, string][] = [
      ['"0123456789"', "too large", "a packet of 12 bytes; 10 is the most"],
      ["{", "no JSON", "a packet of 1 bytes that is no JSON in UTF-8"],
      [new Uint8Array([0x22, 0xff, 0x22]), "no JSON", "a packet of 3 bytes that is no JSON in UTF-8"],
      ["", "no JSON", "a packet of 0 bytes that is no JSON in UTF-8"],
      ['"a"', "refused", "a packet was refused: a number is wanted"],
    ];
    for (const [bytes, reason, message] of refused) {
      await left.socket.send(bytes, { fds: [far.fd] });
      await left.send(7);
      const error = await assertRejects(() => right.receive(), PacketError);
      assertEquals([error.reason, error.message], [reason, message]);
      using next = (await right.receive())!;
      assertEquals(next.value, 7);
    }
    far.close();
    assertEquals(await near.receive(), null);
    near.close();
  },
);

claim("what cannot be written as JSON, or is too large for the socket, is not sent", async () => {
  const [left, right] = pair();
  using _left = left;
  using _right = right;
  await assertRejects(() => left.send(undefined), TypeError, "a value of type undefined cannot be written as JSON");
  const error = await assertRejects(() => left.send("x".repeat(1 << 20)), SystemError);
  assertEquals(error.code, "EMSGSIZE");
  assertEquals(right.socket.tryReceive(), undefined);
});

claim("values come until the end of the connection, or until it is closed here", async () => {
  const [left, right] = pair<number>();
  await left.send(1);
  await left.send(2);
  left.close();
  const values = [];
  for await (const packet of right) values.push(packet.value);
  assertEquals(values, [1, 2]);
  assertEquals(await right.receive(), null);
  right.close();
  for await (const _ of right) throw new Error("closed");
  const [one, other] = pair();
  const waiting = (async () => {
    for await (const _ of one) throw new Error("nothing comes");
  })();
  one.close();
  await waiting;
  other.close();
});

claim("a stream keeps no packets apart, and is refused", () => {
  const [left, right] = UnixSocket.pair();
  assertThrows(() => new JsonPackets(left), TypeError, "a stream does not keep packets apart");
  left.close();
  right.close();
});
