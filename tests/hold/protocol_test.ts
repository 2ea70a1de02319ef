import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MAX_REQUEST_BYTES, readReply, readRequest } from "../../src/hold/protocol.ts";
import { claim } from "../claim.ts";

const name = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 255 }).filter((text) => !text.includes(":"));
const names = fc.uniqueArray(name, { minLength: 1, maxLength: 253 });
const request = fc.oneof(
  fc.record({ op: fc.constant("store"), names, replace: fc.boolean() }),
  fc.record({ op: fc.constant("store"), names, replace: fc.boolean(), expire: fc.nat() }),
  fc.record({ op: fc.constantFrom("retrieve", "take", "drop"), names }),
  fc.record({ op: fc.constant("list"), after: fc.string() }),
  fc.constantFrom({ op: "list" }, { op: "status" }),
);

claim("every request is read as it is, and fits into a packet", () => {
  fc.assert(fc.property(request, (value) => {
    assertEquals<unknown>(readRequest(value), { ...value });
    assertEquals(new TextEncoder().encode(JSON.stringify(value)).length < MAX_REQUEST_BYTES, true);
  }));
  const longest = { op: "retrieve", names: Array.from({ length: 253 }, () => '"'.repeat(255)) };
  readRequest(longest);
  assertEquals(JSON.stringify(longest).length < MAX_REQUEST_BYTES, true);
});

claim("any other value is refused with an error that says why, and nothing else happens", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const { op } = Object(value);
    if (op === "list" || op === "status") return;
    assertThrows(() => readRequest(value), TypeError);
  }));
});

claim("what is wrong with a request is said", () => {
  const wrong: [unknown, string][] = [
    [null, "it is no object"],
    [[], "it is no object"],
    ["status", "it is no object"],
    [{}, "op is one of store, retrieve, take, drop, list, status"],
    [{ op: "steal" }, "op is one of store, retrieve, take, drop, list, status"],
    [{ op: "constructor" }, "op is one of store, retrieve, take, drop, list, status"],
    [{ op: 1 }, "op is one of store, retrieve, take, drop, list, status"],
    [{ op: "status", names: [] }, 'status has no "names"'],
    [{ op: "list", "\x1b": 1 }, 'list has no "\\u001b"'],
    [{ op: "retrieve" }, "names is a list of names"],
    [{ op: "retrieve", names: [] }, "names is a list of names"],
    [{ op: "retrieve", names: "a" }, "names is a list of names"],
    [{ op: "retrieve", names: [1] }, "names is a list of names"],
    [{ op: "retrieve", names: ["a:b"] }, "'a:b' is no name: printable characters of ASCII, and no colon"],
    [{ op: "retrieve", names: Array(254).fill("a") }, "names has 254 names; 253 is the most"],
    [{ op: "take", names: ["a", "b", "a"] }, "names has 'a' twice"],
    [{ op: "drop", names: ["a", "a"] }, "names has 'a' twice"],
    [{ op: "store", names: ["a", "a"] }, "names has 'a' twice"],
    [{ op: "store", names: ["a"], expire: "1" }, "expire is a number of milliseconds"],
    [
      { op: "store", names: ["a"], expire: -1 },
      "expire is a whole number of milliseconds from 0 to 2147483647, not -1",
    ],
    [{ op: "store", names: ["a"], replace: 1 }, "replace is true or false"],
    [{ op: "list", after: 1 }, "after is a name"],
  ];
  for (const [value, message] of wrong) {
    assertEquals(assertThrows(() => readRequest(value), Error).message, message, JSON.stringify(value));
  }
  assertEquals<unknown>(readRequest({ op: "retrieve", names: ["a", "a"] }), { op: "retrieve", names: ["a", "a"] });
});

claim("a reply says yes, or no with a reason and a text", () => {
  for (const reply of [{ ok: true }, { ok: true, held: [] }, { ok: false, error: "denied", message: "no" }]) {
    assertEquals<unknown>(readReply(reply), reply);
  }
  const wrong: [unknown, string][] = [
    [7, "it is no object"],
    [{}, "ok is true or false"],
    [{ ok: false }, "error is one of denied, absent, taken, full, busy, lost, invalid"],
    [{ ok: false, error: "denied" }, "message is a text"],
  ];
  for (const [value, message] of wrong) assertEquals(assertThrows(() => readReply(value), TypeError).message, message);
});
