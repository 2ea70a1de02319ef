/**
 * What is told of a host.
 *
 * @module
 */

/**
 * How something stands: `"ok"`; `"warning"` for what works with less, or takes
 * rights that this process has not; `"fails"` for what will not work.
 */
export type FindingState = "ok" | "warning" | "fails";

/** One thing that ipcx needs of a host, and whether it is there. */
export interface Finding {
  /** What was looked at, such as `"ptrace"`; of a socket file that was asked for, its path. */
  readonly name: string;
  /** How it stands. */
  readonly state: FindingState;
  /** What was found, in half a line. */
  readonly found: string;
  /** What follows for ipcx; there unless all is well. */
  readonly means?: string;
  /** What to do about it; there unless all is well. */
  readonly remedy?: string;
}

/** A finding without its name. */
export type Judgement = Omit<Finding, "name">;

/** What looks at one thing; it changes nothing on the host. */
export interface Check {
  /** What its finding is called. */
  readonly name: string;
  /** Looks; what it throws says why that could not be done. */
  examine(): Judgement | Promise<Judgement>;
}

/** All is well. */
export function ok(found: string): Judgement {
  return { state: "ok", found };
}

/** It works with less. */
export function warning(found: string, means: string, remedy: string): Judgement {
  return { state: "warning", found, means, remedy };
}

/** It will not work. */
export function fails(found: string, means: string, remedy: string): Judgement {
  return { state: "fails", found, means, remedy };
}
