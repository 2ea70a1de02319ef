/**
 * Which keys there are, and where each belongs.
 *
 * @module
 */

/** The keys at the top of the file. */
export const TOP_KEYS: readonly string[] = [
  ..."servicename address port tls socketpath socketmode socketowner openapi admin".split(" "),
  ..."strict_compat access_log pass_env grace limits paths".split(" "),
];

/** The keys of a route, below its verb. */
export const ROUTE_KEYS: readonly string[] = [
  ..."validatein validateout inject outtake answer output content_type logstdout stats".split(" "),
  ..."async result_ttl cancel reply_from limits".split(" "),
];

/** The keys below `inject`. */
export const INJECT_KEYS: readonly string[] = [
  ..."cmd wd env channel encoding timeout grace mode workers user group namespaces".split(" "),
  "unsafe_shell",
];

/** The keys below `limits` of a route. */
export const ROUTE_LIMITS: readonly string[] = "concurrency queue queue_timeout body output rlimits cgroup".split(" ");

/** The keys below `limits` of the service. */
export const SERVICE_LIMITS: readonly string[] = [...ROUTE_LIMITS, "connections", "request_timeout", "results"];

const PLACES: readonly [string, readonly string[]][] = [
  ["below inject", INJECT_KEYS],
  ["below a verb, such as get", ROUTE_KEYS],
  ["below limits", ROUTE_LIMITS],
  ["below limits at the top of the file", SERVICE_LIMITS],
  ["at the top of the file", TOP_KEYS],
];

/**
 * Takes a key as all of its spellings are.
 *
 * @param key The key.
 * @returns The key without `-` and `_`.
 */
export function withoutDashes(key: string): string {
  return key.replaceAll(/[-_]/g, "");
}

/**
 * Finds out where a key belongs that is not known where it stands: it may only be indented in a wrong way.
 *
 * @param key The key as it is written.
 * @returns `it belongs` and where; `undefined` if there is no such key anywhere.
 */
export function whereItBelongs(key: string): string | undefined {
  if (key.startsWith("/")) return "it belongs below paths, further to the right";
  const folded = withoutDashes(key);
  const place = PLACES.find(([, keys]) => keys.some((one) => withoutDashes(one) === folded));
  return place && `it belongs ${place[0]}`;
}
