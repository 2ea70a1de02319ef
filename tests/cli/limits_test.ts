import { assert, assertEquals } from "@std/assert";
import { type Limit, LIMIT_GROUPS, limitNames } from "ipcx";
import { asUser } from "../broker/daemon.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { IPCX, ipcx, runProgram } from "./program.ts";

/** The names in the first column of a table. */
function namesIn(table: string): string[] {
  return table.trimEnd().split("\n").slice(1).map((line) => line.split(" ")[0]);
}

claim("ipcx limits prints a line for each limit, with its value, what it is and what rules it", async () => {
  const { status, out, err } = await ipcx(["limits"]);
  assertEquals({ status, err }, { status: 0, err: "" });
  assertEquals(namesIn(out), limitNames());
  const [heading, ...lines] = out.trimEnd().split("\n");
  assertEquals(heading.split(/ {2,}/), ["NAME", "VALUE", "WHAT", "RULED BY"]);
  for (const line of lines) assertEquals(line.split(/ {2,}/).length, 4, line);
});

claim("values are written with what they count, as yes or no, or as they are", async () => {
  const names = ["fds-most", "fds-two-controls", "fds-beyond", "fds-read-loses", "stream-empty", "tcp-port-lowest"];
  const { out } = await ipcx(["limits", ...names]);
  const values = new Map(out.trimEnd().split("\n").map((line) => line.split(/ {2,}/) as [string, string]));
  assertEquals(values.get("fds-most"), "253 descriptors");
  assertEquals(values.get("fds-two-controls"), "1 message");
  assertEquals(values.get("fds-beyond"), "EINVAL");
  assertEquals(values.get("fds-read-loses"), "yes");
  assertEquals(values.get("stream-empty"), "no");
  assert(/^\d+$/.test(values.get("tcp-port-lowest")!));
});

claim("--json prints an array with the same limits, one a line", async () => {
  const { status, out, err } = await ipcx(["limits", "--json"]);
  assertEquals({ status, err }, { status: 0, err: "" });
  const limits: Limit[] = JSON.parse(out);
  assertEquals(limits.map(({ name }) => name), limitNames());
  for (const limit of limits) {
    const fields = ["name", "group", "title", "value", "unit", "source", ...(limit.note === undefined ? [] : ["note"])];
    assertEquals(Object.keys(limit), fields);
  }
  const lines = out.trimEnd().split("\n");
  assertEquals([lines[0], lines.at(-1)], ["[", "]"]);
  assertEquals(lines.slice(1, -1).map((line) => JSON.parse(line.replace(/,$/, ""))), limits);
});

claim("--only measures the limits of a group, may be repeated, and names are added to it", async () => {
  const ask = async (...args: string[]): Promise<string[]> => {
    const { status, out } = await ipcx(["limits", "--json", ...args]);
    assertEquals(status, 0);
    return JSON.parse(out).map(({ name, group }: Limit) => args.includes(name) ? name : group);
  };
  for (const group of LIMIT_GROUPS) assertEquals([...new Set(await ask("--only", group))], [group]);
  assertEquals([...new Set(await ask("-o", "ports", "tee", "--only=kernel"))], ["kernel", "tee", "ports"]);
  assertEquals(await ask("tee", "fds-most"), ["fds-most", "tee"]);
});

claim("a limit that does not exist has status 2 and a message that says where to look", async () => {
  for (const name of ["speed", "messages", ""]) {
    const { status, out, err } = await ipcx(["limits", "tee", name]);
    assertEquals({ status, out }, { status: 2, out: "" });
    assert(err.startsWith(`ipcx limits: there is no limit '${name}'; 'ipcx limits' lists them\n`), err);
  }
});

claim("where names cannot be files their lines say why, the others are measured, and the status is 0", async () => {
  const { status, out, err } = await ipcx(["limits", "--json", "--only", "names"], { env: { TMPDIR: "/nowhere" } });
  assertEquals({ status, err }, { status: 0, err: "" });
  for (const { name, value, note } of JSON.parse(out) as Limit[]) {
    assertEquals(value === null, name.startsWith("path-"), name);
    if (value === null) {
      assert(note!.startsWith("could not be measured: no directory can be made in /nowhere: No such file"), note);
    }
  }
  const { out: table } = await ipcx(["limits", "path-most"], { env: { TMPDIR: "/nowhere" } });
  assert(/^path-most {2}unknown {2}.*; could not be measured: no directory can be made in /m.test(table), table);
});

claim("what is printed of a directory's name is no command to a terminal", async () => {
  const { out } = await ipcx(["limits", "path-most"], { env: { TMPDIR: "/no\x1b[31m\nwhere" } });
  assert(out.includes("/no\\x1b[31m\\x0awhere"), out);
  assertEquals(namesIn(out), ["path-most"]);
});

claim("nothing is left in the directory for such files", async () => {
  using directory = new OwnDirectory();
  const { status } = await ipcx(["limits"], { env: { TMPDIR: directory.path } });
  assertEquals(status, 0);
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});

claim("a user without capabilities measures all of it", async () => {
  const { status, out, err } = await ipcx(["limits", "--json"], { through: asUser(340_000_000 + Deno.pid) });
  assertEquals({ status, err }, { status: 0, err: "" });
  assertEquals(JSON.parse(out).filter(({ value }: Limit) => value === null), []);
}, { skip: NEEDS_ROOT });

claim("standard output that nobody reads is a failure", async () => {
  const command = [...IPCX, "limits"].map((word) => `'${word}'`).join(" ");
  const { out, err } = await runProgram(["bash", "-c", `${command} > /dev/full; echo $?`]);
  assertEquals(out, "1\n");
  assert(err.startsWith("ipcx limits: standard output: No space left on device"), err);
});
