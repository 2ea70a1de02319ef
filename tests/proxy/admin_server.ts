/**
 * The admin server over counters that the test feeds.
 *
 * @module
 */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { adminHandler, type AdminOptions, type AdminView } from "../../src/proxy/admin/mod.ts";
import { History } from "../../src/proxy/history.ts";
import { ProxyMetrics } from "../../src/proxy/metrics.ts";
import type { ProxyStatus, WorkerStatus } from "../../src/proxy/status.ts";

/** What the gateway would tell. */
export class FedView implements AdminView {
  /** The counters. */
  readonly metrics: ProxyMetrics = new ProxyMetrics();
  /** The last requests. */
  readonly history: History = new History();
  /** The workers. */
  workers: WorkerStatus[] = [];
  /** Whether requests are served. */
  isReady = true;
  /** When the configuration was read. */
  configuredAt = 1000;
  /** The OpenAPI document. */
  document?: unknown;
  /** How often the status was asked for. */
  asked = 0;
  #ids = 0;

  /**
   * Makes routes without requests.
   *
   * @param routes Each as `GET /path`.
   */
  constructor(routes: readonly string[]) {
    for (const route of routes) this.metrics.route(...(route.split(" ") as [string, string]));
  }

  /**
   * Feeds a request that was answered.
   *
   * @param route Its route, as `GET /path`.
   * @param status Its status.
   * @param more What else is known: its path, how long it took in milliseconds, what came of it.
   */
  answer(route: string, status: number, more: { path?: string; ms?: number; outcome?: string } = {}): void {
    const [method, template] = route.split(" ");
    const { path = template, ms = 12, outcome = "answered" } = more;
    this.metrics.route(method, template).answered(status, ms / 1000);
    this.history.add({
      time: Date.now(),
      id: `4b1f0c2e-0000-4000-8000-${String(++this.#ids).padStart(12, "0")}`,
      method,
      path,
      route: template,
      status,
      ms,
      outcome,
      pid: 4000 + this.#ids,
      cpu: ms / 4,
    });
  }

  /** What holds now. */
  status(): ProxyStatus {
    this.asked++;
    return {
      servicename: "pets",
      version: "0.1.0",
      pid: Deno.pid,
      state: this.isReady ? "serving" : "stopping",
      uptime: 4242,
      config: "/etc/ipcx/pets.yaml",
      configuredAt: this.configuredAt,
      front: "http://127.0.0.1:8080",
      reply: "/run/pets.sock",
      admin: "http://127.0.0.1:9090",
      connections: 3,
      unrouted: Object.fromEntries(this.metrics.unrouted),
      routes: this.metrics.routes.map((route) => route.figures),
      workers: this.workers,
      recent: this.history.recent,
    };
  }
}

/** A running admin server. */
export class AdminServer implements AsyncDisposable {
  readonly #server: Server;

  private constructor(view: AdminView, options: AdminOptions) {
    this.#server = createServer(adminHandler(view, options));
  }

  /**
   * Starts one.
   *
   * @param view What it shows.
   * @param options Who may ask, and the path of a Unix socket if it is not to be a port on loopback.
   */
  static async start(view: AdminView, options: AdminOptions & { path?: string } = {}): Promise<AdminServer> {
    const { path, ...rest } = options;
    const server = new AdminServer(view, rest);
    const at = path === undefined ? { host: "127.0.0.1", port: 0 } : { path };
    await new Promise<void>((resolve) => server.#server.listen(at, resolve));
    return server;
  }

  /** Its port. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Stops it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
