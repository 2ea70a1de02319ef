/**
 * The keys below `limits`, of the service and of its routes.
 *
 * @module
 */

import { nearest, suggestion } from "../../core/nearest.ts";
import type { ResourceLimit } from "../../spawn/mod.ts";
import { type CgroupLimits, DEFAULTS, type RouteLimits, type ServiceLimits } from "../config.ts";
import type { Section } from "./config_section.ts";
import type { ConfigValue } from "./config_value.ts";
import { ROUTE_LIMITS, SERVICE_LIMITS } from "./known_keys.ts";
import { count, duration, parseSize, size } from "./quantities.ts";

/** A body is held in memory. */
const MAX_BODY = 2 ** 30;

const MAX_CONCURRENCY = 100_000;

/** The resources that setrlimit(2) knows. */
const RESOURCES: readonly string[] =
  "cpu fsize data stack core rss nproc nofile memlock as locks sigpending msgqueue nice rtprio rttime".split(" ");

/** What controllers of cgroup v2 there are (cgroups(7)). */
const CONTROLLERS = ["cpu", "cpuset", "memory", "io", "pids", "hugetlb", "rdma", "misc", "cgroup"];

/** Files whose writing does something else than to limit. */
const NO_SETTINGS = ["cgroup.procs", "cgroup.threads", "cgroup.kill", "cgroup.type", "cgroup.subtree_control"];

/** What a route need not say because the service does. */
export type InheritedLimits = Partial<Omit<RouteLimits, "cgroup">> & { cgroup?: Partial<CgroupLimits> };

function parseAmount(text: string): number | "unlimited" {
  return text === "unlimited" ? text : parseSize(text);
}

function readAmount(value: ConfigValue): number | "unlimited" | undefined {
  return value.parse(parseAmount, "a number or unlimited");
}

function readRlimit(value: ConfigValue): ResourceLimit | undefined {
  let soft: number | "unlimited" | undefined, hard = soft;
  if (value.kind === "section") {
    const section = value.section(["soft", "hard"])!;
    soft = section.read("soft", readAmount);
    hard = section.read("hard", readAmount);
    if (!section.has("soft") || !section.has("hard")) return value.complain("both soft and hard are needed");
  } else {
    const pair = value.parse((text) => text.split(":").map(parseAmount), "a number or unlimited");
    if (pair && pair.length > 2) return value.complain("write SOFT or SOFT:HARD");
    [soft, hard] = [pair?.[0], pair?.at(-1)];
  }
  if (soft === undefined || hard === undefined) return undefined;
  if (Number(soft === "unlimited" ? Infinity : soft) > Number(hard === "unlimited" ? Infinity : hard)) {
    return value.complain(`the soft limit ${soft} is above the hard one, ${hard}`);
  }
  return soft === hard ? soft : { soft, hard };
}

function readRlimits(value: ConfigValue): Record<string, ResourceLimit> | undefined {
  const limits: Record<string, ResourceLimit> = {};
  for (const { key, at, value: written } of value.pairs()?.entries ?? []) {
    const name = key.toLowerCase().replace(/^rlimit[_-]?/, "");
    if (!RESOURCES.includes(name)) {
      at.complain(`there is no resource '${key}': ${suggestion(name, RESOURCES)}`);
      continue;
    }
    const limit = readRlimit(written);
    if (limit !== undefined) limits[name] = limit;
  }
  return limits;
}

function settingFault(key: string): string | undefined {
  const [, controller] = /^([a-z]+)(?:\.[\w-]+)+$/.exec(key) ?? [];
  if (controller === undefined) return `'${key}' is no setting of a control group: write one as memory.max`;
  if (NO_SETTINGS.includes(key)) return `'${key}' is no limit, and not for you to write`;
  if (CONTROLLERS.includes(controller)) return undefined;
  const meant = nearest(controller, CONTROLLERS);
  const advice = meant ? `did you mean '${meant}'?` : `there are ${CONTROLLERS.join(", ")}`;
  return `there is no controller '${controller}': ${advice}`;
}

function readCgroup(value: ConfigValue): Partial<CgroupLimits> | undefined {
  const cgroup: Partial<CgroupLimits> & { settings: Record<string, string> } = { settings: {} };
  for (const { key, at, value: written } of value.pairs()?.entries ?? []) {
    const text = key === "parent" || settingFault(key) === undefined ? written.text() : undefined;
    if (key === "parent") cgroup.parent = text === "" ? written.complain("it cannot be empty") : text;
    else if (text !== undefined) cgroup.settings[key] = text;
    else if (settingFault(key)) at.complain(settingFault(key)!);
  }
  return cgroup;
}

function readCommon(section: Section): InheritedLimits {
  return {
    queueTimeout: section.read("queue_timeout", duration()),
    body: section.read("body", size(MAX_BODY)),
    output: section.read("output", size()),
    rlimits: section.read("rlimits", readRlimits),
    cgroup: section.read("cgroup", readCgroup),
  };
}

/**
 * Reads the limits of the service.
 *
 * @param value What `limits` has, if it is there.
 * @returns The limits for all together, and those that routes take over.
 */
export function readServiceLimits(value: ConfigValue | undefined): { all: ServiceLimits; inherited: InheritedLimits } {
  const section = value?.section(SERVICE_LIMITS);
  const all = {
    concurrency: section?.read("concurrency", count(1, MAX_CONCURRENCY)) ?? DEFAULTS.concurrency,
    queue: section?.read("queue", count(0)) ?? DEFAULTS.queue,
    connections: section?.read("connections", count(1)) ?? DEFAULTS.connections,
    requestTimeout: section?.read("request_timeout", duration(1)) ?? DEFAULTS.requestTimeout,
    results: section?.read("results", size()) ?? DEFAULTS.results,
  };
  return { all, inherited: section ? readCommon(section) : {} };
}

/**
 * Reads the limits of a route.
 *
 * @param value What `limits` has, if it is there.
 * @param all The limits for all together.
 * @param inherited What the service says for all routes.
 * @returns The limits.
 */
export function readRouteLimits(
  value: ConfigValue | undefined,
  all: ServiceLimits,
  inherited: InheritedLimits,
): RouteLimits {
  const section = value?.section(ROUTE_LIMITS);
  const own: InheritedLimits = section ? readCommon(section) : {};
  const settings = { ...inherited.cgroup?.settings, ...own.cgroup?.settings };
  const parent = own.cgroup?.parent ?? inherited.cgroup?.parent;
  if (parent === undefined && own.cgroup) section?.get("cgroup")?.complain("parent is needed, too: below which group");
  return {
    concurrency: section?.read("concurrency", count(1, MAX_CONCURRENCY)) ?? all.concurrency,
    queue: section?.read("queue", count(0)) ?? DEFAULTS.routeQueue,
    queueTimeout: own.queueTimeout ?? inherited.queueTimeout ?? DEFAULTS.queueTimeout,
    body: own.body ?? inherited.body ?? DEFAULTS.body,
    output: own.output ?? inherited.output ?? DEFAULTS.output,
    rlimits: { ...inherited.rlimits, ...own.rlimits },
    ...(parent !== undefined && { cgroup: { parent, settings } }),
  };
}
