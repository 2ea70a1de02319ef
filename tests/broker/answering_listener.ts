/**
 * Something at a broker's address that answers just as a test wants it.
 *
 * @module
 */

import { type Fd, MESSAGE_BYTES, type SocketType, UnixListener, UnixSocket } from "ipcx";
import { ownName } from "../claim.ts";

/** Sends an answer: on a connection, with a descriptor to send along. */
export type Answer = (connection: UnixSocket, fd: Fd) => Promise<void>;

/** A listener that serves one client. */
export class AnsweringListener implements Disposable {
  /** Where it listens. */
  readonly address = ownName();
  readonly #listener = UnixListener.listen(this.address);

  /**
   * Takes one request and answers it.
   *
   * @param answer Sends the answer.
   * @param type The type of the socket whose descriptor may be sent.
   */
  async answerOne(answer: Answer, type: SocketType = "stream"): Promise<void> {
    using connection = await this.#listener.accept();
    for (let bytes = 0; bytes < MESSAGE_BYTES;) bytes += (await connection.receive())!.length;
    const ends = UnixSocket.pair(type);
    try {
      await answer(connection, ends[0].fd);
    } finally {
      for (const end of ends) end.close();
    }
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    this.#listener.close();
  }
}
