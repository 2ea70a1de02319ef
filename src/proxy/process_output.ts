/**
 * What the process of one request prints.
 *
 * @module
 */

import { PipeReader } from "../core/pipe.ts";
import type { Started } from "../spawn/mod.ts";
import { OutputLog } from "./output_log.ts";

/** What is told of output. */
export interface OutputHandler {
  /** Takes what was printed to standard output, which changes as soon as this returns; without it, that is logged. */
  onOutput?(bytes: Uint8Array<ArrayBuffer>): void;
  /** Told once: there is no more standard output. */
  onOutputEnd(): void;
  /** Told when nobody holds the one stream or the other any more. */
  onClosed(): void;
}

/** Standard output and standard error of a process. */
export class ProcessOutput {
  readonly #handler: OutputHandler;
  readonly #stdoutLog: OutputLog | undefined;
  readonly #stderrLog: OutputLog;
  #out: PipeReader | undefined;
  #err: PipeReader | undefined;

  /**
   * Prepares.
   *
   * @param isLogged Whether what is no answer is logged.
   * @param id The request's id, for the log.
   * @param handler What is told.
   */
  constructor(isLogged: boolean, id: string, handler: OutputHandler) {
    this.#handler = handler;
    this.#stderrLog = new OutputLog(isLogged, { id, stream: "stderr" });
    if (!handler.onOutput) this.#stdoutLog = new OutputLog(isLogged, { id, stream: "stdout" });
  }

  /**
   * Takes what has been printed so far, and reads what is to come.
   *
   * @param started The process; its pipes are this one's from now on.
   */
  take({ printed: [output, errors], pipes: [out, err] }: Started): void {
    const handler = this.#handler;
    if (output.length > 0) this.#onOutput(output);
    if (errors.length > 0) this.#stderrLog.push(errors);
    if (out) {
      this.#out = new PipeReader(out, {
        onData: (bytes) => this.#onOutput(bytes),
        onEnd: () => {
          handler.onOutputEnd();
          handler.onClosed();
        },
      });
    } else handler.onOutputEnd();
    if (err) {
      this.#err = new PipeReader(err, {
        onData: (bytes) => this.#stderrLog.push(bytes),
        onEnd: () => handler.onClosed(),
      });
    }
  }

  #onOutput(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#stdoutLog) this.#stdoutLog.push(bytes);
    else this.#handler.onOutput!(bytes);
  }

  /** Whether anybody may still print something. */
  get isOpen(): boolean {
    return Boolean(this.#out?.isOpen || this.#err?.isOpen);
  }

  /** What was printed last that is no answer, for the log; empty if nothing was. */
  get tail(): string {
    return this.#stderrLog.tail || this.#stdoutLog?.tail || "";
  }

  /** Lets who prints to standard output wait. */
  pause(): void {
    this.#out?.pause();
  }

  /** Goes on after {@linkcode pause}. */
  resume(): void {
    this.#out?.resume();
  }

  /** Reads what is there already. */
  drain(): void {
    this.#out?.drain();
    this.#err?.drain();
  }

  /** Stops reading. */
  close(): void {
    this.#out?.close();
    this.#err?.close();
    this.#stdoutLog?.end();
    this.#stderrLog.end();
  }
}
