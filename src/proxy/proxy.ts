/**
 * A gateway from HTTP to processes, from its start to its end.
 *
 * @module
 */

import { delay } from "../core/delay.ts";
import { buildGeneration, type BuiltGeneration } from "./build_generation.ts";
import type { ListenTarget, ProxyConfig } from "./config.ts";
import { Gateway } from "./gateway.ts";
import { isUnix } from "./http_service.ts";
import { ReplyHandler } from "./reply_server.ts";
import type { ProxyStatus } from "./status.ts";
import type { HttpHandler } from "./take_requests.ts";
import { type ActivatedSockets, Servers } from "./servers.ts";
import { startTracing } from "./tracing.ts";
import { WorkerPools } from "./worker_pools.ts";
import { ProxyMetrics } from "./metrics.ts";

/** How long clients may take to read the last answers, in milliseconds. */
const LAST_WORDS_MS = 1000;

/** What a gateway is given beside its configuration. */
export interface ProxyOptions {
  /** Listening sockets to serve instead of opening them; the gateway's from now on. */
  activated?: ActivatedSockets;
  /** The file that the configuration was read from, for the status. */
  configFile?: string;
  /** The version of ipcx, for the status. */
  version?: string;
}

/**
 * A gateway that serves.
 *
 * @example
 * ```ts
 * import { parseProxyConfig, Proxy } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const config = parseProxyConfig(
 *   `
 * port: 0
 * paths:
 *   /hello/{name}:
 *     get:
 *       answer: stdout
 *       inject: { cmd: [echo, "hello {{path.name}}"] }
 * `,
 *   { file: "urocket-service.yaml" },
 * );
 * const proxy = await Proxy.start(config);
 * const answer = await fetch(`${proxy.url}/hello/world`);
 * assertEquals([answer.status, await answer.text()], [200, "hello world\n"]);
 * await proxy.stop();
 * ```
 */
export class Proxy {
  readonly #gateway: Gateway;
  readonly #replies: ReplyHandler;
  readonly #options: ProxyOptions;
  readonly #servers: Servers;
  readonly #startedAt = performance.now();
  readonly #workers: WorkerPools;
  #generation: BuiltGeneration;
  #configuredAt = Date.now();
  #reloading: Promise<void> = Promise.resolve();
  #state: ProxyStatus["state"] = "starting";

  private constructor(generation: BuiltGeneration, gateway: Gateway, options: ProxyOptions) {
    this.#generation = generation;
    this.#gateway = gateway;
    this.#options = options;
    this.#workers = new WorkerPools(() => gateway.admission.slots.fill());
    this.#replies = new ReplyHandler(gateway.pending, this.#workers);
    const admin = (target: ListenTarget): Promise<HttpHandler> => this.#adminHandler(target);
    this.#servers = new Servers({ front: gateway, reply: this.#replies, admin }, options.activated);
  }

  /**
   * Starts to serve.
   *
   * @param config What to serve, and where.
   * @param options Sockets that are open already.
   * @returns The gateway.
   * @throws {SystemError} EADDRINUSE and the like.
   * @throws {Error} If something that the configuration names cannot be used.
   */
  static async start(config: ProxyConfig, options: ProxyOptions = {}): Promise<Proxy> {
    const metrics = new ProxyMetrics();
    const generation = await buildGeneration(config, metrics);
    const gateway = new Gateway(generation, metrics);
    gateway.tracing = await startTracing(config.servicename);
    const proxy = new Proxy(generation, gateway, options);
    proxy.#apply(generation);
    (await proxy.#servers.open(config))();
    proxy.#workers.begin();
    proxy.#state = "serving";
    return proxy;
  }

  /** Where clients connect, such as `http://127.0.0.1:8080` or `unix:@front`. */
  get url(): string {
    return this.#servers.front.url;
  }

  /** Where the admin server is, if there is one. */
  get adminUrl(): string | undefined {
    return this.#servers.admin?.url;
  }

  #apply(generation: BuiltGeneration): void {
    const { config, routes } = generation;
    const { slots } = this.#gateway.admission;
    slots.concurrency = config.limits.concurrency;
    slots.queue = config.limits.queue;
    this.#gateway.jobs.mostBytes = config.limits.results;
    for (const route of routes) route.slots.limits = route.config.limits;
    this.#gateway.generation = generation;
    this.#gateway.metrics.retain(config.routes);
    const paths = routes.flatMap(({ config: { outtakePath } }) => outtakePath === undefined ? [] : [outtakePath]);
    this.#workers.apply(routes);
    this.#replies.settings = { strictCompat: config.strictCompat, paths };
    this.#generation = generation;
    slots.fill();
  }

  async #adminHandler({ address }: ListenTarget): Promise<HttpHandler> {
    const { adminHandler } = await import("./admin/mod.ts");
    const handler = adminHandler(this.#view(), { hosts: isUnix(address) ? "any" : [address] });
    return { onRequest: (request, response) => handler(request, response) };
  }

  #view(): Parameters<typeof import("./admin/mod.ts").adminHandler>[0] {
    // deno-lint-ignore no-this-alias
    const proxy = this;
    return {
      metrics: this.#gateway.metrics,
      get isReady() {
        return proxy.#state === "serving";
      },
      get document() {
        return proxy.#generation.document?.document;
      },
      status: () => proxy.status,
    };
  }

  /** What holds now. */
  get status(): ProxyStatus {
    const { front, reply, admin } = this.#servers;
    const { configFile, version = "" } = this.#options;
    const { metrics, history } = this.#gateway;
    return {
      servicename: this.#generation.config.servicename,
      version,
      pid: Deno.pid,
      state: this.#state,
      uptime: (performance.now() - this.#startedAt) / 1000,
      ...(configFile === undefined ? {} : { config: configFile }),
      configuredAt: this.#configuredAt,
      front: front.url,
      ...(reply ? { reply: reply.url } : {}),
      ...(admin ? { admin: admin.url } : {}),
      connections: front.connections,
      unrouted: Object.fromEntries(metrics.unrouted),
      routes: metrics.routes.map(({ figures }) => figures),
      workers: this.#workers.status,
      recent: history.recent,
    };
  }

  /**
   * Serves another configuration from now on: all of it, or nothing of it if
   * something of it cannot be used. Requests that run go on as they began.
   *
   * @param config What to serve, and where.
   * @throws {Error} As {@linkcode Proxy.start}; the old configuration stays.
   */
  reload(config: ProxyConfig): Promise<void> {
    const reloaded = this.#reloading.then(() => this.#reload(config));
    this.#reloading = reloaded.catch(() => {});
    return reloaded;
  }

  async #reload(config: ProxyConfig): Promise<void> {
    if (this.#state === "stopping") throw new Error("the gateway is stopping");
    let generation: BuiltGeneration;
    let change: Awaited<ReturnType<Servers["open"]>>;
    try {
      generation = await buildGeneration(config, this.#gateway.metrics, this.#generation);
      change = await this.#servers.open(config);
    } catch (error) {
      // What would have been new is not counted.
      this.#gateway.metrics.retain(this.#generation.config.routes);
      throw error;
    }
    // Processes that run, and those that are started for requests that are here already, answer where they are told now.
    change(this.#gateway.admission.unused(this.#generation.routes));
    this.#apply(generation);
    this.#workers.begin();
    this.#configuredAt = Date.now();
  }

  /**
   * Stops: no new requests, running ones have the grace of the configuration,
   * then everything ends.
   *
   * @param hurry Ends the grace at once.
   * @returns A promise without a value, when everything has ended.
   */
  async stop(hurry?: AbortSignal): Promise<void> {
    this.#state = "stopping";
    await this.#reloading;
    const { admission } = this.#gateway;
    this.#gateway.stop();
    this.#servers.front.stopListening();
    const isDone = Promise.all([this.#servers.answered(), admission.idle()]);
    await atMost(this.#generation.config.grace, isDone, hurry);
    admission.shutDown();
    await admission.idle();
    await atMost(LAST_WORDS_MS, this.#servers.answered());
    await this.#workers.stop();
    this.#gateway.jobs.clear();
    this.#servers.close();
  }
}

/** Waits for something, but not for long. */
async function atMost(ms: number, what: Promise<unknown>, hurry?: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const signal = hurry ? AbortSignal.any([stop.signal, hurry]) : stop.signal;
  await Promise.race([what, delay(ms, signal).catch(() => {})]);
  stop.abort();
}
