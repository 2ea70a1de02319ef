/**
 * What of ipcx will not work on this host, why, and what to do about it.
 *
 * @module
 */

export { CHECK_NAMES, type CheckName } from "./check_names.ts";
export { diagnose, type DiagnoseOptions } from "./diagnose.ts";
export { type Finding, type FindingState } from "./finding.ts";
