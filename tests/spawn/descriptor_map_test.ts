import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { mapDescriptors } from "../../src/spawn/descriptor_map.ts";
import { STEP } from "../../src/spawn/plan.ts";
import { claim } from "../claim.ts";

/** A table of open descriptors: the file behind each number, and whether exec closes it. */
class Table {
  readonly #open = new Map<number, { file: string; closeOnExec: boolean }>();

  constructor(numbers: Iterable<number>) {
    for (const number of numbers) this.#open.set(number, { file: `file ${number}`, closeOnExec: true });
  }

  duplicate(from: number, to: number, closeOnExec: boolean): void {
    const source = this.#open.get(from);
    if (!source) throw new Error(`fd:${from} is not open`);
    this.#open.set(to, { file: source.file, closeOnExec });
  }

  closeRange(from: number, to: number, onExec: boolean): void {
    if (from >>> 0 > to >>> 0) throw new Error(`no range: ${from}–${to}`);
    for (const [number, entry] of this.#open) {
      if (number < from >>> 0 || number > to >>> 0) continue;
      if (onExec) entry.closeOnExec = true;
      else this.#open.delete(number);
    }
  }

  /** What exec leaves. */
  get left(): Map<number, string> {
    return new Map(
      [...this.#open].filter(([, { closeOnExec }]) => !closeOnExec).map(([number, { file }]) => [number, file]),
    );
  }
}

/** Does the steps on a table in which these are open beside what the map needs. */
function carriedOut(map: Map<number, number>, later: number[], others: number[] = []): {
  left: Map<number, string>;
  kept: number[];
} {
  const { steps, kept } = mapDescriptors(map, later);
  const table = new Table([...map.values(), ...later, ...others]);
  for (const { what, numbers } of steps) {
    const [a, b, c] = numbers!;
    if (what === STEP.DUPLICATE) table.duplicate(a, b, c !== 0);
    else if (what === STEP.CLOSE_RANGE) table.closeRange(a, b, c !== 0);
    else throw new Error(`step ${what}`);
  }
  return { left: table.left, kept };
}

function assertMapped(map: Map<number, number>, later: number[], others: number[] = []): void {
  const { left, kept } = carriedOut(map, later, others);
  assertEquals(kept.length, later.length);
  assertEquals(new Set([...kept, ...map.keys()]).size, kept.length + map.size, "the numbers differ");
  const expected = new Map([
    ...Array.from(map, ([to, from]): [number, string] => [to, `file ${from}`]),
    ...kept.map((number, at): [number, string] => [number, `file ${later[at]}`]),
  ]);
  assertEquals(left, expected);
}

const number = fc.nat({ max: 12 });
const maps = fc.array(fc.tuple(number, number), { maxLength: 10 }).map((entries) => new Map(entries));

claim("whatever the map, each number has its file at last, and no other is open", () => {
  fc.assert(
    fc.property(maps, fc.uniqueArray(number, { maxLength: 4 }), fc.array(fc.nat({ max: 40 })), assertMapped),
    { numRuns: 2000 },
  );
});

claim("two that change places do so", () => {
  assertMapped(new Map([[3, 4], [4, 3]]), []);
  assertMapped(new Map([[0, 1], [1, 0], [2, 2]]), [0, 1, 2]);
});

claim("a circle of many is turned", () => {
  for (let length = 2; length < 20; length++) {
    assertMapped(new Map(Array.from({ length }, (_, at) => [at, (at + 1) % length])), [], [length, length + 1]);
  }
});

claim("one descriptor may have many numbers, its own among them", () => {
  assertMapped(new Map([[3, 5], [4, 5], [5, 5], [6, 5]]), [5]);
  assertMapped(new Map([[3, 5], [4, 5], [5, 3]]), [3, 5]);
});

claim("high numbers are mapped as well", () => {
  assertMapped(new Map([[1_048_575, 3], [3, 1_048_575]]), [1_048_575], [1_000_000]);
});

claim("a program that is given nothing has nothing", () => {
  assertEquals(carriedOut(new Map(), [], [0, 1, 2, 3, 500]).left, new Map());
});

claim("what is needed later stands at no standard stream", () => {
  const { kept } = mapDescriptors(new Map([[3, 0]]), [0, 1, 2]);
  assertEquals(kept.every((number) => number > 3), true, `${kept}`);
});
