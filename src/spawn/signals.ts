/**
 * Signals by name (signal(7)).
 *
 * @module
 */

/** The names that Linux gives to its signals, the same on x86-64 and arm64. */
export const SIGNAL_NAMES: readonly string[] = [
  ..."HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD".split(" "),
  ..."CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS".split(" "),
];

/** The highest signal. */
const MAX_SIGNAL = 64;

/**
 * Finds the number of a signal.
 *
 * @param signal Its name, with or without `SIG`, or its number.
 * @returns The number, 1–64.
 * @throws {TypeError} If there is no such signal.
 */
export function signalNumber(signal: string | number): number {
  const name = `${signal}`.toUpperCase().replace(/^SIG/, "");
  const number = /^\d{1,2}$/.test(name) ? Number(name) : SIGNAL_NAMES.indexOf(name) + 1;
  if (number < 1 || number > MAX_SIGNAL) throw new TypeError(`there is no signal '${signal}'`);
  return number;
}

/**
 * Finds the name of a signal.
 *
 * @param number Its number.
 * @returns Such as `"SIGTERM"`; `"SIG40"` for one that has no name.
 */
export function signalName(number: number): string {
  return `SIG${SIGNAL_NAMES[number - 1] ?? number}`;
}
