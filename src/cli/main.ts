/**
 * The program: finds the subcommand, runs it, and turns what it throws into a
 * message and an exit status.
 *
 * @module
 */

import { printable } from "../core/lines.ts";
import { calledAs } from "./own_arguments.ts";
import { type Arguments, parseCommand, UsageError } from "./parse.ts";
import { COMMANDS, findCommand, PROGRAMS } from "./table.ts";
import { version } from "./version.ts";

/** What every file of a subcommand exports. */
interface Command {
  run(args: Arguments): number | Promise<number>;
}

/** Loaded when it is needed, so that a subcommand starts with what it uses. */
const LOADERS: Readonly<Record<string, () => Promise<Command>>> = {
  spawn: () => import("./spawn.ts"),
  nsexec: () => import("./nsexec.ts"),
  broker: () => import("./broker.ts"),
  "one-socket": () => import("./one_socket.ts"),
  brokerctl: () => import("./brokerctl.ts"),
  pair: () => import("./pair.ts"),
  beam: () => import("./beam.ts"),
  send: () => import("./send.ts"),
  recv: () => import("./recv.ts"),
  lock: () => import("./lock.ts"),
  hold: () => import("./hold.ts"),
  limits: () => import("./limits.ts"),
  doctor: () => import("./doctor.ts"),
  sockets: () => import("./sockets.ts"),
  proxy: () => import("./proxy.ts"),
  completions: () => import("./completions.ts"),
};

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
  return PROGRAMS.some((program) => program.name === name) && !isVersion(args[0]) ? [name, ...args] : args;
}

function isVersion(arg: string | undefined): boolean {
  return arg === "--version" || arg === "-V";
}

async function runCommand(name: string, args: readonly string[]): Promise<number> {
  const spec = findCommand(name);
  if (!spec) {
    const known = [...COMMANDS.map((command) => command.name), "help", "--help", "--version"];
    const otherwise = "; 'ipcx --help' lists them";
    throw new UsageError(`there is no command '${name}'`, { written: name, known, otherwise });
  }
  const parsed = parseCommand(spec, args);
  if (parsed.has("help")) {
    const { commandHelp } = await import("./help.ts");
    print(commandHelp(spec));
    return 0;
  }
  const command = await load(name);
  return await command.run(parsed);
}

async function load(name: string): Promise<Command> {
  try {
    return await LOADERS[name]();
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
    const prefix = findCommand(name ?? "") ? `ipcx ${name}` : "ipcx";
    if (error instanceof UsageError) {
      console.error(`${prefix}: ${harmless(await inWords(error))}`);
      if (findCommand(name ?? "")) console.error(`'ipcx ${name} --help' tells what it understands.`);
      return 2;
    }
    console.error(`${prefix}: ${harmless((error as Error).message)}`);
    return 1;
  }
}
