/**
 * `ipcx recv`: takes messages from bare sockets.
 *
 * @module
 */

import type { Message } from "../core/message.ts";
import type { UnixSocket } from "../core/socket.ts";
import { closedAtSignals } from "./closed_at_signals.ts";
import { failedStart } from "./failed_start.ts";
import { copyContents } from "./fd_contents.ts";
import { inTime } from "./in_time.ts";
import { circumstancesOf, printMessage, takeMessage, tellLoss } from "./packet_receiving.ts";
import { receivers } from "./packet_receivers.ts";
import type { Arguments } from "./parse.ts";
import { type RecvPlan, recvPlanFrom } from "./recv_settings.ts";

/**
 * What is done with a message; what it returns is the exit status, if that is not 0.
 * `leave` is given with the last one, and closes all that is open.
 */
type Handler = (message: Message, socket: UnixSocket, leave?: () => void) => number | Promise<number>;

async function runner(command: readonly string[]): Promise<Handler> {
  const { commandFor } = await import("./packet_command.ts");
  const { becomeCommand, insistOn, runCommand } = await import("./message_command.ts");
  insistOn(command[0]);
  return async (message, socket, leave) => {
    // What was cut is no message: nothing is done about it as if it were one.
    const loss = tellLoss(message, "recv");
    if (loss) return loss;
    using prepared = commandFor(command, message, socket);
    if (!leave) return await runCommand("recv", prepared.options, prepared);
    // Nobody has to wait for it, nor to hold the name for it.
    leave();
    return await becomeCommand("recv", prepared.options);
  };
}

async function handlerFor({ use, credentials }: RecvPlan): Promise<Handler> {
  if (use.kind === "run") return await runner(use.command);
  if (use.kind === "print") {
    return (message, socket) => printMessage(message, use.format, circumstancesOf(socket, credentials), "recv");
  }
  return (message) => {
    const loss = tellLoss(message, "recv");
    if (!message.fdsLost) copyContents(message);
    return loss;
  };
}

/** Takes messages, from as many connections as it takes. */
class Reception {
  readonly #plan: RecvPlan;
  readonly #handle: Handler;
  readonly #leave: () => void;
  taken = 0;
  status = 0;

  constructor(plan: RecvPlan, handle: Handler, leave: () => void) {
    this.#plan = plan;
    this.#handle = handle;
    this.#leave = leave;
  }

  /** How many are wanted; on a stream there is no telling one from the next. */
  #wanted({ type }: UnixSocket): number {
    return this.#plan.count ?? (type === "stream" ? 0 : 1);
  }

  /** @returns The next message, or null where there is no more to come. */
  async #next(socket: UnixSocket): Promise<Message | null> {
    const { meeting, maxBytes, peek, origin } = this.#plan;
    try {
      return await inTime(
        meeting.timeout,
        "no message came",
        (signal) => takeMessage(socket, { maxBytes, peek, signal }),
      );
    } catch (error) {
      if (origin !== "keep accepting") throw error;
      console.error(`ipcx recv: ${(error as Error).message}`);
      return null;
    }
  }

  /** @returns Whether there are as many as were wanted. */
  async takeFrom(socket: UnixSocket): Promise<boolean> {
    const wanted = this.#wanted(socket);
    while (wanted === 0 || this.taken < wanted) {
      using message = await this.#next(socket);
      if (message === null) break;
      this.taken++;
      const leave = this.taken === wanted ? this.#leave : undefined;
      this.status = await this.#handle(message, socket, leave) || this.status;
    }
    if (wanted === 0) return false;
    if (this.taken === wanted) return true;
    if (this.#plan.origin === "keep accepting") return false;
    throw new Error(
      wanted === 1
        ? "the connection ended, and no message had come"
        : `the connection ended after ${this.taken} of ${wanted} messages`,
    );
  }
}

/**
 * Runs `ipcx recv`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  const plan = recvPlanFrom(args);
  let handle: Handler;
  try {
    handle = await handlerFor(plan);
  } catch (error) {
    return failedStart("recv", error);
  }
  using opened = new DisposableStack();
  const hasFile = plan.meeting.address.kind === "path" && ["bind", "keep accepting"].includes(plan.origin);
  using _closed = hasFile ? closedAtSignals(opened) : undefined;
  const reception = new Reception(plan, handle, () => opened.dispose());
  for await (const socket of receivers(plan, opened)) {
    if (await reception.takeFrom(socket)) break;
  }
  return reception.status;
}
