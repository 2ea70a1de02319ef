/**
 * What docs/hold.md says in tables is what the code says.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { HOLD_OPERATIONS } from "../../src/hold/access.ts";
import { HOLD_FAILURES } from "../../src/hold/hold_error.ts";
import { defaultHolderLimits } from "../../src/hold/limits.ts";
import { MAX_NAME_BYTES } from "../../src/hold/names.ts";
import { MAX_NAMES, MAX_REQUEST_BYTES, readRequest } from "../../src/hold/protocol.ts";
import { HOLD_VERBS, holdVerbsOf } from "../../src/cli/hold_table.ts";
import { duration } from "../../src/cli/values.ts";
import { claim } from "../claim.ts";
import { codeIn, constant, read, rows, section, sources } from "../documents.ts";

const page = read("docs/hold.md");

claim("the page has for each option what it is for, and every word", () => {
  const table = rows(section(page, "## `ipcx hold`")).filter(([first]) => /^`--?\w/.test(first));
  for (const [written, , purpose] of table.slice(0, -1)) {
    const verbs = holdVerbsOf(/--([\w-]+)/.exec(written)![1]).map((verb) => verb === "serve" ? "holding" : verb);
    assertEquals(purpose, verbs.length === HOLD_VERBS.length + 1 ? "all" : verbs.join(", "), written);
  }
  for (const verb of HOLD_VERBS) assert(page.includes(`ipcx hold ${verb}`) || page.includes(`\`${verb}\``), verb);
});

claim("the defaults and limits on the page are those of the code", () => {
  const limits = defaultHolderLimits(20_000);
  const limit = new Map(rows(section(page, "## Limits")).map(([name, ...cells]) => [name, cells.join(" ")]));
  const says = (name: string, text: string): void =>
    assert(limit.get(name)?.includes(text), `${name}: '${text}' is not in '${limit.get(name)}'`);
  says("`--max-held`", `minus ${20_000 - limits.maxHeld - limits.maxClients} and \`--max-clients\``);
  assertEquals(defaultHolderLimits(400).maxHeld, 100, "a quarter of what there is");
  assertEquals([limits.maxHeldPerUid, defaultHolderLimits(800).maxClients], [Math.floor(limits.maxHeld * 0.9), 100]);
  says("`--max-clients`", `${limits.maxClients}, or an eighth`);
  says("`--max-clients-per-uid`", `${limits.maxClientsPerUid}, or a quarter`);
  says("`--request-timeout`", `${limits.requestTimeout / 1000} seconds`);
  says("names in a request", `${MAX_NAMES}`);
  says("bytes of a request", `${MAX_REQUEST_BYTES}`);
  says("length of a name", `${MAX_NAME_BYTES}`);
  says("open descriptors, at accepting", `${constant("src/hold/reception.ts", "PAUSE_MS")} milliseconds`);
  says("warnings of one kind in the log", `${constant("src/core/throttled_log.ts", "BURST")} at once`);
  const options = new Map(
    rows(section(page, "## `ipcx hold`")).map(([option, value]) => [/--([\w-]+)/.exec(option)?.[1], value]),
  );
  assertEquals(duration(codeIn(options.get("timeout")!)[0]), constant("src/hold/client.ts", "DEFAULT_TIMEOUT_MS"));
  assert(section(page, "## Where to listen").includes(`${constant("src/core/internet.ts", "BACKLOG")}`));
});

claim("the page has every reason of a refusal, and every operation, as they are on the wire and in rules", () => {
  const wire = section(page, "## The wire format");
  const [requests, errors] = [/^`(\{"op".*\})`$/, /^`([a-z]+)`$/].map((form) =>
    rows(wire).flatMap(([first]) => form.exec(first)?.[1] ?? [])
  );
  assertEquals(errors, [...HOLD_FAILURES]);
  const documented = requests.map((text) => readRequest(JSON.parse(text)).op);
  assertEquals(documented, ["store", "retrieve", "take", "drop", "list", "status"]);
  const [, sentence] = /- `op` is one or more of ([^.]+)\./.exec(page)!;
  assertEquals(codeIn(sentence), [...HOLD_OPERATIONS]);
});

claim("the page has every line of the log", () => {
  const source = sources("src/hold") + read("src/cli/hold_serve.ts") + read("src/cli/faults.ts");
  const lines = source.matchAll(/\.(debug|info|warn|error)\(\s*(?:(?:"[^"]*"|`[^`]*`),\s*)?"([^"]+)"/g);
  const logged = new Set(Array.from(lines, ([, level, text]) => `${text}, ${level}`));
  assertEquals(
    rows(section(page, "## Log")).map(([text, level]) => `${codeIn(text)[0]}, ${level}`).sort(),
    [...logged].sort(),
  );
});
