import { assertEquals, assertThrows } from "@std/assert";
import { groupId, primaryGroupOf, userId, userNames } from "../../src/core/accounts.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";

/** What the system itself knows: the entries of a database as lists of fields. */
function database(name: string): string[][] {
  const { stdout } = new Deno.Command("getent", { args: ["-s", "files", name] }).outputSync();
  return new TextDecoder().decode(stdout).trimEnd().split("\n").map((line) => line.split(":"));
}

claim("users and groups are found by their names", () => {
  for (const [name, , id] of database("passwd")) assertEquals(userId(name), Number(id), name);
  for (const [name, , id] of database("group")) assertEquals(groupId(name), Number(id), name);
});

claim("a number need not be known", () => {
  for (const find of [userId, groupId]) {
    assertEquals([find("0"), find("4294967294"), find("007")], [0, 4294967294, 7]);
  }
});

claim("a number that would come out as another one is refused", () => {
  for (const number of ["4294967295", "4294967296", "99999999999999999999"]) {
    const message = `'${number}' is too high for a user id: 4294967294 is the most`;
    assertThrows(() => userId(number), Error, message);
    assertThrows(() => groupId(number), Error, message.replace("user", "group"));
  }
});

claim("a name that nobody has is refused, and so is what is no name", () => {
  for (const name of ["no-such-name", "", "-1", "1.5", "0x10", " 0"]) {
    assertThrows(() => userId(name), Error, `there is no user '${name}' in /etc/passwd`);
    assertThrows(() => groupId(name), Error, `there is no group '${name}' in /etc/group`);
  }
});

claim("the group that a user begins with is found", () => {
  const entries = database("passwd");
  for (const [, , uid, gid] of entries) {
    // Of two entries for one user the first counts.
    const first = entries.find(([, , other]) => other === uid)!;
    assertEquals(primaryGroupOf(Number(uid)), Number(first[3] ?? gid));
  }
  assertEquals(primaryGroupOf(4_000_000_001), undefined);
});

claim("every user has a name; of several with one number it is the first one's", () => {
  const entries = database("passwd");
  const names = userNames();
  for (const [, , uid] of entries) {
    assertEquals(names.get(Number(uid)), entries.find(([, , other]) => other === uid)![0]);
  }
  assertEquals(names.get(4_000_000_001), undefined);
});

/** What a program finds with files of one's own in place of the system's. */
function findWith(passwd: string | undefined, group: string, code: string): unknown {
  using directory = new OwnDirectory();
  if (passwd !== undefined) Deno.writeTextFileSync(directory.file("passwd"), passwd);
  Deno.writeTextFileSync(directory.file("group"), group);
  const module = new URL("../../src/core/accounts.ts", import.meta.url).href;
  const script = `mount --bind "$1" /etc; exec "$2" eval --quiet --no-lock "$3"`;
  const program = `import { groupId, primaryGroupOf, userId, userNames } from ${JSON.stringify(module)};
    const told = (find) => { try { return find(); } catch (error) { return error.message; } };
    console.log(JSON.stringify(${code}));`;
  const args = ["--mount", "sh", "-c", script, "sh", directory.path, Deno.execPath(), program];
  const { stdout, stderr } = new Deno.Command("unshare", { args, stdin: "null" }).outputSync();
  if (stdout.length === 0) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

claim("lines that are no accounts are passed over", () => {
  // Of NIS, left empty, cut short, commented out.
  const passwd =
    "+::::::\n\n#root:x:5:5::/:\nodd:x:::::\nshort\ngroupless:x:8::::\nroot:x:0:7::/root:/bin/sh\nlast:x:9:8::/:";
  const found = findWith(
    passwd,
    "+:::\nodd:x::\nwheel:x:10:\n",
    `[userId("root"), primaryGroupOf(0), primaryGroupOf(9), primaryGroupOf(8) ?? null, groupId("wheel"),
      told(() => userId("odd")), told(() => userId("short")), told(() => groupId("odd"))]`,
  );
  assertEquals(found, [
    0,
    7,
    8,
    null,
    10,
    "there is no user 'odd' in /etc/passwd",
    "there is no user 'short' in /etc/passwd",
    "there is no group 'odd' in /etc/group",
  ]);
}, { skip: NEEDS_ROOT });

claim("without a database there are only numbers", () => {
  const found = findWith(undefined, "", `[userId("5"), primaryGroupOf(0) ?? null, told(() => userId("root"))]`);
  assertEquals(found, [5, null, "there is no user 'root' in /etc/passwd"]);
}, { skip: NEEDS_ROOT });
