/**
 * Talking to the control socket of a broker.
 *
 * @module
 */

import { request } from "node:http";
import { adoptSocket } from "../core/adoption.ts";
import type { UnixAddress } from "../core/address.ts";
import { UnixSocket } from "../core/socket.ts";

/** How long an answer may take to come, in milliseconds. */
const ANSWER_MS = 10_000;

/** An answer of the control socket. */
export interface ControlAnswer {
  /** The HTTP status. */
  status: number;
  /** The text of the body. */
  text: string;
}

/**
 * Asks the control socket for something.
 *
 * @param address Where it is.
 * @param method The HTTP method.
 * @param path The path.
 * @param body What to send, as JSON.
 * @returns The answer, whatever its status.
 * @throws {SystemError} If nobody is there.
 */
export async function askControl(
  address: UnixAddress | string,
  method: string,
  path: string,
  body?: unknown,
): Promise<ControlAnswer> {
  const socket = adoptSocket(await UnixSocket.connect(address));
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`no answer within ${ANSWER_MS / 1000} seconds`)));
  try {
    return await exchange(socket, method, path, body);
  } finally {
    socket.destroy();
  }
}

function exchange(
  socket: ReturnType<typeof adoptSocket>,
  method: string,
  path: string,
  body: unknown,
): Promise<ControlAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ControlAnswer>();
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers = { host: "broker", connection: "close", "content-length": new TextEncoder().encode(text).length };
  const outgoing = request({ createConnection: () => socket, method, path, headers }, (response) => {
    const chunks: string[] = [];
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => chunks.push(chunk));
    response.on("end", () => resolve({ status: response.statusCode ?? 0, text: chunks.join("") }));
    response.on("error", reject);
  });
  outgoing.on("error", reject);
  outgoing.end(text);
  return promise;
}
