/**
 * Whether what a configuration names is there: files, directories, programs.
 *
 * @module
 */

import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import type { ConfigValue } from "./config_value.ts";

/** Where execvp(3) looks if there is no PATH. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

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

/**
 * Tells why a program could not be started.
 *
 * @param name The program: a path, or a name to look up.
 * @param wd The working directory that paths start from.
 * @param search The PATH it will be looked up in.
 * @returns The reason, or `undefined` if it is there and can be executed.
 */
export function programFault(name: string, wd: string, search: string | undefined): string | undefined {
  if (name.includes("/")) {
    const path = resolve(wd, name);
    const found = executability(path);
    if (found === "yes") return undefined;
    return found === "missing" ? `there is no program ${path}` : `${path} is no program that this user may execute`;
  }
  const path = search ?? DEFAULT_PATH;
  const found = path.split(":").map((folder) => executability(resolve(wd, folder, name)));
  if (found.includes("yes")) return undefined;
  if (found.includes("no")) return `no '${name}' in PATH is a program that this user may execute`;
  return `there is no program '${name}' in PATH, ${path}`;
}
