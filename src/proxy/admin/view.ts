/**
 * What the admin server sees of the gateway.
 *
 * @module
 */

import type { ProxyMetrics } from "../metrics.ts";
import type { ProxyStatus } from "../status.ts";

/** What the admin server sees of the gateway: all of it to read, nothing to change. */
export interface AdminView {
  /** The counters. */
  readonly metrics: ProxyMetrics;
  /** Whether requests are served: not while it starts or stops. */
  readonly isReady: boolean;
  /** The OpenAPI document, as parsed; `undefined` if there is none. */
  readonly document?: unknown;
  /** What holds now. */
  status(): ProxyStatus;
}
