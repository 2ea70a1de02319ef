/**
 * `ipcx broker` in a process of its own, to be looked at from outside.
 *
 * @module
 */

import { askControl, type BrokerStatus, type ControlAnswer } from "ipcx";
import { ownName } from "../claim.ts";
import { eventually } from "./eventually.ts";
import { isAsleep, openFds } from "./process_figures.ts";
import { readLines } from "./read_lines.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** How long to wait for an answer before a test has failed. */
const PATIENCE_MS = 60_000;

/** How long the number of descriptors has to stay the same, and nobody to be at work. */
const SETTLED_MS = 100;

/** One line of its log. */
export type LogLine = Record<string, unknown> & { level: string; message: string };

/** How to start it. */
export interface DaemonOptions {
  /** Arguments beside its sockets and its log's format. */
  args?: readonly string[];
  /** A program with arguments that becomes the daemon, such as one that lowers a limit first. */
  wrapper?: readonly string[];
  /** Where it listens. */
  address?: string;
}

/** A program that lowers the limit of descriptors, soft and hard, and becomes another. */
export function withDescriptorLimit(limit: number): string[] {
  return ["prlimit", `--nofile=${limit}:${limit}`];
}

/**
 * A program that becomes another as a user without any capability but that of
 * reading: Deno's cache and the sources are root's.
 */
export function asUser(uid: number): string[] {
  const capabilities = ["inh", "ambient"].map((set) => `--${set}-caps=-all,+dac_read_search`);
  // Without this bit access(2), by which Deno looks for what it has cached, knows of no capability.
  const lasting = "--securebits=+no_setuid_fixup";
  return ["setpriv", lasting, `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", ...capabilities];
}

/** A running daemon; stopped at the end of an `await using` block. */
export class Daemon implements AsyncDisposable {
  /** Where it listens. */
  readonly address: string;
  /** Its control socket. */
  readonly control: string;
  /** What it has logged so far. */
  readonly log: LogLine[] = [];
  /** Settled when it has ended. */
  readonly ended: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #logged: Promise<void>;

  private constructor(address: string, child: Deno.ChildProcess) {
    this.address = address;
    this.control = `${address}.ctl`;
    this.#child = child;
    this.#logged = readLines(child.stderr, (line) => this.log.push(parseLine(line)));
    this.ended = Promise.all([child.status, this.#logged]).then(([status]) => status);
  }

  /** Starts one, and waits until it serves. */
  static async start(options: DaemonOptions = {}): Promise<Daemon> {
    const address = options.address ?? ownName();
    const own = ["--socket", address, "--control", `${address}.ctl`, "--log-format", "json"];
    const deno = [Deno.execPath(), "run", "--quiet", "--allow-all", `${ROOT}cli.ts`];
    const [program, ...args] = [...options.wrapper ?? [], ...deno, "broker", ...own, ...options.args ?? []];
    const child = new Deno.Command(program, { args, cwd: ROOT, stdin: "null", stdout: "null", stderr: "piped" })
      .spawn();
    const daemon = new Daemon(address, child);
    const ended = daemon.ended.then(({ code }) => {
      throw new Error(`the daemon ended with ${code}: ${JSON.stringify(daemon.log)}`);
    });
    await Promise.race([daemon.logs("serving"), ended]);
    ended.catch(() => {});
    return daemon;
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Waits for a line of its log. */
  logs(message: string): Promise<void> {
    return eventually(`the log says '${message}'`, () => this.log.some((line) => line.message === message));
  }

  /** Asks its control socket. */
  async ask(method: string, path: string, body?: unknown): Promise<ControlAnswer> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`no answer to ${method} ${path}`)), PATIENCE_MS);
    try {
      return await Promise.race([promise, askControl(this.control, method, path, body)]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Asks for its status. */
  async status(): Promise<BrokerStatus & { pid: number; logLevel: string }> {
    return JSON.parse((await this.ask("GET", "/status")).text);
  }

  /** Waits until so many clients wait for a peer. */
  async waits(waiting: number): Promise<void> {
    await eventually(`${waiting} clients wait`, async () => (await this.status()).waiting === waiting);
  }

  /**
   * Counts its descriptors, once it has answered a first question, closed what
   * it was about to close, and so keeps their number.
   */
  async settledFds(): Promise<number> {
    await this.status();
    let count = openFds(this.pid);
    let since = performance.now();
    await eventually("its descriptors settle", () => {
      const now = openFds(this.pid);
      if (now !== count || !isAsleep(this.pid)) since = performance.now();
      count = now;
      return performance.now() - since > SETTLED_MS;
    });
    return count;
  }

  /** Sends it a signal. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Ends it in order, unless it has ended; one that goes on is killed, and a failure. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE_MS);
    const { signal } = await this.ended;
    clearTimeout(timer);
    if (signal === "SIGKILL") throw new Error("the daemon did not end on SIGTERM");
  }
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line);
  } catch {
    return { level: "text", message: line };
  }
}
