import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseCommand, UsageError } from "../../src/cli/parse.ts";
import type { CommandSpec } from "../../src/cli/command_spec.ts";
import { COMMANDS, findCommand } from "../../src/cli/table.ts";
import { claim } from "../claim.ts";

const SPEC: CommandSpec = {
  name: "do",
  summary: "does something",
  usage: ["do"],
  options: [
    { name: "name", short: "n", value: "NAME", help: "a name" },
    { name: "also", short: "a", value: "TEXT", multiple: true, help: "a text" },
    { name: "quiet", short: "q", help: "a switch" },
    { name: "no-wait", help: "a switch that begins with no" },
  ],
  takesCommand: true,
};
const LONER: CommandSpec = { ...SPEC, takesCommand: false };

function refused(...args: string[]): string {
  return assertThrows(() => parseCommand(SPEC, args), UsageError).message;
}

claim("values are taken as --name value, --name=value, -n value and -n=value", () => {
  for (const args of [["--name", "x"], ["--name=x"], ["-n", "x"], ["-n=x"]]) {
    assertEquals(parseCommand(SPEC, args).get("name"), "x", `${args}`);
  }
});

claim("values and words that look like numbers keep their digits", () => {
  const args = parseCommand(SPEC, ["007", "--name", "0600", "1e3"]);
  assertEquals(args.get("name"), "0600");
  assertEquals(args.words, ["007", "1e3"]);
});

claim("a value may contain spaces, equals signs and dashes", () => {
  assertEquals(parseCommand(SPEC, ["--also=allow uid=0 key=a-b"]).all("also"), ["allow uid=0 key=a-b"]);
  assertEquals(parseCommand(SPEC, ["--name=-5"]).get("name"), "-5");
});

claim("an option that may be repeated keeps all its values in their order", () => {
  const args = parseCommand(SPEC, ["-a", "1", "--also=2", "-a", "3"]);
  assertEquals(args.all("also"), ["1", "2", "3"]);
  assertEquals(args.all("also", Number), [1, 2, 3]);
  assertEquals(parseCommand(SPEC, []).all("also"), []);
});

claim("any other option is refused the second time", () => {
  assertEquals(refused("--name", "x", "-n", "y"), "--name was given more than once");
});

claim("an option without its value is refused with what it takes", () => {
  for (const args of [["--name"], ["--name="], ["--name", "--quiet"], ["-n"], ["--name", ""]]) {
    assertEquals(refused(...args), "--name needs a value: --name NAME", `${args}`);
  }
});

claim("switches are there or not, and take no word for a value", () => {
  const args = parseCommand(SPEC, ["--quiet", "word"]);
  assert(args.has("quiet"));
  assert(!args.has("no-wait"));
  assertEquals(args.words, ["word"]);
  assert(parseCommand(SPEC, ["-q"]).has("quiet"));
});

claim("a switch whose name begins with no- is itself, not the opposite of another", () => {
  assert(parseCommand(SPEC, ["--no-wait"]).has("no-wait"));
  assertEquals(refused("--no-quiet"), "unknown option '--no-quiet'");
});

claim("unknown options are refused by their name, at any place", () => {
  assertEquals(refused("--nmae", "x"), "unknown option '--nmae'");
  assertEquals(refused("word", "-x"), "unknown option '-x'");
  assertEquals(refused("--__proto__=1"), "unknown option '--__proto__=1'");
  assertEquals(refused("--constructor"), "unknown option '--constructor'");
});

claim("what stands behind -- is the command, word for word", () => {
  const args = parseCommand(SPEC, ["-q", "key", "--", "sort", "-n", "--help", "--", "1"]);
  assertEquals(args.words, ["key"]);
  assertEquals(args.command, ["sort", "-n", "--help", "--", "1"]);
  assert(!args.has("help"));
  assertEquals(parseCommand(SPEC, ["key"]).command, undefined);
});

claim("a -- without a command is refused, and so is one where none can be", () => {
  assertEquals(refused("--"), "there is no command behind --");
  assertThrows(() => parseCommand(LONER, ["--", "x"]), UsageError, "do takes no command behind --");
});

claim("what a reader throws becomes a usage error that names the option", () => {
  const args = parseCommand(SPEC, ["--name", "x", "--also", "1", "--also", "y"]);
  const fail = (text: string): never => {
    throw new Error(`'${text}' is bad`);
  };
  assertThrows(() => args.get("name", fail), UsageError, "--name: 'x' is bad");
  assertThrows(() => args.all("also", (text) => text === "y" ? fail(text) : text), UsageError, "--also: 'y' is bad");
  assertEquals(args.get("absent", fail), undefined);
});

claim("--help and -h are understood by every command", () => {
  for (const command of COMMANDS) {
    for (const option of ["--help", "-h"]) assert(parseCommand(command, [option]).has("help"), command.name);
  }
});

claim("a command is found by its whole name only", () => {
  assertEquals(findCommand("broker")?.name, "broker");
  for (const name of ["", "brok", "Broker", "constructor"]) assertEquals(findCommand(name), undefined);
});

claim("no command has two options of one name or one letter", () => {
  for (const command of COMMANDS) {
    const names = command.options.flatMap(({ name, short }) => short ? [name, short] : [name]);
    assertEquals(names.length, new Set([...names, "help", "h"]).size - 2, command.name);
  }
});
