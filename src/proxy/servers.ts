/**
 * The servers of a gateway: opened, kept as far as possible over a reload, and
 * closed.
 *
 * @module
 */

import { groupId, primaryGroupOf, userId } from "../core/accounts.ts";
import type { Fd } from "../core/fd.ts";
import type { ListenTarget, ProxyConfig, ReplySocket } from "./config.ts";
import { type HttpOptions, HttpService } from "./http_service.ts";
import type { HttpHandler } from "./take_requests.ts";

/** Listening sockets that are open already, by what they are for. */
export interface ActivatedSockets {
  /** For clients. */
  front?: Fd;
  /** For processes that answer. */
  reply?: Fd;
  /** For those who look after the gateway. */
  admin?: Fd;
}

/** Who takes the requests. */
export interface Handlers {
  /** Of clients. */
  readonly front: HttpHandler;
  /** Of processes. */
  readonly reply: HttpHandler;
  /** Of those who look after the gateway; made when there is a server for them. */
  admin(target: ListenTarget): Promise<HttpHandler>;
}

interface Services {
  readonly front: HttpService;
  readonly reply?: HttpService;
  readonly admin?: HttpService;
}

function fileOptions({ mode, owner }: ReplySocket): { mode: number; uid?: number; gid?: number } {
  if (owner === undefined) return { mode };
  const [user, group] = owner.split(":");
  const uid = user === "" ? undefined : userId(user);
  const gid = group === undefined ? (uid === undefined ? undefined : primaryGroupOf(uid)) : groupId(group);
  return { mode, ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
}

/** The servers of one gateway. */
export class Servers {
  readonly #handlers: Handlers;
  readonly #activated: ActivatedSockets;
  /** Those that no configuration names any more, and that have requests still. */
  readonly #leaving = new Set<HttpService>();
  /** Where processes were told to answer by earlier configurations, and until when they may. */
  readonly #former = new Map<HttpService, Promise<void>>();
  #services: Services | undefined;

  /**
   * Begins without any.
   *
   * @param handlers Who takes the requests.
   * @param activated Listening sockets to serve instead of opening them; owned by this from now on.
   */
  constructor(handlers: Handlers, activated: ActivatedSockets = {}) {
    this.#handlers = handlers;
    this.#activated = activated;
  }

  /** The server for clients. */
  get front(): HttpService {
    return this.#services!.front;
  }

  /** The server for processes. */
  get reply(): HttpService | undefined {
    return this.#services?.reply;
  }

  /** The server for those who look after the gateway. */
  get admin(): HttpService | undefined {
    return this.#services?.admin;
  }

  /**
   * Opens what is not open yet. What listens at the same place already goes on.
   *
   * @param config Where to listen.
   * @returns Ends what is not wanted any more, and cannot fail; processes may answer where they were told to until a
   * promise is fulfilled.
   * @throws {Error} If something cannot be opened or changed; everything is as before then.
   */
  async open(config: ProxyConfig): Promise<(untilReplied?: Promise<void>) => void> {
    const opened: HttpService[] = [];
    const changes: (() => void)[] = [];
    const open = async (
      name: keyof Services,
      target: ListenTarget,
      handler: HttpHandler,
      options: HttpOptions = {},
    ): Promise<HttpService> => {
      const former = this.#former.keys().find((service) => name === "reply" && service.listensAt(target));
      const old = former ?? this.#services?.[name];
      const activated = this.#activated[name];
      // What a service manager has opened is its to choose, whatever the file says by now.
      if (old && (activated || old.listensAt(target))) {
        changes.push(old.prepare(target, options));
        return old;
      }
      const service = await HttpService.open(target, handler, { ...options, activated });
      opened.push(service);
      return service;
    };
    try {
      const { front, reply, admin, limits: { connections, requestTimeout } } = config;
      const services: Services = {
        front: await open("front", front, this.#handlers.front, { connections, requestTimeout }),
        ...(reply && {
          reply: await open("reply", { address: reply.path }, this.#handlers.reply, {
            ...fileOptions(reply),
            allowHalfOpen: true,
            // A worker may be at a request for long before it sends its answer on the same connection.
            idleTimeout: 0,
          }),
        }),
        ...(admin && { admin: await open("admin", admin, await this.#handlers.admin(admin)) }),
      };
      return (untilReplied) => this.#change(services, changes, untilReplied);
    } catch (error) {
      for (const service of opened) service.close();
      throw error;
    }
  }

  #change(services: Services, changes: readonly (() => void)[], untilReplied = Promise.resolve()): void {
    for (const change of changes) change();
    const kept: readonly unknown[] = Object.values(services);
    for (const service of Object.values<HttpService>({ ...this.#services })) {
      if (kept.includes(service)) continue;
      if (service === this.reply) this.#keepFor(service, untilReplied);
      else this.#leave(service);
    }
    if (services.reply) this.#former.delete(services.reply);
    this.#services = services;
  }

  #keepFor(service: HttpService, untilReplied: Promise<void>): void {
    this.#former.set(service, untilReplied);
    untilReplied.then(() => {
      // It may have come back, and have gone once more.
      if (this.#former.get(service) !== untilReplied) return;
      this.#former.delete(service);
      this.#leave(service);
    });
  }

  #leave(service: HttpService): void {
    this.#leaving.add(service);
    service.stopListening();
    service.answered().then(() => {
      service.close();
      this.#leaving.delete(service);
    });
  }

  /** Waits until all clients have been answered. */
  async answered(): Promise<void> {
    await Promise.all([this.front, ...this.#leaving].map((service) => service.answered()));
  }

  /** Ends all connections, and listens no more. */
  close(): void {
    const { front, reply, admin } = this;
    for (const service of [front, reply, admin, ...this.#leaving, ...this.#former.keys()]) service?.close();
  }
}
