/**
 * Programs for aarch64, compiled here and run by qemu-user, or as they are on a
 * machine of that kind.
 *
 * @module
 */

import { compile, compilerFor } from "../../ffi/build.ts";
import { built } from "./driver.ts";

/** The processor that the shim is tried for beside the usual one. */
export const TARGET = "aarch64";

const EMULATOR = "qemu-aarch64-static";

/** Where Debian puts the libraries for it. */
const LIBRARIES = "/usr/aarch64-linux-gnu";

const IS_NATIVE = Deno.build.arch === TARGET;

/** What a program did. */
export interface Run {
  /** Its exit status. */
  status: number;
  /** What it wrote to standard output. */
  out: string;
  /** What it wrote to standard error. */
  err: string;
}

/** Names the command that runs a program for aarch64. */
export function emulated(program: string, args: readonly string[]): [string, string[]] {
  return IS_NATIVE ? [program, [...args]] : [EMULATOR, ["-L", LIBRARIES, program, ...args]];
}

/**
 * Runs a program for aarch64 to its end.
 *
 * @param program Its path.
 * @param args Its arguments.
 * @param env What is added to its environment.
 * @returns What it did.
 */
export function runEmulated(program: string, args: readonly string[], env: Record<string, string> = {}): Run {
  const [command, all] = emulated(program, args);
  const { code, stdout, stderr } = new Deno.Command(command, { args: all, env, stdin: "null" }).outputSync();
  const decoder = new TextDecoder();
  return { status: code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

function complaintAbout(error: unknown): string {
  return (error as Error).message.split("\n")[0];
}

/**
 * Finds out whether programs for aarch64 can be compiled and run here.
 *
 * @returns Why not, or `false`.
 */
export function withoutEmulator(): string | false {
  const source = built("aarch64.c", (output) => Deno.writeTextFileSync(output, "int main(void) { return 7; }\n"));
  try {
    const program = built("aarch64", (output) => compile(["-o", output, source], compilerFor(TARGET)));
    const { status, err } = runEmulated(program, []);
    return status !== 7 && `a program for ${TARGET} does not run here: ${err.split("\n")[0]}`;
  } catch (error) {
    return error instanceof Deno.errors.NotFound
      ? `${EMULATOR} is not installed (apt-get install qemu-user-static)`
      : complaintAbout(error);
  }
}

/** Whether what runs is qemu-user and no kernel of that kind. */
export const IS_EMULATED = !IS_NATIVE;
