import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { REASONS } from "../../src/handover/errors.ts";
import { checkReply, checkRequest, FDS_PER_PACKET, isName, MAX_PACKET_BYTES } from "../../src/handover/packets.ts";
import { claim } from "../claim.ts";

const count = fc.nat();
const identity = fc.record({ dev: count, ino: count });
const name = fc.string({ minLength: 1, maxLength: 255 });

const request = fc.oneof(
  fc.record({ type: fc.constant("ask"), version: count }),
  fc.constant({ type: "ready" }),
);

const reply = fc.oneof(
  fc.record({ type: fc.constant("refuse"), reason: fc.constantFrom(...REASONS), message: fc.string() }),
  fc.record({
    type: fc.constant("offer"),
    state: fc.constantFrom("none", "json", "bytes"),
    file: fc.option(identity),
    count,
  }),
  fc.record({ type: fc.constant("descriptors"), names: fc.array(name, { maxLength: FDS_PER_PACKET }) }),
  fc.constant({ type: "yours" }),
);

function throughJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

claim("what one side says is what the other hears, and nothing is added", () => {
  fc.assert(fc.property(request, (value) => assertEquals(checkRequest(throughJson(value)), throughJson(value))));
  fc.assert(fc.property(reply, (value) => assertEquals(checkReply(throughJson(value)), throughJson(value))));
});

claim("any other value is refused, and nothing else goes wrong", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    assertThrows(() => checkRequest(value), TypeError);
    assertThrows(() => checkReply(value), TypeError);
  }));
  fc.assert(fc.property(reply, fc.constantFrom("type", "reason", "state", "count", "names"), fc.jsonValue(), (
    value,
    field,
    other,
  ) => {
    try {
      checkReply({ ...value, [field]: other });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }));
});

claim("the names of as many descriptors as go into a packet fit into it, whatever they are", () => {
  const longest = "\u0001".repeat(255);
  assertEquals([isName(longest), isName(`${longest}x`), isName(""), isName(1)], [true, false, false, false]);
  const packet = JSON.stringify({ type: "descriptors", names: Array.from({ length: FDS_PER_PACKET }, () => longest) });
  assertEquals(new TextEncoder().encode(packet).length < MAX_PACKET_BYTES, true);
});
