/**
 * What docs/lock.md says in tables is what the code says.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { acquireInstance, instanceStatus } from "../../src/instance/mod.ts";
import { claim, ownName } from "../claim.ts";
import { codeIn, constant, read, rows, section } from "../documents.ts";

const page = read("docs/lock.md");

claim("the limits in docs/lock.md are those of the code", () => {
  const limit = new Map(rows(section(page, "## Limits")).map(([name, ...cells]) => [name, cells.join(" ")]));
  const says = (name: string, text: string): void =>
    assert(limit.get(name)?.includes(text), `${name}: '${text}' is not in '${limit.get(name)}'`);
  const most = constant("src/core/linux.ts", "MAX_ABSTRACT_BYTES");
  const note = "\0since\0".length + `${Date.now()}`.length;
  says("length of a name", `${most} bytes; ${most - note} with a note`);
  assert(page.includes(`a name of ${most - note + 1} bytes or more`));
  const backlog = constant("src/instance/instance.ts", "BACKLOG");
  const pause = constant("src/instance/patience.ts", "LONGEST_PAUSE_MS");
  const asked = "who has asked, or waits, since it is held";
  for (const text of [`${backlog + 1}, less`, `less than ${backlog}`, `every ${pause} milliseconds`]) says(asked, text);
  assert(section(page, "## Waiting").includes(`every ${pause} milliseconds or sooner`));
  const patience = constant("src/instance/acquire.ts", "UNTIL_IT_LISTENS_MS");
  says("a name that is bound, and not listened at", `${patience} milliseconds`);
  const number = constant("src/instance/instance.ts", "HIGH_NUMBER");
  says("number of the lock's descriptor in CMD", `from ${number} on`);
  assert(section(page, "## How long it is held").includes(`at descriptors ${number} and ${number + 1}`));
  says("times", `${Math.floor(constant("src/cli/values.ts", "MAX_DURATION_MS") / 86_400_000)} days`);
});

claim("docs/lock.md has every field that --status --json prints", async () => {
  const name = ownName();
  using _instance = await acquireInstance(name);
  const { holder, ...rest } = instanceStatus(name)!;
  const documented = rows(section(page, "## Who holds it")).flatMap(([first]) => codeIn(first));
  assertEquals(documented.sort(), [...Object.keys(holder!), ...Object.keys(rest), "unknown"].sort());
});

claim("docs/lock.md has every option of acquireInstance()", () => {
  const [, body] = /export interface AcquireOptions \{([^}]*)\}/.exec(read("src/instance/acquire.ts"))!;
  const options = Array.from(body.matchAll(/^ {2}(\w+)\?:/gm), ([, name]) => name);
  assertEquals(rows(section(page, "## From TypeScript")).map(([name]) => codeIn(name)[0]), options);
});
