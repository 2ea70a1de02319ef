/**
 * A gateway from HTTP to processes, from its start to its end.
 *
 * @module
 */

import type { Fd } from "../core/fd.ts";
import { groupId, primaryGroupOf, userId } from "../core/accounts.ts";
import { buildGeneration, type BuiltGeneration } from "./build_generation.ts";
import type { ListenTarget, ProxyConfig, ReplySocket } from "./config.ts";
import { Gateway } from "./gateway.ts";
import { type HttpOptions, HttpService, isUnix } from "./http_service.ts";
import { ReplyHandler } from "./reply_server.ts";
import type { ProxyStatus } from "./status.ts";
import type { HttpHandler } from "./take_requests.ts";
import { startTracing } from "./tracing.ts";
import { WorkerPools } from "./worker_pools.ts";
import { ProxyMetrics } from "./metrics.ts";

/** What a gateway is given beside its configuration. */
export interface ProxyOptions {
  /** Listening sockets to serve instead of opening them; the gateway's from now on. */
  activated?: { front?: Fd; reply?: Fd; admin?: Fd };
  /** The file that the configuration was read from, for the status. */
  configFile?: string;
  /** The version of ipcx, for the status. */
  version?: string;
}

/** The servers of a gateway. */
interface Services {
  front: HttpService;
  reply?: HttpService;
  admin?: HttpService;
}

function replyTarget({ path }: ReplySocket): ListenTarget {
  return { address: path };
}

function fileOptions({ mode, owner }: ReplySocket): { mode: number; uid?: number; gid?: number } {
  if (owner === undefined) return { mode };
  const [user, group] = owner.split(":");
  const uid = user === "" ? undefined : userId(user);
  const gid = group === undefined ? (uid === undefined ? undefined : primaryGroupOf(uid)) : groupId(group);
  return { mode, ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
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
  readonly #startedAt = performance.now();
  readonly #workers: WorkerPools;
  #generation: BuiltGeneration;
  #services!: Services;
  #configuredAt = Date.now();
  #state: ProxyStatus["state"] = "starting";

  private constructor(generation: BuiltGeneration, gateway: Gateway, options: ProxyOptions) {
    this.#generation = generation;
    this.#gateway = gateway;
    this.#options = options;
    this.#workers = new WorkerPools(() => gateway.admission.slots.fill());
    this.#replies = new ReplyHandler(gateway.pending, this.#workers);
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
    proxy.#services = await proxy.#open(config);
    proxy.#workers.begin();
    proxy.#state = "serving";
    return proxy;
  }

  /** Where clients connect, such as `http://127.0.0.1:8080` or `unix:@front`. */
  get url(): string {
    return this.#services.front.url;
  }

  /** Where the admin server is, if there is one. */
  get adminUrl(): string | undefined {
    return this.#services.admin?.url;
  }

  #apply(generation: BuiltGeneration): void {
    const { config, routes } = generation;
    const { slots } = this.#gateway.admission;
    slots.concurrency = config.limits.concurrency;
    slots.queue = config.limits.queue;
    this.#gateway.generation = generation;
    this.#gateway.metrics.retain(config.routes);
    const paths = routes.flatMap(({ config: { outtakePath } }) => outtakePath === undefined ? [] : [outtakePath]);
    this.#workers.apply(routes);
    this.#replies.settings = { strictCompat: config.strictCompat, paths };
    this.#generation = generation;
    slots.fill();
  }

  /** Opens what is not open yet; what was there before and serves the same goes on. */
  async #open(config: ProxyConfig, before?: Services): Promise<Services> {
    const opened: HttpService[] = [];
    const { activated = {} } = this.#options;
    const open = async (
      target: ListenTarget,
      handler: HttpHandler,
      old: HttpService | undefined,
      options: HttpOptions,
    ): Promise<HttpService> => {
      // What a service manager has opened is its to choose, whatever the file says by now.
      if (old && (options.activated || old.serves(target))) return old;
      const service = await HttpService.open(target, handler, options);
      opened.push(service);
      return service;
    };
    try {
      const { connections, requestTimeout } = config.limits;
      const services: Services = {
        front: await open(config.front, this.#gateway, before?.front, {
          connections,
          requestTimeout,
          activated: activated.front,
        }),
      };
      if (config.reply) {
        // A worker may be at a request for long before it sends its answer on the same connection.
        const own = { allowHalfOpen: true, idleTimeout: 0 };
        const options = { ...fileOptions(config.reply), ...own, activated: activated.reply };
        services.reply = await open(replyTarget(config.reply), this.#replies, before?.reply, options);
      }
      if (config.admin) {
        const { adminHandler } = await import("./admin/mod.ts");
        const hosts = isUnix(config.admin.address) ? "any" : [config.admin.address];
        const handler = adminHandler(this.#view(), { hosts });
        const admin: HttpHandler = { onRequest: (request, response) => handler(request, response) };
        services.admin = await open(config.admin, admin, before?.admin, { activated: activated.admin });
      }
      return services;
    } catch (error) {
      for (const service of opened) service.close();
      throw error;
    }
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
    const { front, reply, admin } = this.#services;
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
  async reload(config: ProxyConfig): Promise<void> {
    const before = this.#services;
    let generation: BuiltGeneration;
    let services: Services;
    try {
      generation = await buildGeneration(config, this.#gateway.metrics);
      services = await this.#open(config, before);
    } catch (error) {
      // What would have been new is not counted.
      this.#gateway.metrics.retain(this.#generation.config.routes);
      throw error;
    }
    if (config.front.tls && services.front === before.front) services.front.renewTls(config.front.tls);
    services.front.mostConnections = config.limits.connections;
    this.#apply(generation);
    this.#workers.begin();
    this.#services = services;
    this.#configuredAt = Date.now();
    for (const name of ["front", "reply", "admin"] as const) {
      if (before[name] && before[name] !== services[name]) before[name].stopListening();
    }
  }

  /**
   * Stops: no new requests, running ones have the grace of the configuration,
   * then everything ends.
   *
   * @returns A promise without a value, when everything has ended.
   */
  async stop(): Promise<void> {
    this.#state = "stopping";
    const { front, reply, admin } = this.#services;
    front.stopListening();
    await this.#gateway.stop(this.#generation.config.grace);
    await this.#workers.stop();
    for (const service of [front, reply, admin]) service?.close();
  }
}
