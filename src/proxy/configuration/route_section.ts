/**
 * The keys of a route: one verb of one path.
 *
 * @module
 */

import { DEFAULTS, type RouteConfig, type ServiceLimits, type Validation } from "../config.ts";
import type { Section } from "./config_section.ts";
import type { ConfigValue } from "./config_value.ts";
import { readInjection } from "./inject_section.ts";
import { ROUTE_KEYS } from "./known_keys.ts";
import { type InheritedLimits, readRouteLimits } from "./limits_section.ts";
import { parseOuttake } from "./outtake.ts";
import { bool, duration } from "./quantities.ts";
import { word } from "./words.ts";

const VALIDATIONS: readonly Validation[] = ["enforce", "report", "off"];

/** The first URocket knew only whether. */
const WHETHER: Readonly<Record<string, Validation>> = { true: "enforce", false: "off" };

const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;\s*[\w!#$&^.+-]+=("[^"\r\n]*"|[\w!#$&^.+-]+))*$/;

/** What of the service concerns its routes. */
export interface RouteSurroundings {
  /** Whether there is an OpenAPI document. */
  readonly hasOpenapi: boolean;
  /** The limits for all together. */
  readonly all: ServiceLimits;
  /** The limits that routes take over. */
  readonly inherited: InheritedLimits;
}

/** A route with the verb it stands at. */
export interface PlacedRoute {
  /** The route. */
  readonly route: RouteConfig;
  /** The verb, for complaints. */
  readonly at: ConfigValue;
  /** Whether there has to be a reply socket for it. */
  readonly needsReply: boolean;
}

/** Where a route is found. */
export interface RoutePlace {
  /** The path with its placeholders. */
  readonly path: string;
  /** The names of its placeholders. */
  readonly parameters: readonly string[];
  /** The verb, in capitals. */
  readonly method: string;
}

function readMediaType(value: ConfigValue): string | undefined {
  return value.parse((text) => {
    if (!MEDIA_TYPE.test(text)) throw new Error(`'${text}' is no media type: write one as text/plain; charset=utf-8`);
    return text;
  });
}

function readValidation(section: Section, key: string, hasOpenapi: boolean): Validation {
  const validation = section.read(key, word(VALIDATIONS, WHETHER)) ?? "off";
  if (validation !== "off" && !hasOpenapi) {
    section.complain(key, "there is nothing to check against: openapi is needed at the top");
  }
  return validation;
}

/** Notes keys that are only of use beside others. */
function refuseUseless(section: Section, route: Omit<RouteConfig, "limits">): void {
  const useless: [key: string, isUseless: boolean, why: string][] = [
    ["outtake", route.answer === "stdout", "does not go with answer: stdout, which needs no socket"],
    ["reply_from", route.answer === "stdout", "does not go with answer: stdout, which needs no socket"],
    ["output", route.answer !== "stdout", "is for answer: stdout"],
    ["result_ttl", !route.async, "is for async: true"],
    ["cancel", route.async && route.cancel, "does not go with async: true, whose clients go away at once"],
    ["stats", route.stats && route.inject.mode === "worker", "does not go with mode: worker, whose processes live on"],
    ["answer", route.answer === "stdout" && route.inject.mode === "worker", "stdout does not go with mode: worker"],
  ];
  for (const [key, isUseless, why] of useless) if (isUseless && section.has(key)) section.complain(key, why);
}

/**
 * Reads a route.
 *
 * @param value What the verb has.
 * @param at The verb.
 * @param place Where it is found.
 * @param surroundings What of the service concerns it.
 * @returns The route; `undefined` if there is nothing to start.
 */
export function readRoute(
  value: ConfigValue,
  at: ConfigValue,
  place: RoutePlace,
  surroundings: RouteSurroundings,
): PlacedRoute | undefined {
  const section = value.section(ROUTE_KEYS);
  if (!section) return undefined;
  if (!section.has("inject")) at.complain(`${at.text()}: inject is needed: the program that answers`);
  const inject = section.read("inject", (one) => readInjection(one, place.path, place.parameters));
  const limits = readRouteLimits(section.get("limits"), surroundings.all, surroundings.inherited);
  const outtakePath = section.read("outtake", (one) => one.parse(parseOuttake));
  const contentType = section.read("content_type", readMediaType);
  const answer = section.read("answer", word(["outtake", "stdout"] as const));
  const isAsync = section.read("async", bool) ?? false;
  const route = {
    path: place.path,
    method: place.method,
    place: value.file.place(at.offset),
    inject: inject!,
    answer: answer ?? "outtake",
    ...(outtakePath !== undefined && { outtakePath }),
    output: section.read("output", word(["body", "cgi"] as const)) ?? "body",
    ...(contentType !== undefined && { contentType }),
    validateIn: readValidation(section, "validatein", surroundings.hasOpenapi),
    validateOut: readValidation(section, "validateout", surroundings.hasOpenapi),
    logStdout: section.read("logstdout", bool) ?? false,
    stats: section.read("stats", bool) ?? false,
    async: isAsync,
    resultTtl: section.read("result_ttl", duration(1)) ?? DEFAULTS.resultTtl,
    cancel: section.read("cancel", bool) ?? !isAsync,
    replyFrom: section.read("reply_from", word(["anyone", "descendants"] as const)) ?? "anyone",
  };
  if (!inject) return undefined;
  refuseUseless(section, route);
  // Who misspelt `stdout` need not be told that there is no socket.
  const needsReply = answer === "outtake" || !section.has("answer");
  return { route: { ...route, limits }, at, needsReply };
}
