/** A client that notices whatever it was not to get: one connection, kept, one request after another. */

const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");
const READ_BYTES = 65_536;

/** What came back. */
export interface Answered {
  status: number;
  body: string;
}

/** A connection to a server. */
export class KeptConnection implements Disposable {
  readonly #connection: Deno.Conn;
  readonly #piece = new Uint8Array(READ_BYTES);
  /** What has arrived, a character a byte. */
  #text = "";

  private constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  static async open(port: number): Promise<KeptConnection> {
    return new KeptConnection(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Sends a body of ASCII and waits for the answer; bytes that nobody has asked for are an error. */
  async post(path: string, body: string): Promise<Answered> {
    if (this.#text !== "") throw new Error(`there is more than one answer: ${this.#text.slice(0, 200)}`);
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n`;
    await this.#write(encoder.encode(`${head}Content-Length: ${body.length}\r\n\r\n${body}`));
    return await this.#read();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  async #more(): Promise<void> {
    const count = await this.#connection.read(this.#piece);
    if (count === null) throw new Error("the connection was closed");
    this.#text += decoder.decode(this.#piece.subarray(0, count));
  }

  /** Takes what comes before a mark off what has arrived, and the mark with it. */
  async #takeLine(mark: string): Promise<string> {
    let end: number;
    while ((end = this.#text.indexOf(mark)) < 0) await this.#more();
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + mark.length);
    return line;
  }

  async #takeBytes(count: number): Promise<string> {
    while (this.#text.length < count) await this.#more();
    const bytes = this.#text.slice(0, count);
    this.#text = this.#text.slice(count);
    return bytes;
  }

  async #read(): Promise<Answered> {
    const head = await this.#takeLine("\r\n\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
    const length = /^content-length: *(\d+)$/im.exec(head)?.[1];
    if (length !== undefined) return { status, body: await this.#takeBytes(Number(length)) };
    let body = "";
    for (;;) {
      const size = parseInt(await this.#takeLine("\r\n"), 16);
      if (!(size >= 0)) throw new Error(`that is no answer: ${head}`);
      body += await this.#takeBytes(size);
      await this.#takeLine("\r\n");
      if (size === 0) return { status, body };
    }
  }

  /** Says that there are no more requests, and reads what comes all the same. */
  async finish(): Promise<string> {
    await this.#connection.closeWrite();
    for (let count; (count = await this.#connection.read(this.#piece)) !== null;) {
      this.#text += decoder.decode(this.#piece.subarray(0, count));
    }
    return this.#text;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}
