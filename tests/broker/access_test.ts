import { assert, assertEquals, assertThrows } from "@std/assert";
import { AccessRuleError, AccessRules } from "ipcx";
import { groupId, userId } from "../../src/core/accounts.ts";
import { claim, OwnDirectory } from "../claim.ts";

const PEER = { uid: 1000, gid: 100, groups: [20, 30], socket: "/run/one.socket", key: "vhost-1" };

function decide(rules: string[], peer: Partial<typeof PEER> = {}): string {
  return AccessRules.parse(rules).decide({ ...PEER, ...peer });
}

function byteString(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

claim("without rules everybody is let in", () => {
  assertEquals(AccessRules.none.decide(PEER), "allow");
  assert(AccessRules.none.isEmpty);
  assert(!AccessRules.parse(["deny"]).isEmpty);
});

claim("each condition fits or does not", () => {
  for (
    const [fits, other] of [
      ["uid=1000", "uid=1001"],
      ["gid=100", "gid=101"],
      ["gid=20", "gid=21"],
      ["gid=30", "gid=1000"],
      ["key=vhost-1", "key=vhost-2"],
      ["socket=/run/one.socket", "socket=/run/one.socke"],
    ]
  ) {
    assertEquals([decide([`allow ${fits}`]), decide([`allow ${other}`])], ["allow", "deny"], fits);
    assertEquals([decide([`deny ${fits}`]), decide([`deny ${other}`])], ["deny", "allow"], fits);
  }
});

claim("all conditions of a rule have to fit", () => {
  const rule = "allow uid=1000 gid=20 key=vhost-* socket=/run/one.socket";
  assertEquals(decide([rule]), "allow");
  for (const peer of [{ uid: 1 }, { groups: [] }, { key: "x" }, { socket: "@x" }]) {
    assertEquals(decide([rule], peer), "deny", JSON.stringify(peer));
  }
});

claim("the first rule that fits decides", () => {
  assertEquals(decide(["deny uid=1000", "allow"]), "deny");
  assertEquals(decide(["allow uid=1000", "deny"]), "allow");
  assertEquals(decide(["deny uid=1", "allow gid=20", "deny"]), "allow");
});

claim("where none fits, a peer is let in unless there is any allow rule", () => {
  assertEquals(decide(["deny uid=1"]), "allow");
  assertEquals(decide(["deny uid=1", "allow uid=2"]), "deny");
});

claim("as long as the key is not known, a rule that needs it leaves the matter open", () => {
  const unknown = { ...PEER, key: undefined };
  const cases: [string[], string][] = [
    [["allow key=*"], "depends"],
    [["allow uid=1000", "deny key=*"], "allow"],
    [["deny uid=1000", "allow key=*"], "deny"],
    [["allow uid=1 key=*"], "deny"],
    [["deny uid=1 key=*"], "allow"],
    [["deny key=x", "allow"], "depends"],
  ];
  for (const [rules, decision] of cases) {
    assertEquals(AccessRules.parse(rules).decide(unknown), decision, rules.join("; "));
  }
});

claim("in a pattern * is any bytes, ? is one, and everything else itself", () => {
  const cases: [pattern: string, fits: string[], other: string[]][] = [
    ["*", ["a", "\n", "\xff\0"], []],
    ["a*c", ["ac", "abc", "a\nc", "acc"], ["a", "c", "acb"]],
    ["a?c", ["abc", "a\0c", "a\nc"], ["ac", "abbc"]],
    ["*.*", [".", "a.b", ".."], ["a"]],
    ["a.c", ["a.c"], ["abc"]],
    ["[a]+(b)|^$", ["[a]+(b)|^$"], ["a", ""]],
    [String.raw`\x2a`, ["*"], ["a"]],
    [String.raw`\x3F?`, ["?x"], ["xx"]],
    [String.raw`\x20\xfF`, [" \xff"], [" "]],
    [String.raw`\\x41`, [String.raw`\x41`], ["A"]],
    [String.raw`\d`, [String.raw`\d`], ["1"]],
    ["**a**", ["a", "xay"], ["", "b"]],
    ["é?", [byteString("éx")], [byteString("é"), "\xe9x"]],
  ];
  for (const [pattern, fits, other] of cases) {
    for (const key of fits) assertEquals(decide([`allow key=${pattern}`], { key }), "allow", `${pattern} ${key}`);
    for (const key of other) assertEquals(decide([`allow key=${pattern}`], { key }), "deny", `${pattern} ${key}`);
  }
});

claim("a pattern with many stars takes no longer for the key of a malicious client", () => {
  const started = performance.now();
  assertEquals(decide(["allow key=*a*a*a*a*a*a*a*a*b"], { key: "a".repeat(1024) }), "deny");
  // Star by star it would be hours.
  assert(performance.now() - started < 5000, `${performance.now() - started} ms`);
});

claim("users and groups are found by name", () => {
  assertEquals([userId("root"), groupId("root"), userId("12"), groupId("34")], [0, 0, 12, 34]);
  assertEquals(decide(["allow uid=root"], { uid: 0 }), "allow");
  assertEquals(decide(["allow gid=root"], { gid: 0 }), "allow");
  assertThrows(() => userId("nobody-at-all"), Error, "there is no user 'nobody-at-all' in /etc/passwd");
  assertThrows(() => groupId("nothing"), Error, "there is no group 'nothing' in /etc/group");
});

claim("a text that is no rule is refused, with what is wrong", () => {
  const condition = "a condition is uid=, gid=, key= or socket= with a value";
  const wrong: Record<string, string> = {
    "": "a rule begins with allow or deny, not ''",
    "permit uid=1": "a rule begins with allow or deny, not 'permit'",
    "Allow": "a rule begins with allow or deny, not 'Allow'",
    "allow uid": `'uid': ${condition}`,
    "allow uid=": `'uid=': ${condition}`,
    "allow pid=1": `'pid=1': ${condition}`,
    "allow UID=1": `'UID=1': ${condition}`,
    "allow verdict=deny": `'verdict=deny': ${condition}`,
    "allow constructor=1": `'constructor=1': ${condition}`,
    "allow uid=1 uid=2": "'uid=' stands twice in 'allow uid=1 uid=2'",
    "  deny key=a key=b ": "'key=' stands twice in 'deny key=a key=b'",
    "allow uid=no-such-user": "there is no user 'no-such-user' in /etc/passwd",
  };
  for (const [rule, message] of Object.entries(wrong)) {
    const error = assertThrows(() => AccessRules.parse(["allow", rule]), AccessRuleError);
    assertEquals((error as Error).message, message);
  }
});

claim("a file has one rule a line, comments and empty lines, and stands behind what comes before", () => {
  using directory = new OwnDirectory();
  const path = directory.file("rules");
  Deno.writeTextFileSync(path, "# who may\n\n  allow uid=1000 # me\n\tdeny key=a#b\nallow key=#\n");
  assertEquals(AccessRules.readFile(path).decide(PEER), "allow");
  assertEquals(AccessRules.readFile(path).decide({ ...PEER, uid: 1, key: "a#b" }), "deny");
  assertEquals(AccessRules.readFile(path).decide({ ...PEER, uid: 1, key: "#" }), "allow");
  assertEquals(AccessRules.readFile(path, ["deny uid=1000"]).decide(PEER), "deny");
});

claim("a wrong line of a file is named with its number", () => {
  using directory = new OwnDirectory();
  const path = directory.file("rules");
  Deno.writeTextFileSync(path, "allow\n# fine\n\nallow uid=1 oops\n");
  const error = assertThrows(() => AccessRules.readFile(path), AccessRuleError);
  const said = "'oops': a condition is uid=, gid=, key= or socket= with a value";
  assertEquals((error as Error).message, `${path}:4: ${said}`);
  assertThrows(() => AccessRules.readFile(directory.file("none")), Deno.errors.NotFound);
});
