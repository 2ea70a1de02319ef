/**
 * A gateway from HTTP to processes: URocket.
 *
 * @module
 */

export { type ConfigOrigin, parseProxyConfig, readProxyConfig } from "./read_config.ts";
export { ConfigError, type ConfigFault } from "./configuration/config_error.ts";
export {
  type CgroupLimits,
  type Channel,
  type Encoding,
  type Injection,
  type ListenTarget,
  type ProxyConfig,
  type ReplySocket,
  type RouteConfig,
  type RouteLimits,
  type ServiceLimits,
  type Template,
  type TemplatePart,
  type Validation,
} from "./config.ts";
export { Proxy, type ProxyOptions } from "./proxy.ts";
export { type RequestRecord } from "./history.ts";
export { type RouteFigures } from "./metrics.ts";
export { type ActivatedSockets } from "./servers.ts";
export { type ProxyStatus, type WorkerStatus } from "./status.ts";
