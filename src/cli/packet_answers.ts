/**
 * The answers that `ipcx send --reply` waits for.
 *
 * @module
 */

import { ClosedError } from "../core/errors.ts";
import type { Message } from "../core/message.ts";
import type { UnixSocket } from "../core/socket.ts";
import { inTime } from "./in_time.ts";
import { circumstancesOf, printMessage, takeMessage } from "./packet_receiving.ts";
import type { Circumstances } from "./packet_text.ts";
import type { AnswerPlan } from "./send_settings.ts";

/** Takes answers, and prints them. */
export class Answers {
  readonly #socket: UnixSocket;
  readonly #plan: AnswerPlan;
  readonly #timeout: number | undefined;
  readonly #circumstances: Circumstances;
  /** 1 if part of an answer was lost. */
  status = 0;

  /**
   * Prepares to take answers.
   *
   * @param socket Where they come; it stays the caller's.
   * @param plan How many, and how to print them.
   * @param timeout How long to wait for each, in milliseconds.
   */
  constructor(socket: UnixSocket, plan: AnswerPlan, timeout: number | undefined) {
    this.#socket = socket;
    this.#plan = plan;
    this.#timeout = timeout;
    this.#circumstances = circumstancesOf(socket);
  }

  #print(message: Message): void {
    using printed = message;
    this.status = printMessage(printed, this.#plan.format, this.#circumstances, "send") || this.status;
  }

  /**
   * Takes as many as there are to be, or all until the end.
   *
   * @param enough Ends that early: those that are there already are still printed.
   * @throws {Error} If the connection ends before that.
   */
  async take(enough?: AbortSignal): Promise<void> {
    const { count, maxBytes } = this.#plan;
    for (let taken = 0; count === 0 || taken < count; taken++) {
      let message: Message | null;
      try {
        message = await inTime(
          this.#timeout,
          "no answer came",
          (signal) => takeMessage(this.#socket, { maxBytes, signal }),
          enough,
        );
      } catch (error) {
        if (!enough?.aborted || error instanceof ClosedError) throw error;
        return this.#printRest();
      }
      if (message) this.#print(message);
      else if (count === 0) return;
      else if (count === 1) throw new Error("the connection ended, and no answer had come");
      else throw new Error(`the connection ended after ${taken} of ${count} answers`);
    }
  }

  #printRest(): void {
    const { maxBytes } = this.#plan;
    for (let message; (message = this.#socket.tryReceive({ maxBytes }));) this.#print(message);
  }
}
