/**
 * Waits that `--timeout` bounds.
 *
 * @module
 */

/**
 * Gives something up when it takes too long.
 *
 * @param timeout How long it may take, in milliseconds; `undefined` for ever.
 * @param complaint What is said if it takes longer.
 * @param attempt Does it, until the signal.
 * @param given Gives it up earlier, with its reason.
 * @returns What came of it.
 * @throws {Error} With the complaint.
 */
export async function inTime<Result>(
  timeout: number | undefined,
  complaint: string,
  attempt: (signal?: AbortSignal) => Promise<Result>,
  given?: AbortSignal,
): Promise<Result> {
  const late = timeout === undefined ? undefined : AbortSignal.timeout(timeout);
  try {
    return await attempt(late && given ? AbortSignal.any([late, given]) : late ?? given);
  } catch (error) {
    if (late?.aborted) throw new Error(`${complaint} within ${timeout} ms; --timeout is for longer waits`);
    throw error;
  }
}
