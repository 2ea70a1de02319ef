/**
 * How long something has taken, told to people.
 *
 * @module
 */

/**
 * Writes a time.
 *
 * @param seconds The time in seconds.
 * @returns The same with one decimal, in seconds, minutes or hours.
 */
export function elapsed(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${(seconds / 60).toFixed(1)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
