/**
 * A worker that has asked for a request and waits for it (long poll).
 *
 * @module
 */

import type { ServerResponse } from "node:http";
import { type Problem, problemAnswer } from "./problem.ts";
import { answerWith } from "./responder.ts";
import type { Worker } from "./worker.ts";

/** Who is told of polls. */
export interface PollOwner {
  /** A worker does not wait there any more: it was answered, or has gone. */
  forget(poll: Poll): void;
}

/** One `GET /next`. */
export class Poll {
  /** Who asks. */
  readonly worker: Worker;
  readonly #response: ServerResponse;
  readonly #owner: PollOwner;
  #isWaiting = true;
  #onBroken: (() => void) | undefined;

  /**
   * Begins to wait.
   *
   * @param worker Who asks.
   * @param response What it is answered with.
   * @param owner Who is told when it waits no more.
   */
  constructor(worker: Worker, response: ServerResponse, owner: PollOwner) {
    this.worker = worker;
    this.#response = response;
    this.#owner = owner;
    response.on("error", () => {});
    response.once("close", () => {
      if (this.#isWaiting) this.#finish();
      else this.#onBroken?.();
    });
    worker.polls.add(this);
  }

  /** Whether it has not been answered. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /**
   * Answers it with a request.
   *
   * @param head The header fields, name and value in turn.
   * @param payload The body.
   * @param onBroken Told when its connection has broken before all was sent.
   */
  give(head: readonly string[], payload: Uint8Array<ArrayBuffer>, onBroken: () => void): void {
    this.#finish();
    this.#onBroken = onBroken;
    this.#response.writeHead(200, head as string[]);
    const { socket } = this.#response;
    this.#response.end(payload, () => {
      // Told so in Deno even when writing has failed.
      if (!socket?.errored) this.#onBroken = undefined;
    });
  }

  /** Its connection sends nothing more: who waits does not do that, as far as can be told. */
  break(): void {
    if (this.#isWaiting) this.#response.destroy();
  }

  /** Answers it that there is no request by now. */
  giveNothing(): void {
    this.#finish();
    this.#response.writeHead(204).end();
  }

  /**
   * Answers it that there will be none.
   *
   * @param problem Why.
   */
  refuse(problem: Problem): void {
    this.#finish();
    answerWith(this.#response, problemAnswer(problem));
  }

  #finish(): void {
    this.#isWaiting = false;
    this.worker.polls.delete(this);
    this.#owner.forget(this);
  }
}
