import { assertEquals, assertThrows } from "@std/assert";
import { AccessRuleError, HoldAccess, type HoldAccessRequest } from "ipcx";
import { claim, OwnDirectory } from "../claim.ts";

const PEER: HoldAccessRequest = { uid: 1000, gid: 100, groups: [20, 30], op: "retrieve", name: "http" };
const OTHER = 33;

function allows(rules: string[], request: Partial<HoldAccessRequest> = {}): boolean {
  return HoldAccess.parse(rules).allows({ ...PEER, ...request });
}

claim("without rules only root and the user that runs the holder may do anything", () => {
  for (const op of ["store", "retrieve", "list", "drop", "status"] as const) {
    for (const [uid, may] of [[0, true], [Deno.uid()!, true], [54321, false], [65534, false]] as const) {
      assertEquals(HoldAccess.none.allows({ ...PEER, uid, op, owner: OTHER }), may, `${op} ${uid}`);
    }
  }
});

claim("each condition fits or does not", () => {
  for (
    const [fits, other] of [
      ["uid=1000", "uid=1001"],
      ["gid=100", "gid=101"],
      ["gid=20", "gid=21"],
      ["gid=30", "gid=1000"],
      ["op=retrieve", "op=store"],
      ["op=store,retrieve", "op=store,list,drop,status"],
      ["name=http", "name=https"],
      ["name=h*", "name=?"],
      ["owner=33", "owner=34"],
      ["owner=any", "owner=root"],
    ]
  ) {
    const decide = (rules: string[]): boolean => allows(rules, { owner: OTHER });
    assertEquals([decide([`allow ${fits}`]), decide([`allow ${other}`])], [true, false], fits);
    assertEquals([decide([`deny ${fits}`, "allow"]), decide([`deny ${other}`, "allow"])], [false, true], fits);
  }
});

claim("the first rule that fits decides, for root as well", () => {
  assertEquals(allows(["deny uid=1000", "allow"]), false);
  assertEquals(allows(["allow uid=1000", "deny"]), true);
  assertEquals(allows(["deny name=http"], { uid: 0 }), false);
  assertEquals(allows(["deny name=other"], { uid: 0 }), true);
  assertEquals(allows(["deny name=other"]), false);
});

claim("leave to store and drop is for one's own, unless the rule says whose", () => {
  for (const op of ["store", "drop"] as const) {
    for (
      const [rule, own, others, nobodys] of [
        ["allow uid=1000", true, false, true],
        [`allow op=${op} name=http`, true, false, true],
        ["allow owner=any", true, true, true],
        [`allow owner=${OTHER}`, false, true, false],
        ["allow owner=1000", true, false, false],
      ] as const
    ) {
      const results = [1000, OTHER, undefined].map((owner) => allows([rule], { op, owner }));
      assertEquals(results, [own, others, nobodys], `${op}: ${rule}`);
    }
    assertEquals(allows([`deny op=${op}`, "allow owner=any"], { op, owner: OTHER }), false);
    assertEquals(allows([], { uid: 0, op, owner: OTHER }), true, "root needs no rule");
  }
  for (const op of ["retrieve", "list"] as const) assertEquals(allows(["allow uid=1000"], { op, owner: OTHER }), true);
});

claim("a rule about names is none about the status", () => {
  const status = { op: "status", name: undefined } as const;
  assertEquals(allows(["allow name=*"], status), false);
  assertEquals(allows(["allow op=status"], status), true);
  assertEquals(allows(["deny name=*", "allow"], status), true);
});

claim("who is named by no allow rule is not known", () => {
  const knows = (rules: string[], peer: Partial<HoldAccessRequest> = {}): boolean =>
    HoldAccess.parse(rules).knows({ ...PEER, ...peer });
  assertEquals(knows([]), false);
  assertEquals(knows([], { uid: 0 }), true);
  assertEquals(knows(["allow uid=1000 name=x"]), true);
  assertEquals(knows(["allow gid=30 op=list"]), true);
  assertEquals(knows(["allow uid=1000 gid=31"]), false);
  assertEquals(knows(["deny uid=1000"]), false);
  assertEquals(knows(["allow op=list"]), true);
});

claim("a text that is no rule is refused, with what is wrong", () => {
  const wrong: Record<string, string> = {
    "permit": "a rule begins with allow or deny, not 'permit'",
    "allow key=x": "'key=x': a condition is uid=, gid=, op=, name= or owner= with a value",
    "allow op=take": "op=take: 'take' is none of store, retrieve, list, drop, status",
    "allow op=list,": "op=list,: '' is none of store, retrieve, list, drop, status",
    "allow owner=no-such-user": "there is no user 'no-such-user' in /etc/passwd",
    "allow uid=no-such-user": "there is no user 'no-such-user' in /etc/passwd",
    "allow name=a name=b": "'name=' stands twice in 'allow name=a name=b'",
  };
  for (const [rule, message] of Object.entries(wrong)) {
    assertEquals(assertThrows(() => HoldAccess.parse([rule]), AccessRuleError).message, message);
  }
});

claim("a file has one rule a line, behind those that come before, and a wrong line is named", () => {
  using directory = new OwnDirectory();
  const path = directory.file("rules");
  Deno.writeTextFileSync(path, "# who may\nallow uid=1000 op=retrieve # me\n");
  assertEquals(HoldAccess.readFile(path).allows(PEER), true);
  assertEquals(HoldAccess.readFile(path, ["deny name=http"]).allows(PEER), false);
  Deno.writeTextFileSync(path, "allow\n\nallow op=steal\n");
  const { message } = assertThrows(() => HoldAccess.readFile(path), AccessRuleError);
  assertEquals(message, `${path}:3: op=steal: 'steal' is none of store, retrieve, list, drop, status`);
});
