/**
 * What is wrong with an OpenAPI document.
 *
 * @module
 */

/** Thrown for a document that cannot be used; the message says where, as `file:line:column` if that is known. */
export class OpenApiError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "OpenApiError";
}

/**
 * Says that data nests too deeply instead of letting the stack overflow.
 *
 * @param where Names the data, for the message.
 * @param work What to do.
 * @returns What `work` returns.
 * @throws {OpenApiError} If the stack does not suffice.
 */
export function withinStack<T>(where: () => string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) throw new OpenApiError(`${where()}: nested too deeply`, { cause: error });
    throw error;
  }
}
