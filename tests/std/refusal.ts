import { AssertionError } from "@std/assert";

/** The message an assertion fails with; uses no assertion itself. */
export function refused(assertion: () => unknown): string {
  try {
    assertion();
  } catch (error) {
    if (error instanceof AssertionError) return error.message;
    throw error;
  }
  throw new Error(`not refused: ${assertion}`);
}

/** The same of an assertion that takes its time. */
export async function refusedLater(
  assertion: () => Promise<unknown>,
): Promise<string> {
  try {
    await assertion();
  } catch (error) {
    if (error instanceof AssertionError) return error.message;
    throw error;
  }
  throw new Error(`not refused: ${assertion}`);
}
