/**
 * `ipcx proxy` with a configuration of its own, for the tests of the command line.
 *
 * @module
 */

import { OwnDirectory } from "../claim.ts";
import { Connection, type Routes } from "../proxy/gateway.ts";
import { type Process, type ProcessOptions, type Result, startIpcx } from "./program.ts";

/** A line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly level: string; readonly message: string };

/** What a configuration has at its top level; `paths` is made of `routes`. */
export type Settings = Readonly<Record<string, unknown>> & { readonly routes?: Routes };

/** A route that says a word. */
export function saying(word: string): Record<string, unknown> {
  return { answer: "stdout", inject: { cmd: ["echo", word] } };
}

/** A route whose process waits until a file is there, and then says what the file says. */
export function waitingFor(file: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const script = 'while [ ! -e "$0" ]; do sleep 0.01; done; cat "$0"';
  return { answer: "stdout", inject: { cmd: ["sh", "-c", script, file], timeout: 600_000, grace: 0 }, ...more };
}

function written({ routes = { "GET /": saying("hello") }, ...settings }: Settings): string {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, route] of Object.entries(routes)) {
    const [verb, path] = name.split(" ");
    paths[path] = { ...paths[path], [verb.toLowerCase()]: route };
  }
  const port = settings.address === undefined ? { port: 0 } : {};
  return JSON.stringify({ ...port, grace: 0, ...settings, paths }, null, 1);
}

/** A directory with a configuration, and the gateway that serves it. */
export class ProxyCommand implements AsyncDisposable {
  /** Where the configuration is. */
  readonly directory: OwnDirectory;
  #process: Process | undefined;

  /**
   * Writes the configuration; nothing is started yet.
   *
   * @param settings What it says: port 0 and no grace unless it says otherwise.
   * @param directory Where; a directory of its own otherwise. It is removed at the end in any case.
   */
  constructor(settings: Settings = {}, directory: OwnDirectory = new OwnDirectory()) {
    this.directory = directory;
    this.configure(settings);
  }

  /** The file of the configuration. */
  get config(): string {
    return this.directory.file("proxy.yaml");
  }

  /** The process. */
  get process(): Process {
    return this.#process!;
  }

  /** Writes another configuration. */
  configure(settings: Settings): void {
    Deno.writeTextFileSync(this.config, written(settings));
  }

  /** Starts it and does not wait. */
  launch(args: readonly string[] = [], options: ProcessOptions = {}): Process {
    return this.#process = startIpcx(["proxy", "--config", this.config, ...args], options);
  }

  /** Starts it and waits until it serves. */
  async start(args: readonly string[] = [], options: ProcessOptions = {}): Promise<this> {
    try {
      await this.launch(args, options).says('"serving"');
      return this;
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What it has logged so far, if that is on standard error. */
  get log(): LogLine[] {
    return this.process.err.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  }

  /** Where it serves, as it said last. */
  get front(): string {
    return this.log.findLast(({ front }) => front !== undefined)!.front as string;
  }

  /** Has it read its configuration, and waits until it has, or has refused to. */
  async reload(): Promise<LogLine> {
    const reloads = () => this.log.filter(({ message }) => /^reload/.test(message));
    const before = this.process.err.split('"reload').length;
    this.process.kill("SIGHUP");
    await this.process.says('"reload', before);
    return reloads()[before - 1];
  }

  /** Asks, over a connection of its own; gives the status, a space and the body. */
  async ask(path = "/", init: RequestInit = {}, front: string = this.front): Promise<string> {
    using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0, ...proxyOf(front) });
    const url = front.startsWith("unix:") ? "http://localhost" : front;
    const response = await fetch(`${url}${path}`, { ...init, client });
    return `${response.status} ${(await response.text()).trimEnd()}`;
  }

  /** Connects without speaking yet. */
  async connect(): Promise<Connection> {
    const { hostname, port } = new URL(this.front);
    return new Connection(await Deno.connect({ hostname, port: Number(port) }));
  }

  /** Tells it to stop, and waits until it has. */
  async stop(): Promise<Result> {
    return await this.process.stop();
  }

  /** Kills it if it runs, and removes its directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
    this.directory[Symbol.dispose]();
  }
}

/** How a client gets to a Unix socket. */
function proxyOf(front: string): Deno.CreateHttpClientOptions {
  const address = /^unix:(.*)$/.exec(front)?.[1];
  if (address === undefined) return {};
  return { proxy: { transport: "unix", path: address.startsWith("@") ? `\0${address.slice(1)}` : address } };
}
