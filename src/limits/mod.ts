/**
 * What Unix sockets can do on the running kernel, by measurement.
 *
 * @module
 */

export { type Limit, LIMIT_GROUPS, type LimitGroup, type LimitUnit, type LimitValue } from "./limit.ts";
export { limitNames, probeLimits, type ProbeOptions } from "./probe_limits.ts";
