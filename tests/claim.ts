/**
 * A test that claims something, and that also fails if it leaks a descriptor.
 *
 * @module
 */

import { startRunner } from "../src/spawn/runner.ts";

/** How long descriptors may take to be closed by their adopters after a test, in milliseconds. */
const GRACE_MS = 10_000;

function openDescriptors(): Map<string, string> {
  const open = new Map<string, string>();
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      open.set(name, Deno.readLinkSync(`/proc/self/fd/${name}`));
    } catch {
      // The descriptor of the directory that is being read.
    }
  }
  return open;
}

function leaked(before: Map<string, string>): string[] {
  return Array.from(openDescriptors())
    .filter(([number, target]) => before.get(number) !== target)
    .map(([number, target]) => `${number} → ${target}`);
}

/** How a claim is tested. */
export interface ClaimOptions {
  /** Why it cannot be tested here; printed, and the test is skipped. */
  skip?: string | false;
}

/**
 * Registers a test, run by `deno test`.
 *
 * @param name What is claimed, in plain words.
 * @param test Throws if it is not so.
 * @param options A reason to skip it.
 */
export function claim(name: string, test: () => void | Promise<void>, options: ClaimOptions = {}): void {
  Deno.test({
    name: options.skip ? `${name} (skipped: ${options.skip})` : name,
    ignore: Boolean(options.skip),
    // The runner's own checks do not see descriptors of ours; the comparison below does.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      startRunner();
      const before = openDescriptors();
      await test();
      const deadline = performance.now() + GRACE_MS;
      while (leaked(before).length > 0 && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const leaks = leaked(before);
      if (leaks.length > 0) throw new Error(`leaked descriptors: ${leaks.join(", ")}`);
    },
  });
}

/** Why a test that needs root cannot run, or `false`. */
export const NEEDS_ROOT: string | false = Deno.uid() === 0 ? false : "needs root";

/**
 * Makes an abstract name of one's own.
 *
 * @returns The address as text.
 */
export function ownName(): string {
  return `@ipcx-test-${crypto.randomUUID()}`;
}

/** A directory of one's own, removed at the end of a `using` block. */
export class OwnDirectory implements Disposable {
  /** Its path. */
  readonly path: string = Deno.makeTempDirSync({ prefix: "ipcx-" });

  /** Names a file in it. */
  file(name: string): string {
    return `${this.path}/${name}`;
  }

  /** Removes it with all that is in it. */
  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
