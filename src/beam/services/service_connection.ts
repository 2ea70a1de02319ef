/**
 * Connections that names lead to: a stream socket each, used as one likes.
 *
 * @module
 */

import type { UnixSocket } from "../../core/socket.ts";
import { Beam } from "../beam.ts";
import type { BeamSettings } from "../options.ts";

/** What a connection can be used as: messages in the way of the endpoint's beam, or bytes. */
export interface ServiceConnections {
  /** A beam that speaks as the endpoint's own. */
  beam: Beam;
  /** The bare socket. */
  bytes: UnixSocket;
}

/** One of the ways in which a connection can be used. */
export type ConnectionKind = keyof ServiceConnections;

/**
 * Serves one connection, which is closed when it is done; release it to keep it.
 *
 * @param connection The connection.
 * @param name The name that led to it.
 */
export type ServiceHandler<Kind extends ConnectionKind = "beam"> = (
  connection: ServiceConnections[Kind],
  name: string,
) => unknown;

/** A name that is served until it is taken back, at the latest with its endpoint. */
export interface NameRegistration extends Disposable {
  /** The name. */
  readonly name: string;
  /** Takes the name back: its channels are closed, its connections stay with their handlers. */
  close(): void;
}

/** Whoever serves a name. */
export interface NamedService {
  /** The name. */
  readonly name: string;
  /** What its connections are used as. */
  readonly kind: ConnectionKind;
  /** What serves them. */
  readonly handler: (connection: never, name: string) => unknown;
}

/**
 * Makes of a socket what it is to be used as.
 *
 * @param socket The socket; the connection's from now on, but closed on failure.
 * @param kind How it is to be used.
 * @param settings How a beam over it is to speak.
 * @returns The connection.
 * @throws {TypeError} For a datagram socket that is to be a beam.
 */
export function connectionOver<Kind extends ConnectionKind>(
  socket: UnixSocket,
  kind: Kind,
  settings: BeamSettings,
): ServiceConnections[Kind] {
  if (kind === "bytes") return socket as ServiceConnections[Kind];
  try {
    return new Beam(socket, settings) as ServiceConnections[Kind];
  } catch (error) {
    socket.close();
    throw error;
  }
}
