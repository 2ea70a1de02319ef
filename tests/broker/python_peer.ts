/**
 * The independent programs of tests/peers.
 *
 * @module
 */

import { readLines } from "./read_lines.ts";

const PEERS = new URL("../peers/", import.meta.url).pathname;

/** What became of one. */
export interface PeerResult {
  /** Its exit status, or 128 and the number of the signal. */
  code: number;
  /** What it printed. */
  output: string;
  /** What it complained of. */
  complaint: string;
}

/** Runs one to its end. */
export async function runPeer(program: string, ...args: string[]): Promise<PeerResult> {
  const command = new Deno.Command("python3", { args: [`${PEERS}${program}`, ...args], stdin: "null" });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout), complaint: decoder.decode(stderr) };
}

/** A request as the independent broker understood it. */
export interface ReportedRequest {
  /** The mode's name. */
  mode: string;
  /** The key's bytes, hexadecimal. */
  key: string;
  /** How many bytes the key has. */
  len: number;
}

/** The independent broker; ended at the end of an `await using` block. */
export class PythonBroker implements AsyncDisposable {
  /** The requests it has reported. */
  readonly requests: ReportedRequest[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #read: Promise<void>;

  private constructor(child: Deno.ChildProcess, ready: () => void) {
    this.#child = child;
    this.#read = readLines(child.stdout, (line) => {
      if (line === "ready") ready();
      else if (JSON.parse(line).event === "request") this.requests.push(JSON.parse(line));
    });
  }

  /** Starts one, and waits until it listens. */
  static async start(address: string, ...flags: string[]): Promise<PythonBroker> {
    const args = [`${PEERS}spb_broker.py`, "--socket", address, ...flags];
    const child = new Deno.Command("python3", { args, stdin: "null", stdout: "piped" }).spawn();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const broker = new PythonBroker(child, resolve);
    child.status.then(({ code }) => reject(new Error(`spb_broker.py ended with ${code}`)));
    await promise;
    return broker;
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await Promise.all([this.#child.status, this.#read]);
  }
}
