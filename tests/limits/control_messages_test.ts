import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { messagesIn, rights, SCM, spaceFor } from "../../src/limits/control_messages.ts";
import { claim } from "../claim.ts";

const fds = fc.array(fc.nat(0x7fffffff), { maxLength: 253 });

claim("descriptors that are laid out as control messages are read back, in theirs each", () => {
  fc.assert(fc.property(fc.array(fds, { maxLength: 4 }), (messages) => {
    const bytes = rights(...messages);
    assertEquals(bytes.length, messages.reduce((sum, { length }) => sum + spaceFor(4 * length), 0));
    const read = messagesIn(bytes);
    assertEquals(read.map(({ type }) => type), messages.map(() => SCM.RIGHTS));
    assertEquals(read.map(({ data }) => Array.from(new Int32Array(data.buffer))), messages);
  }));
});

claim("the space of a control message is what CMSG_SPACE says", () => {
  assertEquals([0, 1, 4, 8, 12, 16].map(spaceFor), [16, 24, 24, 24, 32, 32]);
});
