/**
 * Whether what a configuration names is there: files, directories, programs.
 *
 * @module
 */

import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import { candidatesFor, Environment } from "../../core/image.ts";
import type { ConfigValue } from "./config_value.ts";

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "this user may not read it";
  return (error as Error).message;
}

/**
 * Reads the name of a file that can be read.
 *
 * @param value The name, relative to the folder of the configuration.
 * @returns The file's absolute path and its text.
 */
export function readableFile(value: ConfigValue): { path: string; text: string } | undefined {
  const name = value.text("the name of a file");
  if (name === undefined) return undefined;
  const path = resolve(value.file.folder, name);
  try {
    if (Deno.statSync(path).isDirectory) return value.complain(`${path} is a directory, not a file`);
    return { path, text: Deno.readTextFileSync(path) };
  } catch (error) {
    return value.complain(`${path} cannot be read: ${reasonOf(error)}`);
  }
}

/**
 * Reads the name of a directory.
 *
 * @param value The name, relative to the folder of the configuration.
 * @returns Its absolute path.
 */
export function directory(value: ConfigValue): string | undefined {
  const name = value.text("the name of a directory");
  if (name === undefined) return undefined;
  const path = resolve(value.file.folder, name);
  try {
    return Deno.statSync(path).isDirectory ? path : value.complain(`${path} is no directory`);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound ? "there is no such directory" : reasonOf(error);
    return value.complain(`${path}: ${reason}`);
  }
}

type Executability = "yes" | "no" | "missing";

function executability(path: string): Executability {
  try {
    if (!Deno.statSync(path).isFile) return "no";
    accessSync(path, constants.X_OK);
    return "yes";
  } catch (error) {
    return error instanceof Deno.errors.NotFound || (error as { code?: string }).code === "ENOTDIR" ? "missing" : "no";
  }
}

/** What the kernel looks at of a program to find the interpreter of a script. */
const MOST_HEAD = 256;

function headOf(path: string): string {
  try {
    using file = Deno.openSync(path);
    const head = new Uint8Array(MOST_HEAD);
    return new TextDecoder("latin1").decode(head.subarray(0, file.readSync(head) ?? 0));
  } catch {
    // Who may execute it need not be able to read it.
    return "";
  }
}

/** Tells why the interpreter of a script could not be started, which the kernel reports as if the script were missing. */
function interpreterFault(path: string): string | undefined {
  const [, interpreter] = /^#![ \t]*(\/[^ \t\n\0]*)/.exec(headOf(path)) ?? [];
  if (interpreter === undefined || executability(interpreter) !== "missing") return undefined;
  return interpreter.endsWith("\r")
    ? `${path} has line ends of Windows (CR LF), which no interpreter can be found behind`
    : `${path} is run by ${interpreter}, as its first line says, and there is no such file`;
}

/** As whom and where a program is started. */
export interface ProgramSurroundings {
  /** The working directory, which paths start from. */
  readonly wd: string;
  /** The PATH it is looked up in, if it has no slash. */
  readonly search: string | undefined;
  /** Whether it runs as another user, who may be allowed something else. */
  readonly isOtherUser: boolean;
}

/**
 * Tells why a program could not be started.
 *
 * @param name The program: a path, or a name to look up.
 * @param surroundings As whom and where.
 * @returns The reason, or `undefined` if it is there and can be executed.
 */
export function programFault(name: string, { wd, search, isOtherUser }: ProgramSurroundings): string | undefined {
  const environment = Environment.of(search === undefined ? {} : { PATH: search });
  const paths = candidatesFor(name, environment).map((path) => resolve(wd, path));
  const found = paths.map(executability);
  if (found.includes("yes")) return interpreterFault(paths[found.indexOf("yes")]);
  if (isOtherUser && found.includes("no")) return undefined;
  if (found.includes("no")) return `${paths[found.indexOf("no")]} is no program that this user may execute`;
  return name.includes("/") ? `there is no program ${paths[0]}` : `there is no program '${name}' in PATH`;
}
