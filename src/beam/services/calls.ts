/**
 * The dialling of an endpoint.
 *
 * @module
 */

import { ClosedError } from "../../core/errors.ts";
import { tryAgain } from "./backoff.ts";
import type { BeamLink } from "./beam_link.ts";
import { breakages, isUnanswered } from "./broken_connection.ts";
import type { DialOptions, ServiceConnectionOptions, WithConnectionOptions } from "./dial_options.ts";
import { atLeastOne, checkName } from "./endpoint_options.ts";
import type { Offers } from "./offers.ts";
import { type ConnectionKind, connectionOver, type ServiceConnections } from "./service_connection.ts";
import { ServiceDialler } from "./service_dialler.ts";

const DEFAULT_CONNECTIONS = 5;

/** What holds for all calls. */
export interface CallSettings {
  /** How often to ask, unless somebody says otherwise. */
  attempts: number;
  /** The longest pause between two attempts, in milliseconds. */
  longestPause: number;
  /** What the peer has offered, if offers are taken. */
  offers?: Offers;
  /** Told when a call is over. */
  onIdle(): void;
}

/** Gets connections, tries again where that helps, and counts who is still at it. */
export class Calls {
  readonly #link: BeamLink;
  readonly #settings: CallSettings;
  readonly #closing = new AbortController();
  #count = 0;

  /**
   * Begins with none.
   *
   * @param link Through which names are asked for.
   * @param settings What holds for all of them.
   */
  constructor(link: BeamLink, settings: CallSettings) {
    this.#link = link;
    this.#settings = settings;
  }

  /** Whether nobody waits for a connection, nor may want another one. */
  get isIdle(): boolean {
    return this.#count === 0;
  }

  /** Gets a connection, as `BeamEndpoint.dial` does. */
  async dial<Kind extends ConnectionKind>(
    name: string,
    options: DialOptions<Kind>,
  ): Promise<ServiceConnections[Kind]> {
    const { longestPause } = this.#settings;
    const attempts = atLeastOne("attempts", options.attempts ?? this.#settings.attempts);
    const signal = this.#until(options);
    const tries = { attempts, longestPause, signal, isTransient: isUnanswered };
    return await this.#call(name, (dialler) => tryAgain(tries, () => this.#connect(dialler, signal, options)));
  }

  /** Uses a connection, and perhaps another one, as `BeamEndpoint.withConnection` does. */
  async use<Result, Kind extends ConnectionKind>(
    name: string,
    use: (connection: ServiceConnections[Kind], attempt: number) => Result | Promise<Result>,
    options: WithConnectionOptions<Kind>,
  ): Promise<Result> {
    const { longestPause } = this.#settings;
    const { signal } = options;
    const attempts = atLeastOne("attempts", options.attempts ?? DEFAULT_CONNECTIONS);
    const tries = { attempts, longestPause, signal: this.#until({ signal }), isTransient: breakages() };
    return await this.#call(name, (dialler) =>
      tryAgain(tries, async (attempt) => {
        using connection = await this.#connect(dialler, this.#until(options), options);
        const close = (): void => connection.close();
        signal?.addEventListener("abort", close);
        try {
          return await use(connection, attempt);
        } catch (error) {
          signal?.throwIfAborted();
          throw error;
        } finally {
          signal?.removeEventListener("abort", close);
        }
      }));
  }

  async #connect<Kind extends ConnectionKind>(
    dialler: ServiceDialler,
    signal: AbortSignal,
    { as }: ServiceConnectionOptions<Kind>,
  ): Promise<ServiceConnections[Kind]> {
    const socket = await dialler.connect(signal);
    return connectionOver(socket, as ?? ("beam" as Kind), this.#link.settings!);
  }

  async #call<Result>(name: string, run: (dialler: ServiceDialler) => Promise<Result>): Promise<Result> {
    checkName(name);
    using dialler = new ServiceDialler(name, this.#link, this.#settings.offers);
    this.#count++;
    try {
      return await run(dialler);
    } finally {
      this.#count--;
      this.#settings.onIdle();
    }
  }

  #until({ signal, timeout }: { signal?: AbortSignal; timeout?: number }): AbortSignal {
    const signals = [this.#closing.signal, signal, timeout === undefined ? undefined : AbortSignal.timeout(timeout)];
    return AbortSignal.any(signals.filter((one) => one !== undefined));
  }

  /** Ends every wait with a {@linkcode ClosedError}. */
  close(): void {
    this.#closing.abort(new ClosedError("the endpoint was closed"));
  }
}
