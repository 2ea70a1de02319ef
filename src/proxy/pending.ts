/**
 * Requests that wait for an answer at the reply socket, by their ids.
 *
 * @module
 */

import type { Answer } from "./request.ts";

/** A request that waits. */
export interface PendingRequest {
  /** The most bytes that its answer may have. */
  readonly maxBytes: number;
  /** The media type of an answer that names none. */
  readonly contentType?: string;
  /** Who may answer. */
  readonly replyFrom: "anyone" | "descendants";
  /**
   * Waits until it is known which process may answer it.
   *
   * @param then Called then, at once if it is known.
   */
  whenStarted(then: () => void): void;
  /**
   * Tells whether a process may answer it.
   *
   * @param pid Who wants to, as the kernel says; 0 if it cannot tell.
   */
  mayAnswer(pid: number): boolean;
  /**
   * Takes the answer, once.
   *
   * @param answer The answer.
   */
  onAnswer(answer: Answer): void;
  /** Told that an answer was refused since it has too many bytes: there will be none. */
  onTooLarge(): void;
}

/** How many answered ids are remembered at least, to tell a second answer from a stray one; at most twice as many. */
const REMEMBERED = 10_000;

/** All requests that wait. */
export class PendingRequests {
  readonly #waiting = new Map<string, PendingRequest>();
  #answered = new Set<string>();
  #answeredBefore = new Set<string>();

  /** How many there are. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Lets a request wait.
   *
   * @param id Its id.
   * @param request The request.
   */
  add(id: string, request: PendingRequest): void {
    this.#waiting.set(id, request);
  }

  /**
   * Looks a request up.
   *
   * @param id Its id.
   * @returns The request; `"answered"` if it has been, `undefined` if there is none, or none any more.
   */
  find(id: string): PendingRequest | "answered" | undefined {
    return this.#waiting.get(id) ?? (this.#answered.has(id) || this.#answeredBefore.has(id) ? "answered" : undefined);
  }

  /**
   * Hands over an answer.
   *
   * @param id The request's id.
   * @param answer The answer.
   * @returns Whether it was the first.
   */
  answer(id: string, answer: Answer): boolean {
    const request = this.#waiting.get(id);
    if (!request) return false;
    this.#waiting.delete(id);
    if (this.#answered.size >= REMEMBERED) {
      this.#answeredBefore = this.#answered;
      this.#answered = new Set();
    }
    this.#answered.add(id);
    request.onAnswer(answer);
    return true;
  }

  /**
   * Forgets a request that nobody may answer any more.
   *
   * @param id Its id.
   */
  expire(id: string): void {
    this.#waiting.delete(id);
  }
}
