/**
 * Clients that ask an HTTP server again and again, and count what comes of it.
 *
 * @module
 */

/** How many ask at the same time. */
const CLIENTS = 8;

/** Clients by TCP; half of them keep their connections as long as the server lets them, unless they are not to. */
export class Clients implements AsyncDisposable {
  /** What came, such as `"one"` for the answer of version one, and how often. */
  readonly counts = new Map<string, number>();
  readonly #port: number;
  readonly #running: Promise<unknown>;
  #isStopped = false;

  /**
   * Begins.
   *
   * @param port The server's, at 127.0.0.1.
   * @param options Whether some keep their connections: from a server that ends idle ones after seconds, one whose
   * client is held up may be gone when it is used again.
   */
  constructor(port: number, { keepConnections = true } = {}) {
    this.#port = port;
    this.#running = Promise.all(Array.from({ length: CLIENTS }, (_, at) => this.#run(keepConnections && at % 2 === 0)));
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  async #run(keepsConnection: boolean): Promise<void> {
    while (!this.#isStopped) {
      try {
        using connection = await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
        while (await this.#ask(connection, keepsConnection));
      } catch (error) {
        // Refused or reset: nobody may see that.
        this.#count(`${error}`);
      }
    }
  }

  /** Asks once, and tells whether the connection may be used again. */
  async #ask(connection: Deno.TcpConn, keepsConnection: boolean): Promise<boolean> {
    const header = keepsConnection ? "" : "Connection: close\r\n";
    await connection.write(new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: localhost\r\n${header}\r\n`));
    const answer = await read(connection);
    this.#count(answer ? answer.body : "an answer that breaks off");
    return keepsConnection && answer !== undefined && !answer.isLast && !this.#isStopped;
  }

  /** How often something came. */
  count(what: string): number {
    return this.counts.get(what) ?? 0;
  }

  /** Lets them end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }
}

/** Reads one answer, or `undefined` if it is not whole. */
async function read(connection: Deno.TcpConn): Promise<{ body: string; isLast: boolean } | undefined> {
  const buffer = new Uint8Array(4096);
  let text = "";
  for (;;) {
    const [, head, length, body] = /^(HTTP\/1\.1 200[^]*?content-length: (\d+)[^]*?)\r\n\r\n([^]*)$/i.exec(text) ?? [];
    if (length !== undefined && body.length === Number(length)) {
      return { body, isLast: /connection: close/i.test(head) };
    }
    const count = await connection.read(buffer);
    if (count === null) return undefined;
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
}
