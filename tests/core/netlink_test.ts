import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  decodeAttributes as readAttributes,
  decodeMessages,
  encodeMessage,
  NetlinkError,
  type NetlinkMessage,
  Numbers,
  viewOf,
} from "../../src/core/netlink.ts";
import { claim } from "../claim.ts";
import { attribute, joined } from "./raw_answers.ts";

function decodeAttributes(bytes: Uint8Array): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  readAttributes(viewOf(bytes), 0, (type, begin, length) => found.set(type, bytes.subarray(begin, begin + length)));
  return found;
}

const u16 = fc.nat(0xffff);
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });

const message: fc.Arbitrary<NetlinkMessage> = fc.record({ type: u16, flags: u16, sequence: u32, body: bytes(40) });

claim("messages that were written are read as they were, however many there are in a piece", () => {
  fc.assert(fc.property(fc.array(message, { maxLength: 8 }), (messages) => {
    const read = [...decodeMessages(joined(...messages.map(encodeMessage)))];
    assertEquals(
      read.map((one) => ({ ...one, body: Array.from(one.body) })),
      messages.map((one) => ({ ...one, body: Array.from(one.body) })),
    );
  }));
});

claim("the last message of a piece need not be filled up to a multiple of 4", () => {
  const whole = encodeMessage({ type: 1, flags: 0, sequence: 7, body: Uint8Array.of(1, 2, 3) });
  assertEquals(whole.length, 20);
  const [read, ...rest] = decodeMessages(whole.subarray(0, 19));
  assertEquals([Array.from(read.body), rest.length], [[1, 2, 3], 0]);
});

claim("a message has the header that netlink(7) describes", () => {
  const [...written] = encodeMessage({ type: 20, flags: 0x301, sequence: 0x01020304, body: Uint8Array.of(9) });
  assertEquals(written, [17, 0, 0, 0, 20, 0, 1, 3, 4, 3, 2, 1, 0, 0, 0, 0, 9, 0, 0, 0]);
});

claim("attributes that were written are read as they were", () => {
  const list = fc.array(fc.tuple(fc.nat(0x3fff), bytes(20)), { maxLength: 8 });
  fc.assert(fc.property(list, (attributes) => {
    const read = decodeAttributes(joined(...attributes.map(([type, value]) => attribute(type, value))));
    assertEquals(
      Array.from(read, ([type, value]) => [type, Array.from(value)]).sort(),
      Array.from(new Map(attributes), ([type, value]) => [type, Array.from(value)]).sort(),
    );
  }));
});

claim("flags in the type of an attribute are no part of it", () => {
  assertEquals([...decodeAttributes(attribute(0x8005, Uint8Array.of(1))).keys()], [5]);
  assertEquals([...decodeAttributes(attribute(0x4005, Uint8Array.of(1))).keys()], [5]);
});

claim("lengths that cannot be are told, and nothing is read beyond the end", () => {
  const cases: [Uint8Array, (bytes: Uint8Array) => unknown, string][] = [
    [new Uint8Array(15), (one) => [...decodeMessages(one)], "a message's header has 16 bytes, not 15"],
    [new Uint8Array(16), (one) => [...decodeMessages(one)], "a message cannot have 0 bytes where 16 are left"],
    [
      Uint8Array.of(17, ...new Uint8Array(15)),
      (one) => [...decodeMessages(one)],
      "a message cannot have 17 bytes where 16 are left",
    ],
    [new Uint8Array(3), decodeAttributes, "an attribute's header has 4 bytes, not 3"],
    [new Uint8Array(4), decodeAttributes, "an attribute cannot have 0 bytes where 4 are left"],
    [
      Uint8Array.of(3, 0, 0, 0),
      decodeAttributes,
      "an attribute cannot have 3 bytes where 4 are left",
    ],
    [
      Uint8Array.of(9, 0, 0, 0, 1, 1, 1, 1),
      decodeAttributes,
      "an attribute cannot have 9 bytes where 8 are left",
    ],
  ];
  for (const [wrong, read, complaint] of cases) {
    assertThrows(() => read(wrong), NetlinkError, complaint);
  }
  assertThrows(
    () => new Numbers(new Uint8Array(3), "a thing").u32(0),
    NetlinkError,
    "a thing has 3 bytes, 4 are expected",
  );
});

claim("any bytes are read to their end, or refused", () => {
  fc.assert(
    fc.property(
      fc.oneof(bytes(64), fc.array(message).map((list) => joined(...list.map(encodeMessage)))),
      fc.nat(),
      fc.nat(255),
      (piece, at, byte) => {
        const changed = piece.slice();
        if (changed.length > 0) changed[at % changed.length] = byte;
        for (const read of [() => [...decodeMessages(changed)].length, () => decodeAttributes(changed).size]) {
          try {
            assert(read() <= changed.length / 4);
          } catch (error) {
            if (!(error instanceof NetlinkError)) throw error;
          }
        }
      },
    ),
    { numRuns: 5000 },
  );
});
