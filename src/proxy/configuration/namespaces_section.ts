/**
 * The keys below `namespaces`.
 *
 * @module
 */

import { resolve } from "node:path";
import type { NamespaceKind, Namespaces } from "../../spawn/mod.ts";
import type { ConfigValue } from "./config_value.ts";
import { bool } from "./quantities.ts";

const KINDS: readonly NamespaceKind[] = ["user", "cgroup", "ipc", "uts", "net", "pid", "mnt", "time"];

const PID = /^[1-9]\d{0,9}(:\d+)?$/;

function readTarget(value: ConfigValue): string | undefined {
  return value.parse((text) => {
    if (!PID.test(text)) throw new Error(`'${text}' is no process: write PID or PID:INODE`);
    return text;
  }, "a pid");
}

function readReference(value: ConfigValue, kind: NamespaceKind): string | true | undefined {
  const text = value.text("a file, a pid, or true");
  if (text === undefined) return undefined;
  if (/^true$/i.test(text) && !value.isQuoted) return true;
  if (PID.test(text)) return text;
  if (text.includes("/")) return resolve(value.file.folder, text);
  if (kind === "net" && /^[^\s]+$/.test(text) && !/^(\d|false$)/.test(text)) return text;
  const named = kind === "net" ? ", a name of ip netns" : "";
  return value.complain(
    `'${text}' is no namespace: write a path with a slash, a pid${named}, or true for the target's`,
  );
}

/**
 * Reads in which namespaces a process is started.
 *
 * @param value What `namespaces` has.
 * @returns Which.
 */
export function readNamespaces(value: ConfigValue): Namespaces | undefined {
  const section = value.section([...KINDS, "target", "all"]);
  if (!section) return undefined;
  const namespaces: Namespaces = {};
  const target = section.read("target", readTarget);
  if (target !== undefined) namespaces.target = target;
  const all = section.read("all", bool);
  if (all) namespaces.all = true;
  for (const kind of KINDS) {
    const reference = section.read(kind, (one) => readReference(one, kind));
    if (reference === undefined) continue;
    namespaces[kind] = reference;
    if (reference === true && !section.has("target")) section.complain(kind, "whose? target is needed, too");
  }
  if (all && !section.has("target")) section.complain("all", "whose? target is needed, too");
  if (target !== undefined && !all && !Object.values(namespaces).includes(true)) {
    section.complain("target", "nothing is taken from it: say all: true, or a kind of namespace with true");
  }
  return namespaces;
}
