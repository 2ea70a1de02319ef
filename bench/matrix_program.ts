/** A benchmark as a program: its options, its end by a signal, its report. */

import { renderReport, type Result } from "./matrix_report.ts";

/** For arguments that cannot be understood. */
export class UsageError extends Error {}

/** What every benchmark can be told. */
interface CommonOptions {
  json: boolean;
  help: boolean;
}

/** One benchmark. */
export interface MatrixProgram<Options extends CommonOptions> {
  /** Its path, for messages. */
  name: string;
  help: string;
  /** Reads its arguments, or throws a {@linkcode UsageError}. */
  parse(args: string[]): Options;
  /** Measures everything, until the signal. */
  compareAll(options: Options, interrupted: AbortSignal): Promise<Result>;
}

/**
 * Runs a benchmark.
 *
 * @param program The benchmark.
 * @param args Its arguments.
 * @returns The exit status: 0, 1 for a failure, 2 for arguments that cannot be understood.
 */
export async function runProgram<Options extends CommonOptions>(
  program: MatrixProgram<Options>,
  args: string[],
): Promise<number> {
  const interruption = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, () => interruption.abort(new Error(`ended by ${name}`)));
  }
  try {
    const options = program.parse(args);
    if (options.help) {
      console.log(program.help.trimEnd());
      return 0;
    }
    const result = await program.compareAll(options, interruption.signal);
    console.log(options.json ? JSON.stringify(result, null, 2) : renderReport(result));
    return 0;
  } catch (error) {
    console.error(`${program.name}: ${error instanceof Error ? error.message : error}`);
    return error instanceof UsageError ? 2 : 1;
  }
}
