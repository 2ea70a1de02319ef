/**
 * A gateway of a test's own, and clients of it.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type LogRecord, setup } from "@std/log";
import { parseProxyConfig } from "../../src/proxy/read_config.ts";
import { Proxy } from "../../src/proxy/proxy.ts";
import { OwnDirectory } from "../claim.ts";
import { until } from "../cli/program.ts";
import { Recorder } from "../std/recorder.ts";

/** Routes as `{ "GET /path": { … } }`, each as the file has it. */
export type Routes = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const encoder = new TextEncoder();

function pathsOf(routes: Routes): Record<string, Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, route] of Object.entries(routes)) {
    const [verb, path] = name.split(" ");
    paths[path] = { ...paths[path], [verb.toLowerCase()]: route };
  }
  return paths;
}

/** A running gateway: in this process, at a port of its own, with its socket in a directory of its own. */
export class Serving implements AsyncDisposable {
  /** The gateway. */
  readonly proxy: Proxy;
  /** Where its configuration and its socket are. */
  readonly directory: OwnDirectory;
  /** Where processes answer. */
  readonly socket: string;
  readonly #client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });

  /**
   * Takes over what was started.
   *
   * @param proxy The gateway.
   * @param directory Its directory.
   */
  constructor(proxy: Proxy, directory: OwnDirectory) {
    this.proxy = proxy;
    this.directory = directory;
    this.socket = directory.file("urocket.sock");
  }

  /** Asks as any client does; the connection is not kept. Read the body to its end. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.proxy.url}${path}`, { redirect: "manual", ...init, client: this.#client });
  }

  /** Asks, and reads all of the answer. */
  async ask(path: string, init: RequestInit = {}): Promise<{ status: number; headers: Headers; text: string }> {
    const response = await this.fetch(path, init);
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  /** Connects to the front without speaking yet. */
  async connect(): Promise<Connection> {
    return new Connection(await Deno.connect({ port: Number(new URL(this.proxy.url).port) }));
  }

  /** Connects to the reply socket without speaking yet. */
  async connectToReplies(): Promise<Connection> {
    return new Connection(await Deno.connect({ transport: "unix", path: this.socket }));
  }

  /** Sends what is to be one request or several, and reads until the gateway ends the connection. */
  async raw(request: string | Uint8Array<ArrayBuffer>): Promise<string> {
    using connection = await this.connect();
    await connection.send(request);
    return await connection.rest();
  }

  /** The same at the reply socket. */
  async rawReply(request: string | Uint8Array<ArrayBuffer>): Promise<string> {
    using connection = await this.connectToReplies();
    await connection.send(request);
    return await connection.rest();
  }

  /** Serves other routes from now on; settings as those of {@linkcode serving}. */
  async reload(routes: Routes, settings: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const file = this.directory.file("urocket-service.yaml");
    const own = { port: 0, socketpath: this.socket, grace: 0 };
    const text = JSON.stringify({ ...own, ...settings, paths: pathsOf(routes) });
    await this.proxy.reload(parseProxyConfig(text, { file }));
  }

  /** Waits until nothing runs or waits: all processes have ended. */
  async isIdle(): Promise<void> {
    const busy = () => this.proxy.status.routes.some(({ running, waiting }) => running + waiting > 0);
    await until(() => !busy(), "processes run on");
  }

  /** Stops it; what runs has as long as the configuration says. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy.stop();
    this.#client.close();
    this.directory[Symbol.dispose]();
  }
}

/**
 * Starts a gateway.
 *
 * @param config The configuration as text, in which `port` and `socketpath` are added if they are missing; or routes.
 * @param settings What the top level has beside `paths`, if routes were given.
 * @param files Files beside the configuration, by name; those with a `#!` can be executed.
 * @returns The gateway. Running processes get no grace when it stops unless the configuration says so.
 */
export async function serving(
  config: string | Routes,
  settings: Readonly<Record<string, unknown>> = {},
  files: Readonly<Record<string, string>> = {},
): Promise<Serving> {
  const directory = new OwnDirectory();
  try {
    for (const [name, text] of Object.entries(files)) {
      Deno.writeTextFileSync(directory.file(name), text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
    }
    const own = { port: 0, socketpath: directory.file("urocket.sock"), grace: 0 };
    const text = typeof config === "string"
      ? Object.entries(own)
        .filter(([name]) => !new RegExp(`^${name}:`, "m").test(config))
        .map(([name, value]) => `${name}: ${value}\n`).join("") + config
      : JSON.stringify({ ...own, ...settings, paths: pathsOf(config) });
    const file = directory.file("urocket-service.yaml");
    Deno.writeTextFileSync(file, text);
    return new Serving(await Proxy.start(parseProxyConfig(text, { file })), directory);
  } catch (error) {
    directory[Symbol.dispose]();
    throw error;
  }
}

/** A connection whose bytes a test decides about. */
export class Connection implements Disposable {
  /** What is below. */
  readonly conn: Deno.TcpConn | Deno.UnixConn;
  #text = "";
  #isOpen = true;

  /**
   * Takes over a connection.
   *
   * @param conn The connection.
   */
  constructor(conn: Deno.TcpConn | Deno.UnixConn) {
    this.conn = conn;
  }

  /** Sends all of it. */
  async send(data: string | Uint8Array<ArrayBuffer>): Promise<void> {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    for (let at = 0; at < bytes.length;) at += await this.conn.write(bytes.subarray(at));
  }

  /** Reads on; returns whether there was anything. A reset is an end like another. */
  async more(): Promise<boolean> {
    const part = new Uint8Array(65_536);
    const size = await this.conn.read(part).catch(() => null);
    if (size === null) return false;
    this.#text += Buffer.from(part.buffer, 0, size).toString("latin1");
    return true;
  }

  /** Reads until what has come, as Latin-1, holds a text; returns all up to its end and takes it away. */
  async until(text: string): Promise<string> {
    for (;;) {
      const at = this.#text.indexOf(text);
      if (at >= 0) {
        const found = this.#text.slice(0, at + text.length);
        this.#text = this.#text.slice(found.length);
        return found;
      }
      if (!await this.more()) throw new Error(`the connection ended without '${text}' after '${this.#text}'`);
    }
  }

  /** Reads so many bytes; returns them as Latin-1 and takes them away. */
  async take(count: number): Promise<string> {
    while (this.#text.length < count) {
      if (!await this.more()) throw new Error(`the connection ended after '${this.#text}'`);
    }
    const found = this.#text.slice(0, count);
    this.#text = this.#text.slice(count);
    return found;
  }

  /** Reads to the end; returns what was not taken away yet. */
  async rest(): Promise<string> {
    while (await this.more());
    const rest = this.#text;
    this.#text = "";
    return rest;
  }

  /** Closes it; anything may be on its way still. */
  close(): void {
    if (this.#isOpen) this.conn.close();
    this.#isOpen = false;
  }

  /** Closes it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** What the gateway has logged: each message with its fields. */
export class GatewayLog {
  readonly #recorder = new Recorder("DEBUG");

  /** Takes all that the gateway logs from now on, in place of any other. */
  constructor() {
    setup({ handlers: { own: this.#recorder }, loggers: { proxy: { level: "DEBUG", handlers: ["own"] } } });
  }

  /** All records. */
  get records(): readonly LogRecord[] {
    return this.#recorder.records;
  }

  /** The fields of the records with a message. */
  of(message: string): Record<string, unknown>[] {
    return this.records.filter(({ msg }) => msg === message).map(({ args }) => (args[0] ?? {}) as never);
  }
}
