import { assert, assertEquals } from "@std/assert";
import { COMMANDS } from "../../src/cli/table.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { ipcx, ROOT, runProgram } from "./program.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = typeof SHELLS[number];

function isInstalled(shell: Shell): boolean {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return folders.some((folder) => {
    try {
      return Deno.statSync(`${folder}/${shell}`).isFile;
    } catch {
      return false;
    }
  });
}

/** How each shell is asked what may stand in place of the last word of a line. */
const ASK: Record<Shell, (script: string, line: string) => string[]> = {
  bash: (script, line) => [
    "bash",
    "--norc",
    "-c",
    'source "$0"; COMP_LINE=$1; read -ra COMP_WORDS <<<"$1"; [[ $1 == *" " ]] && COMP_WORDS+=(""); ' +
    "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_POINT=${#1}; " +
    // What `complete -p` says is bound is what a Tab would call.
    'spec=$(complete -p ipcx); spec=${spec##*-F }; "${spec%% *}"; printf "%s\\n" "${COMPREPLY[@]}"',
    script,
    line,
  ],
  zsh: (script, line) => ["python3", `${ROOT}tests/cli/programs/zsh_complete.py`, script, line],
  fish: (script, line) => ["fish", "--no-config", "-c", 'source $argv[1]; complete -C "$argv[2]"', script, line],
};

async function complete(shell: Shell, line: string, cwd: string): Promise<string[]> {
  const script = `${cwd}/completions.${shell}`;
  const { status, out, err } = await runProgram(ASK[shell](script, line), { cwd, env: { HOME: cwd } });
  assertEquals(status, 0, err);
  // fish puts a description behind each.
  return out.split("\n").map((word) => word.split("\t")[0].trim()).filter((word) => word !== "");
}

function assertHas(found: string[], wanted: readonly string[], line: string): void {
  for (const word of wanted) assert(found.includes(word), `${line}: no ${word} among ${found.join(" ")}`);
}

for (const shell of SHELLS) {
  const skip = isInstalled(shell) ? false as const : `${shell} is not installed`;

  claim(`${shell} completes commands, options, values, words and files`, async () => {
    using directory = new OwnDirectory();
    const { status, out } = await ipcx(["completions", shell]);
    assertEquals(status, 0);
    Deno.writeTextFileSync(directory.file(`completions.${shell}`), out);
    Deno.writeTextFileSync(directory.file("rules.txt"), "");
    const ask = (line: string): Promise<string[]> => complete(shell, line, directory.path);

    assertHas(await ask("ipcx "), COMMANDS.map(({ name }) => name), "ipcx");
    assertEquals((await ask("ipcx brokerc")).filter((word) => word !== ""), ["brokerctl"]);
    for (const { name, options, words } of COMMANDS) {
      const line = `ipcx ${name} --`;
      assertHas(await ask(line), [...options.map((option) => `--${option.name}`), "--help"], line);
      if (words) assertHas(await ask(`ipcx ${name} `), words, name);
      for (const option of options.filter(({ choices }) => choices)) {
        const valueLine = `ipcx ${name} --${option.name} `;
        assertEquals((await ask(valueLine)).sort(), [...option.choices!].sort(), valueLine);
      }
    }
    assertHas(await ask("ipcx broker --access-file ru"), ["rules.txt"], "files");
    assertEquals(await ask("ipcx brokerctl sh"), ["shutdown"]);
  }, { skip });

  claim(`${shell} takes the script without a complaint`, async () => {
    using directory = new OwnDirectory();
    const script = directory.file("script");
    Deno.writeTextFileSync(script, (await ipcx(["completions", shell])).out);
    const checked = await runProgram([shell, "-n", script], { env: { HOME: directory.path } });
    assertEquals(checked, { status: 0, signal: null, out: "", err: "" });
  }, { skip });
}

claim("bash completes the command behind --", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("completions.bash"), (await ipcx(["completions", "bash"])).out);
  assertHas(await complete("bash", "ipcx pair k -- sor", directory.path), ["sort"], "pair k -- sor");
});
