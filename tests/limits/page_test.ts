/**
 * What docs/limits.md says is what is measured.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type Limit, LIMIT_GROUPS, limitNames, type LimitUnit, probeLimits } from "ipcx";
import { claim } from "../claim.ts";
import { codeIn, constant, read, rows, section } from "../documents.ts";

const page = read("docs/limits.md");

/** What rules these differs from host to host. */
const SETTINGS = [
  "kernel-release",
  "dgram-largest",
  "dgram-most",
  "dgram-most-beyond",
  "seqpacket-largest",
  "seqpacket-most",
  "seqpacket-most-beyond",
  "stream-at-once",
  "sndbuf-default",
  "sndbuf-most",
  "sndbuf-force",
  "dgram-queue",
  "stream-pair-queue",
  "dgram-pair-queue",
  "seqpacket-pair-queue",
  "backlog-most",
  "fds-in-flight",
  "fds-in-flight-limited",
  "fds-open",
  "pipe-default",
  "pipe-most",
  "tcp-port-lowest",
  "tcp-port-highest",
  "memory-executable",
  "peer-security",
  "out-of-band",
  "sock-diag",
  "pidfd-getfd",
];

const heading = (group: string): string => `## ${group[0].toUpperCase()}${group.slice(1).replace("-", " ")}`;

function written({ value, unit }: Limit): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number" || unit === "port" || unit === "process id") return `${value}`;
  return `${value} ${value === 1 ? unit.replace(/s$/, "") : unit}`;
}

/** Whether a value in the page can be one of this unit at all. */
function fits(text: string, unit: LimitUnit): boolean {
  switch (unit) {
    case "yes or no":
      return text === "yes" || text === "no";
    case "error":
      return /^E[A-Z]+$/.test(text);
    case "text":
      return text !== "";
    case "port":
    case "process id":
      return /^\d+$/.test(text);
    default:
      return new RegExp(`^\\d+ ${unit.slice(0, -1)}s?$`).test(text);
  }
}

claim("docs/limits.md tells of every limit in its section, in the order of the program", () => {
  const told = LIMIT_GROUPS.flatMap((group) => rows(section(page, heading(group))).map(([name]) => codeIn(name)[0]));
  assertEquals(told, limitNames());
});

claim("docs/limits.md tells of each limit what to do about it, in a sentence", () => {
  for (const group of LIMIT_GROUPS) {
    for (const [name, , advice] of rows(section(page, heading(group)))) {
      assert(/^.{12,}\.$/.test(advice), `${name}: ${advice}`);
    }
  }
});

claim("docs/limits.md has the values that are measured, where no setting of the host rules them", () => {
  const limits = new Map(probeLimits().map((limit) => [limit.name, limit]));
  const is6_18 = Deno.osRelease().startsWith("6.18.");
  for (const group of LIMIT_GROUPS) {
    for (const [name, cell] of rows(section(page, heading(group)))) {
      const limit = limits.get(codeIn(name)[0])!;
      assert(fits(codeIn(cell)[0], limit.unit), `${name}: ${cell}`);
      const isTheSame = is6_18 || !["peers", "features", "zero-copy", "memory"].includes(group);
      if (isTheSame && !SETTINGS.includes(limit.name)) assertEquals(codeIn(cell)[0], written(limit), name);
    }
  }
});

claim("the limits that docs/limits.md points to exist", () => {
  const names = limitNames();
  for (const [, answer, limits] of rows(section(page, "## Short answers"))) {
    for (const name of codeIn(limits)) assert(names.includes(name), name);
    for (const number of answer.match(/\d+/g) ?? []) {
      assert(number === "32" || page.split("## Kernel")[1].includes(number), `${number} is in no table`);
    }
  }
});

claim("the numbers of attempts in docs/limits.md are those of the code", () => {
  assert(page.includes(`${constant("src/limits/zero_copy.ts", "MOST_PIPE_BYTES")} is where`));
  assert(page.includes(`lowered to ${constant("src/limits/in_flight.ts", "LOWERED")} for`));
  assertEquals(constant("src/limits/calls.ts", "ROOM"), 8);
  assert(page.includes("leaves less than eight"));
});
