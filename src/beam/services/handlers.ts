/**
 * Connections that are being handled, and how many at once.
 *
 * @module
 */

import { Semaphore } from "../../core/semaphore.ts";
import type { UnixSocket } from "../../core/socket.ts";
import type { EndpointSettings } from "./endpoint_options.ts";
import type { BeamSettings } from "../options.ts";
import { connectionOver, type NamedService } from "./service_connection.ts";

/** Runs handlers, of which none can harm another or the endpoint. */
export class Handlers {
  readonly #places: Semaphore;
  readonly #onError: EndpointSettings["onError"];

  /**
   * Runs none yet.
   *
   * @param settings How many may run at once, and whom to tell of what they throw.
   */
  constructor({ maxConnections, onError }: EndpointSettings) {
    this.#places = new Semaphore(maxConnections);
    this.#onError = onError;
  }

  /**
   * Takes a place for a connection, waiting for one if need be.
   *
   * @param signal Ends the wait with its reason.
   * @returns Gives the place back, if there is no connection for it.
   */
  takePlace(signal: AbortSignal): Promise<() => void> {
    return this.#places.take(signal);
  }

  /**
   * Lets a connection be handled, and closes it afterwards.
   *
   * @param socket The connection.
   * @param leave Gives its place back.
   * @param service Who handles it.
   * @param settings How a beam over it is to speak.
   * @returns When that is done; it does not fail.
   */
  async serve(socket: UnixSocket, leave: () => void, service: NamedService, settings: BeamSettings): Promise<void> {
    try {
      using connection = connectionOver(socket, service.kind, settings);
      await service.handler(connection as never, service.name);
    } catch (error) {
      this.#onError(error, service.name);
    } finally {
      leave();
    }
  }
}
