/**
 * The program: finds the subcommand, runs it, and turns what it throws into a
 * message and an exit status.
 *
 * @module
 */

import { printable } from "../core/lines.ts";
import { PROGRAM_NAMES } from "./command_spec.ts";
import { type Command, type CommandLoader, LOADERS } from "./commands.ts";
import { calledAs } from "./own_arguments.ts";
import { parseCommand, UsageError } from "./parse.ts";
import { version } from "./version.ts";

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

/** A message may quote what somebody else wrote, which a terminal must not obey. */
function harmless(message: string): string {
  return message.split("\n").map(printable).join("\n");
}

/** The arguments behind the program's name, if that is one's own command. */
function withProgram(args: readonly string[]): readonly string[] {
  const name = calledAs();
  return PROGRAM_NAMES.includes(name) && !isVersion(args[0]) ? [name, ...args] : args;
}

function isVersion(arg: string | undefined): boolean {
  return arg === "--version" || arg === "-V";
}

function isCommand(name: string | undefined): boolean {
  return name !== undefined && Object.hasOwn(LOADERS, name);
}

async function runCommand(name: string, args: readonly string[]): Promise<number> {
  if (!isCommand(name)) {
    const known = [...Object.keys(LOADERS), "help", "--help", "--version"];
    const otherwise = "; 'ipcx --help' lists them";
    const complaint = name.startsWith("-") ? `unknown option '${name}'` : `there is no command '${name}'`;
    throw new UsageError(complaint, { written: name, known, otherwise });
  }
  const loader = LOADERS[name];
  const spec = await loader.spec();
  const parsed = parseCommand(spec, args);
  if (parsed.has("help")) {
    const { commandHelp } = await import("./help.ts");
    print(commandHelp(spec));
    return 0;
  }
  const command = await load(loader);
  return await command.run(parsed);
}

async function load(loader: CommandLoader): Promise<Command> {
  try {
    return await loader.command();
  } catch (error) {
    if (!/libipcx\.so|ipcx-waiter/.test(String(error))) throw error;
    throw new Error("the C library is not built: run 'deno task build' first");
  }
}

/** What is said of arguments that cannot be understood. */
async function inWords(error: UsageError): Promise<string> {
  if (!error.unknown) return error.message;
  const { withWhatWasMeant } = await import("./misspelt.ts");
  return withWhatWasMeant(error.complaint, error.unknown);
}

/**
 * Runs the program.
 *
 * @param args Its arguments.
 * @returns The exit status: 0, 1 for a failure, 2 for arguments that cannot be understood.
 */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = withProgram(args);
  try {
    if (name === "help" && rest.length > 0 && !rest[0].startsWith("-")) return await runCommand(rest[0], ["--help"]);
    if (name === "--help" || name === "-h" || name === "help") {
      const { programHelp } = await import("./help.ts");
      print(programHelp());
      return 0;
    }
    if (isVersion(name)) {
      print(`ipcx ${await version()}\n`);
      return 0;
    }
    if (name === undefined) throw new UsageError("which command? 'ipcx --help' lists them");
    return await runCommand(name, rest);
  } catch (error) {
    const prefix = isCommand(name) ? `ipcx ${name}` : "ipcx";
    if (error instanceof UsageError) {
      console.error(`${prefix}: ${harmless(await inWords(error))}`);
      if (isCommand(name)) console.error(`'ipcx ${name} --help' tells what it understands.`);
      return 2;
    }
    console.error(`${prefix}: ${harmless((error as Error).message)}`);
    return 1;
  }
}
