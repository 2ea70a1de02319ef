/**
 * Connections that are being handled, and how many at once.
 *
 * @module
 */

import type { UnixSocket } from "../core/socket.ts";
import type { EndpointSettings } from "./endpoint_options.ts";
import type { BeamSettings } from "./options.ts";
import { connectionOver, type NamedService } from "./service_connection.ts";
import { Slots } from "./slots.ts";

/** Runs handlers, of which none can harm another or the endpoint. */
export class Handlers {
  readonly #slots: Slots;
  readonly #onError: EndpointSettings["onError"];

  /**
   * Runs none yet.
   *
   * @param settings How many may run at once, and whom to tell of what they throw.
   */
  constructor({ maxConnections, onError }: EndpointSettings) {
    this.#slots = new Slots(maxConnections);
    this.#onError = onError;
  }

  /**
   * Takes a place for a connection, waiting for one if need be.
   *
   * @param signal Ends the wait with its reason.
   * @returns A promise without a value.
   */
  takePlace(signal: AbortSignal): Promise<void> {
    return this.#slots.take(signal);
  }

  /** Gives back a place for which there is no connection. */
  freePlace(): void {
    this.#slots.free();
  }

  /**
   * Lets a connection be handled, and closes it afterwards.
   *
   * @param socket The connection, for which a place was taken.
   * @param service Who handles it.
   * @param settings How a beam over it is to speak.
   * @returns When that is done; it does not fail.
   */
  async serve(socket: UnixSocket, service: NamedService, settings: BeamSettings): Promise<void> {
    try {
      using connection = connectionOver(socket, service.kind, settings);
      await service.handler(connection as never, service.name);
    } catch (error) {
      this.#onError(error, service.name);
    } finally {
      this.#slots.free();
    }
  }
}
