/**
 * Waiting for what nobody announces, such as a counter in another process.
 *
 * @module
 */

const LOOK_AGAIN_MS = 5;

/**
 * Waits until something holds.
 *
 * @param what What is waited for, for the error.
 * @param holds Whether it holds now.
 * @param ms When to give up.
 * @throws {Error} If it does not hold in time.
 */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  ms = 60_000,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!await holds()) {
    if (performance.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}
