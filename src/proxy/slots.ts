/**
 * How many processes run at once, and which requests wait for one to end.
 *
 * @module
 */

/** Where a request is refused: at the limit of its route, at that of all, or since it has waited too long. */
export type Refusal = "route" | "service" | "waited";

/** A request that wants to run. */
interface Waiting {
  readonly order: number;
  readonly run: () => void;
  readonly refuse: (why: Refusal) => void;
  timer: ReturnType<typeof setTimeout>;
}

/** The limits of one route. */
export interface RouteSlotLimits {
  /** How many run at once. */
  readonly concurrency: number;
  /** How many may wait. */
  readonly queue: number;
  /** How many milliseconds one may wait. */
  readonly queueTimeout: number;
}

/** The slots of one route. */
export class RouteSlots {
  /** How many run. */
  running = 0;
  /** Who waits, in order. */
  readonly waiting = new Set<Waiting>();
  /** Tells whether there is anybody to run it, such as a worker that has asked. */
  isReady: () => boolean = () => true;

  /**
   * Begins without anybody.
   *
   * @param limits Its limits; others may be set later.
   */
  constructor(public limits: RouteSlotLimits) {}
}

/** The slots of a gateway. */
export class Slots {
  /** How many may run at once. */
  concurrency: number;
  /** How many may wait. */
  queue: number;
  readonly #crowded = new Set<RouteSlots>();
  #running = 0;
  #waiting = 0;
  #nextOrder = 0;
  #isFilling = false;

  /**
   * Begins without anybody.
   *
   * @param limits How many may run at once, and how many may wait.
   */
  constructor(limits: { concurrency: number; queue: number }) {
    this.concurrency = limits.concurrency;
    this.queue = limits.queue;
  }

  /** How many run. */
  get running(): number {
    return this.#running;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Lets a request run as soon as there is room; at once if there is.
   *
   * Whoever runs calls {@linkcode release} when all that it started has ended.
   *
   * @param route Its route.
   * @param run Begins it.
   * @param refuse Told instead if it cannot wait, or has waited too long.
   * @returns Takes it out of the queue again; does nothing once it runs or was refused.
   */
  acquire(route: RouteSlots, run: () => void, refuse: (why: Refusal) => void): () => void {
    if (this.#hasRoomFor(route) && route.waiting.size === 0) {
      this.#start(route, run);
      return () => {};
    }
    if (route.waiting.size >= route.limits.queue) refuse("route");
    else if (this.#waiting >= this.queue) refuse("service");
    else return this.#enqueue(route, run, refuse);
    return () => {};
  }

  #enqueue(route: RouteSlots, run: () => void, refuse: (why: Refusal) => void): () => void {
    const timer = setTimeout(() => {
      this.#remove(route, waiting);
      refuse("waited");
    }, route.limits.queueTimeout);
    const waiting: Waiting = { order: this.#nextOrder++, run, refuse, timer };
    route.waiting.add(waiting);
    this.#crowded.add(route);
    this.#waiting++;
    return () => this.#remove(route, waiting);
  }

  #remove(route: RouteSlots, waiting: Waiting): void {
    if (!route.waiting.delete(waiting)) return;
    clearTimeout(waiting.timer);
    this.#waiting--;
    if (route.waiting.size === 0) this.#crowded.delete(route);
  }

  #hasRoomFor(route: RouteSlots): boolean {
    return this.#running < this.concurrency && route.running < route.limits.concurrency && route.isReady();
  }

  #start(route: RouteSlots, run: () => void): void {
    this.#running++;
    route.running++;
    run();
  }

  /**
   * Frees the slot of a request that has run.
   *
   * @param route Its route.
   */
  release(route: RouteSlots): void {
    this.#running--;
    route.running--;
    this.fill();
  }

  /** Lets those run for whom there is room, such as after a limit was raised: who came first goes first. */
  fill(): void {
    // Whoever runs may have ended already when that returns: the loop below goes on for it.
    if (this.#isFilling) return;
    this.#isFilling = true;
    try {
      while (this.#fillOne());
    } finally {
      this.#isFilling = false;
    }
  }

  /** @returns Whether there was somebody to run. */
  #fillOne(): boolean {
    let first: { route: RouteSlots; waiting: Waiting } | undefined;
    for (const route of this.#crowded) {
      if (!this.#hasRoomFor(route)) continue;
      const waiting = route.waiting.values().next().value!;
      if (!first || waiting.order < first.waiting.order) first = { route, waiting };
    }
    if (!first) return false;
    this.#remove(first.route, first.waiting);
    this.#start(first.route, first.waiting.run);
    return true;
  }
}
