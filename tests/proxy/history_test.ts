import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { History, HISTORY_LENGTH, type RequestRecord } from "../../src/proxy/history.ts";
import { claim } from "../claim.ts";

function record(more: Partial<RequestRecord> = {}): RequestRecord {
  return { time: 1, id: "id", method: "GET", path: "/a", status: 200, ms: 1, outcome: "answered", ...more };
}

function kept(more: Partial<RequestRecord>): RequestRecord {
  const history = new History();
  history.add(record(more));
  return history.recent[0];
}

claim("the last requests are kept, the newest first", () => {
  const history = new History(3);
  assertEquals(history.recent, []);
  for (const [count, expected] of [["1"], ["2", "1"], ["3", "2", "1"], ["4", "3", "2"], ["5", "4", "3"]].entries()) {
    history.add(record({ id: `${count + 1}` }));
    assertEquals(history.recent.map(({ id }) => id), expected);
  }
});

claim(`${HISTORY_LENGTH} are kept unless said otherwise`, () => {
  const history = new History();
  for (let count = 0; count < HISTORY_LENGTH + 10; count++) history.add(record({ id: `${count}` }));
  assertEquals(history.recent.length, HISTORY_LENGTH);
  assertEquals(history.recent.at(-1)!.id, "10");
});

claim("everything about a request is kept, save its query", () => {
  const all = record({ route: "/{x}", path: "/a%20b", pid: 7, cpu: 1.5, outcome: "process exited with 3" });
  assertEquals(kept({ ...all, path: "/a%20b?token=secret?more" }), all);
});

claim("long paths and outcomes are cut", () => {
  const { path, outcome } = kept({ path: `/${"a".repeat(100_000)}`, outcome: "b".repeat(201) });
  assertEquals([path.length, path.at(-1)], [200, "…"]);
  assertEquals([outcome.length, outcome.at(-1)], [200, "…"]);
  assertEquals(kept({ path: `/${"a".repeat(199)}` }).path.length, 200);
});

claim("control characters, line breaks, directions and halves of characters are made visible", () => {
  const { path } = kept({ path: "/\0\n\x7f\x9b31m\\\u200b\u202e\u2028\u2066\ufeff\ud800é😀<" });
  assertEquals(path, String.raw`/\x00\x0a\x7f\x9b31m\\\u{200b}\u{202e}\u{2028}\u{2066}\u{feff}\u{d800}é😀<`);
  assertEquals(kept({ outcome: "a\tb" }).outcome, "a\\x09b");
});

claim("whatever comes, what is kept is printable", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
    const { path, outcome, method } = kept({ path: text, outcome: text, method: text });
    // deno-lint-ignore no-control-regex
    for (const one of [path, outcome, method]) assert(!/[\x00-\x1f\x7f-\x9f]/.test(one) && one.isWellFormed());
  }));
});
