/**
 * What a gateway tells of itself.
 *
 * @module
 */

import type { RequestRecord } from "./history.ts";
import type { RouteFigures } from "./metrics.ts";

/** A process that takes one request after another. */
export interface WorkerStatus {
  /** The verb of its route. */
  method: string;
  /** The path of its route. */
  path: string;
  /** Its process id. */
  pid: number;
  /** What it does. */
  state: "starting" | "idle" | "busy" | "stopping";
  /** How many requests it has answered. */
  requests: number;
  /** For how long it has run, in seconds. */
  uptime: number;
}

/** What a gateway tells of itself: the answer to `GET /status`, and what the page shows. */
export interface ProxyStatus {
  /** The service's name. */
  servicename: string;
  /** The version of ipcx. */
  version: string;
  /** The gateway's process id. */
  pid: number;
  /** Whether it serves. */
  state: "starting" | "serving" | "stopping";
  /** For how long it has run, in seconds. */
  uptime: number;
  /** The file of its configuration. */
  config?: string;
  /** When that was read last, in milliseconds since 1970. */
  configuredAt?: number;
  /** Where clients connect, such as `http://127.0.0.1:8080`. */
  front: string;
  /** Where processes answer. */
  reply?: string;
  /** Where this is to be had. */
  admin?: string;
  /** Clients connected. */
  connections: number;
  /** Requests refused before a route was found, by status. */
  unrouted: Record<string, number>;
  /** Every route, in the order of the configuration. */
  routes: RouteFigures[];
  /** Workers of all routes. */
  workers: WorkerStatus[];
  /** The last requests, the newest first. */
  recent: RequestRecord[];
}
