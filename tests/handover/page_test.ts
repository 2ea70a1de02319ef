/**
 * What docs/handover.md says in tables is what the code says.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { REASONS } from "../../src/handover/errors.ts";
import { FDS_PER_PACKET, MAX_NAME_LENGTH } from "../../src/handover/packets.ts";
import { settle } from "../../src/handover/options.ts";
import { claim } from "../claim.ts";
import { codeIn, constant, read, rows, section } from "../documents.ts";

const page = read("docs/handover.md");

/** The first cell of a table's rows, without what is around its code, to the others. */
function table(heading: string): Map<string, string[]> {
  return new Map(rows(section(page, heading)).map(([first, ...others]) => [first.replaceAll("`", ""), others]));
}

/** The members that an interface declares. */
function membersOf(path: string, name: string): string[] {
  const [, body] = new RegExp(`interface ${name}\\b[^{]*\\{\\n([^]*?)\\n\\}`).exec(read(path))!;
  return Array.from(body.matchAll(/^ {2}(?:readonly )?(\w+)\??(?:\(|:)/gm), ([, member]) => member);
}

claim("every reason why a handover fails is told of", () => {
  const told = new Set(rows(section(page, "## What can fail")).flatMap((cells) => codeIn(cells.join(" "))));
  assertEquals(REASONS.filter((reason) => !told.has(reason)), []);
});

claim("every option is in its table, with its default", () => {
  const options = table("## `Handover`");
  const { timeout, readyTimeout, maxStateBytes } = settle({});
  for (const [name, value] of Object.entries({ timeout, readyTimeout, maxStateBytes })) {
    assertEquals(options.get(name)?.[0], `${value}`, name);
  }
  for (const name of membersOf("src/handover/options.ts", "HandoverOptions")) assert(options.has(name), name);
  const ephemeral = table("## Any port: `listenEphemeral`");
  assertEquals(ephemeral.get("backlog")?.[0], `${constant("src/core/internet.ts", "BACKLOG")}`);
  assertEquals([...ephemeral.keys()], membersOf("src/core/ephemeral.ts", "EphemeralOptions"));
  const registry = table("## How clients find it: `announce` and `lookUp`");
  assertEquals(registry.get("waiting")?.[0], `${constant("src/broker/announce.ts", "DEFAULT_WAITING")}`);
  assertEquals(registry.get("timeout")?.[0], `${constant("src/broker/look_up.ts", "DEFAULT_TIMEOUT_MS")}`);
  for (const name of membersOf("src/broker/announce.ts", "AnnounceOptions")) assert(registry.has(name), name);
  for (const name of membersOf("src/broker/look_up.ts", "LookUpOptions")) assert(registry.has(name), name);
});

claim("every reason of a LookUpError is told of", () => {
  const [, union] = /reason: ([^;]+);/.exec(read("src/broker/look_up.ts"))!;
  const registry = table("## How clients find it: `announce` and `lookUp`");
  const reasons = Array.from(union.matchAll(/"([^"]+)"/g), ([, reason]) => reason);
  assertEquals(reasons.filter((reason) => !registry.has(reason)), []);
});

claim("every member of Handover is told of", () => {
  const told = section(page, "## `Handover`");
  const [, body] = /export class Handover [^]*?\{\n([^]*)\n\}/.exec(read("src/handover/handover.ts"))!;
  const members = Array.from(
    body.matchAll(/^ {2}(?:static |readonly |get |async )*([a-z]\w*)(?:\(|:| =)/gm),
    ([, name]) => name,
  ).filter((name) => name !== "constructor" && name !== "private");
  assert(members.includes("withhold") && members.includes("replaced"));
  assertEquals(members.filter((name) => !told.includes(name)), []);
});

claim("the limits are those of the code", () => {
  const limits = table("## Limits");
  const says = (name: string, text: string): void => assert(limits.get(name)?.[0].includes(text), `${name}: '${text}'`);
  says("descriptors that are passed on", `${FDS_PER_PACKET} go in one message`);
  says("name of a descriptor", `${MAX_NAME_LENGTH} characters`);
  says("state", `${settle({}).maxStateBytes} bytes`);
  says("time to ask, for whoever has connected", `${constant("src/handover/offering.ts", "ASK_MS")} milliseconds`);
  says("announced value", `${constant("src/broker/announce.ts", "MAX_VALUE_BYTES")} bytes`);
  says("time for an asker to take its answer", `${constant("src/broker/announce.ts", "ANSWER_MS")} milliseconds`);
  assert(page.includes(`by default ${constant("src/handover/retire.ts", "DEFAULT_TIMEOUT_MS")} milliseconds`));
});
