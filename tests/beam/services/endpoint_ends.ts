/**
 * Two endpoints on one beam, and a service to use.
 *
 * @module
 */

import { Beam, BeamEndpoint, type BeamEndpointOptions, type BeamPairOptions } from "ipcx";
import { ErrorLog } from "./error_log.ts";

/** The ways in which a beam can speak. */
export const WAYS: readonly BeamPairOptions[] = [{}, { framed: true }, { type: "seqpacket" }];

/** Two endpoints on the two ends of a beam; closed at the end of a `using` block. */
export class Ends implements Disposable {
  /** By custom the end that serves. */
  readonly service: BeamEndpoint;
  /** By custom the end that dials. */
  readonly client: BeamEndpoint;
  /** What either complains of. */
  readonly errors = new ErrorLog();

  /**
   * Makes them.
   *
   * @param way How the beam speaks.
   * @param service Options of one end.
   * @param client Options of the other.
   */
  constructor(way: BeamPairOptions, service: BeamEndpointOptions = {}, client: BeamEndpointOptions = {}) {
    const [near, far] = Beam.pair(way);
    const { onError } = this.errors;
    this.service = new BeamEndpoint(far, { onError, ...service });
    this.client = new BeamEndpoint(near, { onError, ...client });
  }

  /** Closes both. */
  [Symbol.dispose](): void {
    this.service.close();
    this.client.close();
  }
}

/** Answers in capital letters until the connection ends. */
export async function shout(connection: Beam): Promise<void> {
  for await (const { text } of connection) await connection.send(text.toUpperCase());
}

/** Sends a message and receives its answer, `undefined` if the connection ended instead. */
export async function ask(connection: Beam, text: string): Promise<string | undefined> {
  await connection.send(text);
  return (await connection.receive())?.text;
}

/** Dials a name, and receives what its service says unasked. */
export async function answerOf(endpoint: BeamEndpoint, name: string): Promise<string> {
  using connection = await endpoint.dial(name, { timeout: 60_000 });
  return (await connection.receive())!.text;
}
