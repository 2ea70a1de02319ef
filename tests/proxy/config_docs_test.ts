/**
 * What docs/proxy.md says of the configuration is what the code takes.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { DEFAULT_ENVIRONMENT, DEFAULTS } from "../../src/proxy/config.ts";
import { parseDuration, parseSize } from "../../src/proxy/configuration/quantities.ts";
import { NAMESPACE_KINDS } from "../../src/spawn/namespaces.ts";
import { claim } from "../claim.ts";
import { faultsOf, injectText, routeText } from "./configuring.ts";

const page = Deno.readTextFileSync(new URL("../../docs/proxy.md", import.meta.url));

/** The cells of the tables below a heading, without their headings. */
function rowsBelow(heading: string): string[][] {
  const [, after] = page.split(`\n### ${heading}\n`);
  assert(after !== undefined, heading);
  const lines = after.split(/^#/m)[0].split("\n").filter((line) => line.startsWith("| `"));
  return lines.map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

/** The keys that a section has, by what is said of one that it has not. */
function keysIn(text: string): string[] {
  const told = faultsOf(text).find((line) => line.includes("there is no 'qqqqqqqqqqqq' here: there are "));
  assert(told !== undefined, faultsOf(text).join("\n"));
  return told.split("there are ")[1].split(", ");
}

const key = (cell: string): string => cell.replaceAll("`", "");

const UNKNOWN = "qqqqqqqqqqqq: 1";

const SECTIONS: Record<string, string[]> = {
  "Top level": keysIn(UNKNOWN),
  "Limits of the service": keysIn(`limits: {${UNKNOWN}}`),
  "Routes": keysIn(routeText(UNKNOWN)),
  "`inject`": keysIn(injectText(UNKNOWN)),
  "Limits of a route": keysIn(routeText(`limits: {${UNKNOWN}}`)),
};

claim("the page has every key of every section, and no other", () => {
  for (const [heading, keys] of Object.entries(SECTIONS)) {
    const inherited = heading === "Limits of the service"
      ? ["queue_timeout", "body", "output", "rlimits", "cgroup"]
      : [];
    const documented = [...rowsBelow(heading).map(([cell]) => key(cell)), ...inherited];
    assertEquals(documented.sort(), [...keys].sort(), heading);
  }
  const kinds = keysIn(injectText(`namespaces: {${UNKNOWN}}`));
  assertEquals(kinds, [...NAMESPACE_KINDS, "target", "all"]);
  const [, said] = page.split("\n### Namespaces\n");
  for (const kind of kinds) assert(new RegExp(`\`${kind}(: true)?\``).test(said.split("\n### ")[0]), kind);
  assert(page.includes(`beside ${DEFAULT_ENVIRONMENT.slice(0, -1).join(", ")} and ${DEFAULT_ENVIRONMENT.at(-1)}`));
});

claim("the page has the defaults of the code", () => {
  const cell = (heading: string, name: string): string =>
    key(rowsBelow(heading).find(([first]) => key(first) === name)![2]);
  assertEquals(cell("Top level", "servicename"), DEFAULTS.servicename);
  assertEquals(cell("Top level", "address"), DEFAULTS.address);
  assertEquals(Number(cell("Top level", "port")), DEFAULTS.port);
  assertEquals(parseDuration(cell("Top level", "grace")), DEFAULTS.grace);
  assertEquals(Number(cell("Limits of the service", "concurrency")), DEFAULTS.concurrency);
  assertEquals(Number(cell("Limits of the service", "queue")), DEFAULTS.queue);
  assertEquals(Number(cell("Limits of the service", "connections")), DEFAULTS.connections);
  assertEquals(parseDuration(cell("Limits of the service", "request_timeout")), DEFAULTS.requestTimeout);
  assertEquals(parseSize(cell("Limits of the service", "results")), DEFAULTS.results);
  assertEquals(parseDuration(cell("Routes", "result_ttl")), DEFAULTS.resultTtl);
  assertEquals(parseDuration(cell("`inject`", "timeout")), DEFAULTS.timeout);
  assertEquals(parseDuration(cell("`inject`", "grace")), DEFAULTS.killGrace);
  assertEquals(Number(cell("`inject`", "workers")), DEFAULTS.workers);
  assertEquals(Number(cell("Limits of a route", "queue")), DEFAULTS.routeQueue);
  assertEquals(parseDuration(cell("Limits of a route", "queue_timeout")), DEFAULTS.queueTimeout);
  assertEquals(parseSize(cell("Limits of a route", "body")), DEFAULTS.body);
  assertEquals(parseSize(cell("Limits of a route", "output")), DEFAULTS.output);
});

claim("what the page shows as refused is refused, and what it shows instead is not", () => {
  const [, table] = page.split("\n## What no client may decide\n");
  const commands = (cell: string): string[] =>
    Array.from(cell.matchAll(/`(\[[^`]*\])`/g), ([, command]) => command.replace("CODE", "'1'"));
  const sound = new Set<string>();
  for (const line of table.split("\n## ")[0].split("\n").filter((one) => one.startsWith("| `"))) {
    const [refused, instead] = line.split("|").slice(1, 3);
    for (const command of commands(refused)) {
      const told = faultsOf(injectText(`cmd: ${command}\nnamespaces: {mnt: 1}`));
      assert(
        told.some((one) => /could become|could be an option|cannot be in the program's/.test(one)),
        `${command}: ${told}`,
      );
    }
    for (const command of commands(instead)) {
      assertEquals(faultsOf(injectText(`cmd: ${command}\nnamespaces: {mnt: 1}`)), [], command);
      sound.add(command);
    }
  }
  assert(sound.size >= 3);
});

claim("a file with all that the first URocket knows is read as it is", () => {
  const text = `servicename: mynastyphpport
port: "8080"
socketpath: /tmp/urocket.sock
paths:
  /get/pets:
    post:
      validatein: false
      inject:
        wd: /tmp
        env:
          - MYENV=CI
        cmd: !ToSplit "echo {{jsonpayload}}"
        channel: "cmdline"
        timeout: 300
        encoding: json
      logstdout: true
      validateout: false
  "get/pets":
    get:
      validate-in: false
      inject: { cmd: echo, channel: stdin }
      logstdout: true
      stats: true
      outtake: usocket://uri/{req_id}
      validate-out: false
`;
  assertEquals(faultsOf(text), []);
});
