/**
 * Which descriptors a child has, and under which numbers.
 *
 * @module
 */

import { STEP, type Step } from "./plan.ts";

/** The highest number that close_range(2) takes. */
const LAST = -1;

/** What is to be where: the child's number, and the number it has here. */
export type DescriptorMap = ReadonlyMap<number, number>;

/** The steps that make a map true, and where what is needed until later was put. */
export interface MappedDescriptors {
  /** Moves, then the closing of everything else. */
  steps: Step[];
  /** For each that is kept for later, the number that it has from then on. */
  kept: number[];
}

/** Counts through the numbers that are not in use. */
function freeNumbers(used: ReadonlySet<number>): () => number {
  let next = 3;
  return () => {
    while (used.has(next)) next++;
    return next++;
  };
}

function duplicate(from: number, to: number, closeOnExec: boolean): Step {
  return {
    what: STEP.DUPLICATE,
    numbers: [from, to, closeOnExec ? 1 : 0],
    syscall: "dup3",
    about: `fd:${from} as fd:${to}`,
  };
}

function closeRange(from: number, to: number): Step {
  return { what: STEP.CLOSE_RANGE, numbers: [from, to, 1], syscall: "close_range" };
}

/** All that is not in the list is closed by exec. */
function closeOthers(numbers: readonly number[]): Step[] {
  const steps: Step[] = [];
  let next = 0;
  for (const number of [...numbers].sort((one, other) => one - other)) {
    if (number > next) steps.push(closeRange(next, number - 1));
    next = number + 1;
  }
  return [...steps, closeRange(next, LAST)];
}

/**
 * Plans how descriptors get their numbers.
 *
 * One whose number is another's destination is first moved out of the way, so
 * that they may change places.
 *
 * @param map What is to be where.
 * @param later Descriptors that are needed after exec for a moment, at any number.
 * @returns The steps, and the numbers of those that are needed later.
 */
export function mapDescriptors(map: DescriptorMap, later: readonly number[] = []): MappedDescriptors {
  const free = freeNumbers(new Set([...map.keys(), ...map.values(), ...later]));
  const kept = later.map(free);
  const moves: [to: number, from: number][] = [...map, ...kept.map((to, at): [number, number] => [to, later[at]])];
  const lifted = new Map<number, number>();
  for (const [to, from] of moves) {
    if (to !== from && map.has(from) && !lifted.has(from)) lifted.set(from, free());
  }
  return {
    steps: [
      ...Array.from(lifted, ([from, to]) => duplicate(from, to, true)),
      ...moves.map(([to, from]) => duplicate(from === to ? from : lifted.get(from) ?? from, to, false)),
      ...closeOthers(moves.map(([to]) => to)),
    ],
    kept,
  };
}
