import { assert, assertEquals } from "@std/assert";
import { commandHelp, programHelp, valueOf } from "../../src/cli/help.ts";
import { HELP_OPTION } from "../../src/cli/command_spec.ts";
import { LOADERS } from "../../src/cli/commands.ts";
import { COMMANDS } from "../../src/cli/table.ts";
import { claim } from "../claim.ts";
import { ipcx } from "./program.ts";

const WIDTH = 80;
/** A terminal has 24 lines, one of them for the prompt. */
const HEIGHT = 23;

function assertFits(text: string): void {
  for (const line of text.split("\n")) assert(line.length <= WIDTH, `${line.length} columns: ${line}`);
}

claim("ipcx --help fits a terminal and names every command", () => {
  const lines = programHelp().trimEnd().split("\n");
  assert(lines.length <= HEIGHT, `${lines.length} lines`);
  assertFits(programHelp());
  for (const { name } of COMMANDS) assert(lines.some((line) => line.startsWith(`  ${name} `)), name);
});

for (const command of COMMANDS) {
  claim(`the help of ${command.name} fits 80 columns`, () => assertFits(commandHelp(command)));

  claim(`the help of ${command.name} lists every option with its letter and its value`, () => {
    const lines = commandHelp(command).split("\n");
    for (const option of [...command.options, HELP_OPTION]) {
      const { name, short } = option;
      const head = `  ${short ? `-${short}, ` : "    "}--${name}${valueOf(option)}  `;
      assert(lines.some((line) => line.startsWith(head) && line.trim() !== head.trim()), head);
    }
  });

  claim(`the help of ${command.name} shows how it is written, and names all of its words`, () => {
    const text = commandHelp(command);
    assert(text.startsWith(`Usage: ipcx ${command.usage[0]}\n`));
    for (const usage of command.usage) assert(text.includes(` ipcx ${usage}\n`), usage);
    for (const word of command.words ?? []) assert(text.includes(word), word);
  });

  claim(`ipcx ${command.name} --help prints that to standard output, whatever else is wrong`, async () => {
    const others = command.stopsAtCommand ? [] : ["too", "many", "words"];
    const { status, out, err } = await ipcx([command.name, ...others, "--help"]);
    assertEquals({ status, out, err }, { status: 0, out: commandHelp(command), err: "" });
  });
}

claim("choices that can be completed are told in the help, too", () => {
  for (const { options } of COMMANDS) {
    for (const { choices, help, name } of options) {
      for (const choice of choices ?? []) assert(help.includes(choice), `--${name} ${choice}`);
    }
  }
});

claim("--help, -h and help as the only word say the same", async () => {
  for (const word of ["--help", "-h", "help"]) {
    const { status, out, err } = await ipcx([word]);
    assertEquals({ status, out, err }, { status: 0, out: programHelp(), err: "" });
  }
});

claim("help before a command is --help behind it, and knows what was meant", async () => {
  const { status, out, err } = await ipcx(["help", "doctor"]);
  const [doctor] = COMMANDS.filter(({ name }) => name === "doctor");
  assertEquals({ status, out, err }, { status: 0, out: commandHelp(doctor), err: "" });
  const misspelt = await ipcx(["help", "docter"]);
  assertEquals([misspelt.status, misspelt.out], [2, ""]);
  assertEquals(misspelt.err, "ipcx: there is no command 'docter': did you mean 'doctor'?\n");
});

claim("what a subcommand is parsed by is its entry in the table, and none is missing", async () => {
  assertEquals(Object.keys(LOADERS), COMMANDS.map(({ name }) => name));
  for (const command of COMMANDS) assertEquals(await LOADERS[command.name].spec(), command);
});
