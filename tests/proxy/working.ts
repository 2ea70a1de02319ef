/**
 * Workers for tests: programs that do what requests say, and ones that the test plays itself.
 *
 * @module
 */

import { assert } from "@std/assert";
import { until } from "../cli/program.ts";
import type { WorkerStatus } from "../../src/proxy/mod.ts";
import type { Connection, Serving } from "./gateway.ts";

const PROGRAMS = new URL("programs/", import.meta.url).pathname;

/** The Python worker; words after it are its mode. */
export const PYTHON: readonly string[] = ["python3", `${PROGRAMS}worker.py`];

/** The folder of examples. */
export const EXAMPLES = new URL("../../examples/proxy/", import.meta.url).pathname;

/** The shell worker. */
export const SHELL: readonly string[] = [`${EXAMPLES}worker.sh`];

/** The worker in Deno. */
export const DENO: readonly string[] = [Deno.execPath(), "run", "--quiet", "--allow-all", `${PROGRAMS}worker.ts`];

/** Does nothing but tell by what name it could ask; the test asks for it. */
export const PLAYED: readonly string[] = [
  "sh",
  "-c",
  "echo $NEXT_URL > played.$$; exec sleep 1000",
];

/**
 * A route with workers.
 *
 * @param cmd Their program.
 * @param inject What else `inject` has.
 * @param more What else the route has.
 */
export function workers(
  cmd: readonly string[],
  inject: Readonly<Record<string, unknown>> = {},
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return { ...more, inject: { mode: "worker", timeout: 60_000, wd: ".", cmd, ...inject } };
}

/** Waits until workers are as a test needs them. */
export async function workersAre(
  gateway: Serving,
  holds: (workers: readonly WorkerStatus[]) => boolean,
): Promise<readonly WorkerStatus[]> {
  await until(() => holds(gateway.proxy.status.workers), "the workers are not so");
  return gateway.proxy.status.workers;
}

/** Waits until so many workers wait for a request. */
export async function idle(gateway: Serving, count: number): Promise<readonly WorkerStatus[]> {
  return await workersAre(gateway, (all) => all.filter(({ state }) => state === "idle").length === count);
}

/** A worker that the test plays: its process does nothing. */
export class Played {
  /** Its process. */
  readonly pid: number;
  readonly #gateway: Serving;
  readonly #path: string;

  private constructor(gateway: Serving, pid: number, path: string) {
    this.#gateway = gateway;
    this.pid = pid;
    this.#path = path;
  }

  /** Waits for the processes of {@linkcode PLAYED}, in the order of their ids. */
  static async find(gateway: Serving, count: number): Promise<Played[]> {
    const all = () =>
      gateway.proxy.status.workers.flatMap(({ pid }) => {
        try {
          const url = new URL(Deno.readTextFileSync(gateway.directory.file(`played.${pid}`)).trim());
          return new Played(gateway, pid, url.pathname);
        } catch {
          return [];
        }
      });
    await until(() => all().length === count, "the workers do not begin");
    return all().sort((one, other) => one.pid - other.pid);
  }

  /** Asks for a request; the connection is to be closed by the caller. */
  async poll(): Promise<Connection> {
    const connection = await this.#gateway.connectToReplies();
    await this.ask(connection);
    return connection;
  }

  /** Asks at a connection that there is, and waits until the gateway knows. */
  async ask(connection: Connection): Promise<void> {
    await connection.send(`GET ${this.#path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    // Nothing tells that a poll has arrived; what is sent after it on another connection is seen after it.
    await this.#gateway.rawReply("GET /none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  }
}

/**
 * Reads a request that a worker is given, or a refusal.
 *
 * @param connection Where it asked.
 * @returns Its status, header fields and body.
 */
export async function given(
  connection: Connection,
): Promise<{ status: number; fields: Headers; body: string }> {
  const head = await connection.until("\r\n\r\n");
  const [first, ...lines] = head.trimEnd().split("\r\n");
  const fields = new Headers(lines.map((line) => line.split(/: ?(.*)/).slice(0, 2) as [string, string]));
  return {
    status: Number(first.split(" ")[1]),
    fields,
    body: await connection.take(Number(fields.get("content-length") ?? 0)),
  };
}

/**
 * Sends an answer.
 *
 * @param connection Where.
 * @param request What was given.
 * @param body The answer.
 * @returns The status of the confirmation.
 */
export async function reply(connection: Connection, request: { fields: Headers }, body: string): Promise<number> {
  const path = new URL(request.fields.get("urocket-reply-url")!).pathname;
  assert(path.includes(request.fields.get("urocket-request-id")!));
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}`;
  await connection.send(`${head}\r\n\r\n${body}`);
  return (await given(connection)).status;
}
