/**
 * The foreign peer of programs/peer.py, at the other end of a beam.
 *
 * @module
 */

import { Beam, type BeamPairOptions, UnixListener } from "ipcx";
import { ownName } from "../claim.ts";
import { readLines } from "../broker/read_lines.ts";

const PROGRAM = new URL("./programs/peer.py", import.meta.url).pathname;

/** Text as hexadecimal bytes. */
export function hex(text: string): string {
  return new TextEncoder().encode(text).toHex();
}

/** A process that does to its socket what it is told. */
export class ForeignPeer implements AsyncDisposable {
  /** The process. */
  readonly child: Deno.ChildProcess;
  readonly #answers: PromiseWithResolvers<unknown>[] = [];
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #read: Promise<void>;

  private constructor(type: string, name: string) {
    const args = [PROGRAM, type, name];
    this.child = new Deno.Command("python3", { args, stdin: "piped", stdout: "piped" }).spawn();
    this.#input = this.child.stdin.getWriter();
    this.#read = readLines(this.child.stdout, (line) => {
      const { result, errno } = JSON.parse(line);
      const { resolve, reject } = this.#answers.shift()!;
      if (errno === undefined) resolve(result);
      else reject(new Error(errno));
    });
  }

  /** Starts one, connected to a beam, which is the caller's. */
  static async beam(options: BeamPairOptions = {}): Promise<[ForeignPeer, Beam]> {
    const { type = "stream", ...others } = options;
    using listener = UnixListener.listen(ownName(), { type });
    const peer = new ForeignPeer(type, `${listener.address}`);
    return [peer, new Beam(await listener.accept(), others)];
  }

  /** Has it do something, and waits for what came of it. */
  async tell<Result>(name: string, ...args: unknown[]): Promise<Result> {
    const answer = Promise.withResolvers<unknown>();
    this.#answers.push(answer);
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify([name, ...args])}\n`));
    return await answer.promise as Result;
  }

  /** Kills it, and waits for its end. */
  async kill(): Promise<void> {
    try {
      this.child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await Promise.all([this.child.status, this.#read, this.#input.close().catch(() => {})]);
  }

  /** The same. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
