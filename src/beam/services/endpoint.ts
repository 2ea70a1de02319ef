/**
 * Services by name, over a beam.
 *
 * @module
 */

import { Beam } from "../beam.ts";
import { BeamLink, type BeamSource } from "./beam_link.ts";
import { Calls } from "./calls.ts";
import type { DialOptions, ServiceConnectionOptions, WithConnectionOptions } from "./dial_options.ts";
import { type BeamEndpointOptions, checkName, type EndpointSettings, settleEndpoint } from "./endpoint_options.ts";
import { checkSameFraming, NameServer, type NameUse } from "./name_server.ts";
import type { ConnectionKind, NameRegistration, ServiceConnections, ServiceHandler } from "./service_connection.ts";

/**
 * One end of a beam at which services have names.
 *
 * Whoever wants a connection to a name sends the name with one end of a fresh
 * socket pair, the private channel, on which the other endpoint sends it
 * connections: what Docker's beam does with `SendPipe` and `Receive`. Both ends
 * of a beam may accept, advertise and dial; neither is the server.
 *
 * It owns its beam. What it gives to handlers and callers does not depend on it
 * any more: connections outlive the endpoint and the beam.
 *
 * @example
 * ```ts
 * import { Beam, BeamEndpoint } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [near, far] = Beam.pair();
 * using service = new BeamEndpoint(far);
 * service.accept("upper", async (connection) => {
 *   for await (const { text } of connection) await connection.send(text.toUpperCase());
 * });
 *
 * using client = new BeamEndpoint(near);
 * using upper = await client.dial("upper");
 * await upper.send("hello");
 * assertEquals((await upper.receive())!.text, "HELLO");
 * ```
 *
 * @example A service that makes itself known
 * ```ts
 * import { Beam, BeamEndpoint } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [near, far] = Beam.pair();
 * using client = new BeamEndpoint(near, { offers: true });
 * using service = new BeamEndpoint(far);
 * service.advertise("motto", (connection) => connection.send("be brief"), { as: "bytes" });
 *
 * using motto = await client.dial("motto", { as: "bytes" });
 * assertEquals((await motto.receive())!.text, "be brief");
 * ```
 */
export class BeamEndpoint implements Disposable {
  /**
   * Settled when no more connections can come: after {@linkcode close}, or when
   * the beam has ended, no other can be made, and the last channel is closed.
   */
  readonly closed: Promise<void>;
  readonly #settings: EndpointSettings;
  readonly #names: NameServer;
  readonly #link: BeamLink;
  readonly #calls: Calls;
  readonly #onClosed: () => void;
  readonly #onAbort = (): void => this.close();

  /**
   * Begins to serve.
   *
   * Names that are accepted before the next `await` are known before the first
   * request is looked at.
   *
   * @param source The beam, the endpoint's from now on, or a function that makes
   * one: it is called again, with growing pauses, when the beam has ended, and
   * what was accepted and advertised holds for the new beam, too.
   * @param options How to behave.
   * @throws {RangeError} For an option out of its range; the beam stays the caller's then.
   */
  constructor(source: Beam | BeamSource, options: BeamEndpointOptions = {}) {
    const settings = settleEndpoint(options);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#onClosed = resolve;
    this.#settings = settings;
    this.#names = new NameServer(settings, () => this.#finishIfIdle());
    this.#link = new BeamLink(
      source,
      { attempts: settings.connectAttempts, longestPause: settings.longestPause },
      {
        onBeam: (beam) => this.#names.advertiseAll(beam),
        onMessage: (message, beam) => this.#names.onMessage(message, beam),
        onError: (error) => settings.onError(error),
        onEnd: () => this.#finishIfIdle(),
      },
    );
    this.#calls = new Calls(this.#link, {
      attempts: typeof source === "function" ? 3 : 1,
      longestPause: settings.longestPause,
      offers: settings.offers ? this.#names.offers : undefined,
      onIdle: () => this.#finishIfIdle(),
    });
    settings.signal?.addEventListener("abort", this.#onAbort);
    if (settings.signal?.aborted) this.close();
  }

  /** The names that the peer offers now. */
  get offers(): string[] {
    return this.#names.offers.names;
  }

  /**
   * Lets the peer dial a name.
   *
   * @param name The name, of 1 byte or more.
   * @param handler Called for each connection, for several at once. What it
   * throws goes to `onError`.
   * @param options What connections are used as.
   * @returns What takes the name back.
   * @throws {TypeError} If the name is accepted, advertised or forwarded already.
   * @throws {ClosedError} If the endpoint was closed.
   */
  accept<Kind extends ConnectionKind = "beam">(
    name: string,
    handler: ServiceHandler<Kind>,
    options: ServiceConnectionOptions<Kind> = {},
  ): NameRegistration {
    return this.#register(name, { way: "accepted", service: { name, handler, kind: options.as ?? "beam" } });
  }

  /**
   * Offers a name to the peer, which may then send connections unasked. A peer
   * that dials it is served as well, unless offers are taken here.
   *
   * @param name The name, of 1 byte or more.
   * @param handler Called for each connection, for several at once. What it
   * throws goes to `onError`, as does a {@linkcode NoServiceError} if the peer refuses the offer.
   * @param options What connections are used as.
   * @returns What withdraws the offer.
   * @throws {TypeError} If the name is accepted, advertised or forwarded already.
   * @throws {ClosedError} If the endpoint was closed.
   */
  advertise<Kind extends ConnectionKind = "beam">(
    name: string,
    handler: ServiceHandler<Kind>,
    options: ServiceConnectionOptions<Kind> = {},
  ): NameRegistration {
    const use = { way: "advertised", service: { name, handler, kind: options.as ?? "beam" } } as const;
    const registration = this.#register(name, use);
    if (this.#link.beam) this.#names.advertise(this.#link.beam, use);
    return registration;
  }

  /**
   * Passes requests and offers of a name on to another peer, by sending it the
   * descriptor as it came: this process has no part in what follows.
   *
   * @param name The name, of 1 byte or more.
   * @param target The other peer's beam, which stays the caller's, or an endpoint on it.
   * @returns What ends it.
   * @throws {TypeError} If the name is accepted, advertised or forwarded
   * already, or if only one of the beams is framed.
   * @throws {ClosedError} If the endpoint was closed.
   */
  forward(name: string, target: Beam | BeamEndpoint): NameRegistration {
    const settings = target instanceof Beam ? target.settings : target.#link.settings;
    if (settings && this.#link.settings) checkSameFraming(this.#link.settings, settings);
    return this.#register(name, {
      way: "forwarded",
      target: (signal) => target instanceof Beam ? Promise.resolve(target) : target.#link.current(signal),
    });
  }

  #register(name: string, use: NameUse): NameRegistration {
    checkName(name);
    const close = this.#names.add(name, use);
    return { name, close, [Symbol.dispose]: close };
  }

  /**
   * Gets a connection to a name that the peer accepts, or has offered.
   *
   * @param name The name, of 1 byte or more.
   * @param options What to use it as, how long to wait, and how often to ask.
   * @returns The connection, the caller's.
   * @throws {NoServiceError} If there is none to be had.
   * @throws {DOMException} `TimeoutError`, if there was none in time.
   * @throws {BeamError} `"descriptors-lost"` at the limit of descriptors, `"too-large"` for a name that is too long.
   * @throws {SystemError} EMFILE, ETOOMANYREFS; ENOTSOCK if what came is no socket.
   * @throws {ClosedError} If the endpoint is closed meanwhile.
   */
  dial<Kind extends ConnectionKind = "beam">(
    name: string,
    options: DialOptions<Kind> = {},
  ): Promise<ServiceConnections[Kind]> {
    return this.#calls.dial(name, options);
  }

  /**
   * Uses a connection to a name, and if it breaks begins anew with another one.
   *
   * The connection is closed when it was used; release it to keep it. The next
   * one comes on the same private channel, if that is still open: the beam may
   * have ended by then.
   *
   * @param name The name, of 1 byte or more.
   * @param use What to do, from its beginning each time, with the connection and
   * the number of the attempt, from 1 on. A connection is broken if it throws
   * EPIPE or ECONNRESET, a {@linkcode BeamError} `"cut-off"`, or, where the
   * end came too early, `Deno.errors.UnexpectedEof`, be it as a cause.
   * @param options As for {@linkcode dial}, whose `timeout` holds for each
   * connection. The signal also closes the connection that is in use.
   * @returns What it returned.
   * @throws What it threw that was no broken connection, or at the last attempt;
   * otherwise as {@linkcode dial}. After a connection that broke, names that
   * are refused are tried again as well.
   */
  withConnection<Result, Kind extends ConnectionKind = "beam">(
    name: string,
    use: (connection: ServiceConnections[Kind], attempt: number) => Result | Promise<Result>,
    options: WithConnectionOptions<Kind> = {},
  ): Promise<Result> {
    return this.#calls.use(name, use, options);
  }

  #finishIfIdle(): void {
    if (!this.#link.isOpen && this.#names.isIdle && this.#calls.isIdle) this.#finish();
  }

  #finish(): void {
    this.#settings.signal?.removeEventListener("abort", this.#onAbort);
    this.#names.close();
    this.#onClosed();
  }

  /** Closes the beam, all channels and offers, and ends every wait; connections stay with whom they were given to. */
  close(): void {
    this.#calls.close();
    this.#link.close();
    this.#finish();
  }

  /** Closes the endpoint at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}
