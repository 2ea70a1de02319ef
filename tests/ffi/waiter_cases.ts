/**
 * What may happen to the waiter, by the names under which programs/drive_waiter.py
 * knows it.
 *
 * @module
 */

/** What is claimed in each case. */
export const WAITER_CASES: Readonly<Record<string, string>> = {
  exits: "it ends with the status of its child",
  signals: "it dies of the signal that its child died of",
  forwarded: "it forwards signals, but not SIGWINCH",
  timeout: "it ends a child that takes too long, also one that is stopped or does not listen",
  status_line: "it tells how its child has ended, also to nobody",
  relayed_socket: "it joins a socket to standard input and output, to the end of each",
  relayed_terminal: "it joins a terminal to standard input and output, to the end of each",
  stuck_output: "it ends when it is told to though nobody takes what its child has left",
  files: "it removes the files that it is told to, unless they were replaced",
  held: "it holds what it is to hold until its child has ended, and closes all else",
  orphans: "it is not taken in by the end of others than its child",
};

/**
 * Names the command that drives a waiter through a case.
 *
 * @param waiter The waiter's path.
 * @param name The case.
 * @returns The command, which says nothing and ends with 0 if all is well.
 */
export function driveWaiter(waiter: string, name: string): [command: string, args: string[]] {
  const driver = `${import.meta.dirname}/programs/drive_waiter.py`;
  return ["timeout", ["300", "/usr/bin/python3", "-IS", driver, waiter, name]];
}
