/**
 * Requests that run on without their clients, and their results until somebody
 * has asked for them.
 *
 * @module
 */

import { OWN_PATHS } from "./own_paths.ts";
import { type Problem, problemAnswer } from "./problem.ts";
import type { Answer } from "./request.ts";
import type { Responder } from "./responder.ts";

const JOB_PATHS = `${OWN_PATHS}jobs/`;

/** How many jobs there may be: of those that have ended the oldest are forgotten for others. */
const MOST_JOBS = 10_000;

/** How a client is told to come again, in seconds. */
const RETRY_AFTER = "1";

const VERBS = "GET, HEAD, DELETE";

/** What is told to clients while there are too many jobs. */
export const TOO_MANY_JOBS: Problem = {
  status: 503,
  detail: "there are too many jobs already",
  headers: [["retry-after", RETRY_AFTER]],
};

const encoder = new TextEncoder();

function stillGoing(headers: Answer["headers"], body: Readonly<Record<string, string>>): Answer {
  return {
    status: 202,
    headers: [["content-type", "application/json"], ["cache-control", "no-store"], ...headers],
    body: encoder.encode(`${JSON.stringify(body)}\n`),
  };
}

function sizeOf({ headers, body }: Answer): number {
  return headers.reduce((sum, [name, value]) => sum + name.length + value.length, body.length);
}

/** A job: it takes the answer instead of the client, who is told where to ask for it. */
export class Job implements Responder {
  onGone: () => void = () => {};
  onDrain: () => void = () => {};
  readonly canStream = false;
  readonly hasBegun = false;
  /** What it is known by; nobody can guess it. */
  readonly id: string = crypto.randomUUID();
  /** For how long its result is kept, in milliseconds. */
  readonly ttlMs: number;
  /** Its result, once it has ended. */
  result?: Answer;
  /** The client, as long as it has not been told where to ask. */
  #client: Responder | undefined;
  readonly #jobs: Jobs;
  #state: "asked" | "queued" | "running" | "over" = "asked";
  #hasStarted = false;

  /**
   * Prepares a job; until it is admitted, its client is answered itself.
   *
   * @param client The client.
   * @param jobs Who keeps it.
   * @param ttlMs For how long its result is kept, in milliseconds.
   */
  constructor(client: Responder, jobs: Jobs, ttlMs: number) {
    this.#client = client;
    this.#jobs = jobs;
    this.ttlMs = ttlMs;
    client.onGone = () => {
      if (this.#state === "asked") this.onGone();
    };
  }

  /** What is told of it as long as it goes on. */
  get state(): string {
    return this.#state;
  }

  get isOver(): boolean {
    return this.#state === "over" || (this.#client?.isOver ?? false);
  }

  admitted(): void {
    this.#state = this.#hasStarted ? "running" : "queued";
    this.#jobs.add(this);
    const job = JOB_PATHS + this.id;
    this.#client?.answer(stillGoing([["location", job]], { job, state: this.#state }));
    // Its connection need not be remembered for as long as the result is kept.
    this.#client = undefined;
  }

  started(): void {
    this.#hasStarted = true;
    if (this.#state === "queued") this.#state = "running";
  }

  answer(answer: Answer): void {
    if (this.isOver) return;
    this.#end();
    if (this.#client) this.#client.answer(answer);
    else this.#jobs.keep(this, answer);
  }

  /** Ends what runs for it: nobody wants its result. */
  cancel(): void {
    if (this.isOver) return;
    const { onGone } = this;
    this.#end();
    onGone();
  }

  /** What it was asked with is not needed any more. */
  #end(): void {
    this.#state = "over";
    this.onGone = this.onDrain = () => {};
  }

  begin(): never {
    throw new TypeError("the result of a job comes as a whole");
  }

  write(): never {
    return this.begin();
  }

  end(): never {
    return this.begin();
  }

  abort(): never {
    return this.begin();
  }
}

/** All jobs of a gateway. */
export class Jobs {
  readonly #jobs = new Map<string, Job>();
  /** Those that have ended, in that order, and when they are forgotten. */
  readonly #ended = new Map<Job, ReturnType<typeof setTimeout>>();
  #bytes = 0;
  #mostBytes = 0;

  /** Whether there is no room for another one. */
  get isFull(): boolean {
    return this.#jobs.size - this.#ended.size >= MOST_JOBS;
  }

  /** How many bytes of results are kept at most; the oldest are forgotten first. */
  set mostBytes(most: number) {
    this.#mostBytes = most;
    this.#makeRoom();
  }

  #makeRoom(): void {
    for (const job of this.#ended.keys()) {
      if (this.#bytes <= this.#mostBytes && this.#jobs.size <= MOST_JOBS) return;
      this.#forget(job);
    }
  }

  /**
   * Takes a job.
   *
   * @param job The job.
   */
  add(job: Job): void {
    this.#jobs.set(job.id, job);
    this.#makeRoom();
  }

  /**
   * Keeps the result of a job, unless it was cancelled.
   *
   * @param job The job.
   * @param answer Its result.
   */
  keep(job: Job, answer: Answer): void {
    if (!this.#jobs.has(job.id)) return;
    const detail = "the result has more bytes than are kept";
    job.result = sizeOf(answer) <= this.#mostBytes ? answer : problemAnswer({ status: 507, detail });
    this.#bytes += sizeOf(job.result);
    const timer = setTimeout(() => this.#forget(job), job.ttlMs);
    Deno.unrefTimer(timer);
    this.#ended.set(job, timer);
    this.#makeRoom();
  }

  #forget(job: Job): void {
    this.#jobs.delete(job.id);
    clearTimeout(this.#ended.get(job));
    if (this.#ended.delete(job)) this.#bytes -= sizeOf(job.result!);
  }

  /** Forgets all. */
  clear(): void {
    for (const job of this.#jobs.values()) this.#forget(job);
  }

  /**
   * Answers a request for a job.
   *
   * @param method The verb.
   * @param path The path.
   * @returns The answer; a problem if there is none.
   */
  ask(method: string, path: string): Answer | Problem {
    const job = path.startsWith(JOB_PATHS) ? this.#jobs.get(path.slice(JOB_PATHS.length)) : undefined;
    if (job === undefined) return { status: 404, detail: "there is no such job, or its result is not kept any more" };
    if (!VERBS.split(", ").includes(method)) {
      return { status: 405, detail: `a job has ${VERBS} only`, headers: [["allow", VERBS]] };
    }
    if (method === "DELETE") {
      job.cancel();
      this.#forget(job);
      return { status: 204, headers: [], body: new Uint8Array() };
    }
    return job.result ?? stillGoing([["retry-after", RETRY_AFTER]], { state: job.state });
  }
}
