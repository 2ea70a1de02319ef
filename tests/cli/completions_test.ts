import { assert, assertEquals } from "@std/assert";
import { COMMANDS, PROGRAMS } from "../../src/cli/table.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { ipcx, ROOT, runProgram } from "./program.ts";
import { Terminal } from "./terminal.ts";

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
    // As readline does: = and : are words of their own.
    'source "$0"; COMP_LINE=$1; rest=$1; COMP_WORDS=(); ' +
    "while [[ $rest =~ ^[[:space:]]*([=:]+|[^[:space:]=:]+) ]]; do " +
    'COMP_WORDS+=("${BASH_REMATCH[1]}"); rest=${rest#"${BASH_REMATCH[0]}"}; done; ' +
    '[[ $1 == *" " ]] && COMP_WORDS+=(""); ' +
    "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_POINT=${#1}; " +
    // What `complete -p` says is bound is what a Tab would call.
    'spec=$(complete -p "${COMP_WORDS[0]}"); spec=${spec##*-F }; "${spec%% *}"; printf "%s\\n" "${COMPREPLY[@]}"',
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
    Deno.writeTextFileSync(directory.file("two words"), "");
    const found = await ask("ipcx beam send --file tw");
    assertEquals(found.map((word) => word.replaceAll("\\", "")), ["two words"]);
  }, { skip });

  claim(`${shell} takes the script without a complaint`, async () => {
    using directory = new OwnDirectory();
    const script = directory.file("script");
    Deno.writeTextFileSync(script, (await ipcx(["completions", shell])).out);
    const checked = await runProgram([shell, "-n", script], { env: { HOME: directory.path } });
    assertEquals(checked, { status: 0, signal: null, out: "", err: "" });
  }, { skip });
}

/** Where a command may stand, and where its arguments. */
for (const shell of SHELLS) {
  const skip = isInstalled(shell) ? false as const : `${shell} is not installed`;

  claim(`${shell} completes the command of spawn with and without --, behind all ways to write options`, async () => {
    using directory = new OwnDirectory();
    Deno.writeTextFileSync(directory.file(`completions.${shell}`), (await ipcx(["completions", shell])).out);
    Deno.writeTextFileSync(directory.file("rules.txt"), "");
    const ask = (line: string): Promise<string[]> => complete(shell, line, directory.path);
    const before = [
      "",
      "-- ",
      "-k 3 ",
      "--keep-fd 3 ",
      "--keep-fd=3 ",
      "--net ",
      "-mn ",
      "-at 12 ",
      "--env A=b ",
      "-e A=b --pty ",
    ];
    for (const options of before) assertHas(await ask(`ipcx spawn ${options}sor`), ["sort"], options);
    assertHas(await ask("ipcx nsexec -n x sor"), ["sort"], "nsexec");
    assertHas(await ask("ipcx pair k -- sor"), ["sort"], "pair");
    for (const options of ["listen @a ", "recv -t 1s --listen @a ", "recv --json "]) {
      assertHas(await ask(`ipcx beam ${options}--exec sor`), ["sort"], options);
      assertHas(await ask(`ipcx beam ${options}--exec cat ru`), ["rules.txt"], options);
      assertEquals(await ask(`ipcx beam ${options}--exec cat --fram`), [], options);
    }
    assertHas(await ask("ipcx beam listen --ex"), ["--exec"], "--ex");
    assertEquals(await ask("ipcx beam --json re"), ["recv"]);
    for (const line of ["ipcx beam recv ru", "ipcx beam -t 1s copy --listen @a ru"]) {
      assertEquals(await ask(line), ["rules.txt"], line);
    }
    assertHas(await ask("ipcx beam send --data-file ru"), ["rules.txt"], "--data-file");

    assertHas(await ask("ipcx spawn cat ru"), ["rules.txt"], "an argument");
    assertHas(await ask("ipcx spawn -k 3 -- cat ru"), ["rules.txt"], "an argument");
    for (const line of ["ipcx spawn cat --ne", "ipcx spawn -- cat --ne", "ipcx pair k -- cat --tim"]) {
      const found = await ask(line);
      assert(!found.some((word) => /^--(net|new-session|timeout)$/.test(word)), `${line}: ${found.join(" ")}`);
    }
  }, { skip });

  claim(`${shell} completes values of spawn's options, those that are attached among them`, async () => {
    using directory = new OwnDirectory();
    Deno.writeTextFileSync(directory.file(`completions.${shell}`), (await ipcx(["completions", shell])).out);
    Deno.writeTextFileSync(directory.file("rules.txt"), "");
    // fish shows the whole word, the others what stands behind the equals sign.
    const ask = async (line: string): Promise<string[]> =>
      (await complete(shell, line, directory.path)).map((word) => word.replace(/^.*=/, ""));
    for (const option of ["--pid-file ", "--pid-file=", "--root ", "-r ", "--net=", "--wd=", "-aw --root "]) {
      assertHas(await ask(`ipcx spawn ${option}ru`), ["rules.txt"], option);
    }
    assertHas(await ask("ipcx spawn --ne"), ["--net", "--new-session"], "--ne");
    assertHas(await ask("ipcx spawn --net --ne"), ["--new-session"], "behind --net");
  }, { skip });
}

/** The names that ipcx can be called by. */
for (const shell of SHELLS) {
  const skip = isInstalled(shell) ? false as const : `${shell} is not installed`;

  claim(`${shell} completes nsexec and one-socket, when ipcx is called by these names`, async () => {
    using directory = new OwnDirectory();
    Deno.writeTextFileSync(directory.file(`completions.${shell}`), (await ipcx(["completions", shell])).out);
    Deno.writeTextFileSync(directory.file("rules.txt"), "");
    const ask = async (line: string): Promise<string[]> =>
      (await complete(shell, line, directory.path)).map((word) => word.replace(/^.*=/, ""));
    for (const { name, options } of PROGRAMS) {
      assertEquals((await ask(`${name} --`)).sort(), [...options.map((one) => `--${one.name}`), "--help"].sort(), name);
    }
    for (const line of ["nsexec sor", "nsexec -n x sor", "nsexec --keep-fd=3 -- sor"]) {
      assertHas(await ask(line), ["sort"], line);
    }
    for (const line of ["nsexec --net ru", "nsexec --net=ru", "nsexec cat ru", "nsexec -k 3 -- cat -n ru"]) {
      assertHas(await ask(line), ["rules.txt"], line);
    }
    assert(!(await ask("nsexec cat --ne")).includes("--net"), "an option of CMD");
    assertEquals((await ask("one-socket ru")).filter((word) => word !== "--help" && word !== "-h"), []);
  }, { skip });

  claim(`${shell} completes users and groups, and no files where none can be`, async () => {
    using directory = new OwnDirectory();
    Deno.writeTextFileSync(directory.file(`completions.${shell}`), (await ipcx(["completions", shell])).out);
    Deno.writeTextFileSync(directory.file("rules.txt"), "");
    const ask = (line: string): Promise<string[]> => complete(shell, line, directory.path);
    assertHas(await ask("ipcx broker --owner daem"), ["daemon"], "--owner");
    assertHas(await ask("ipcx spawn --uid daem"), ["daemon"], "--uid");
    assertHas(await ask("ipcx broker --group daem"), ["daemon"], "--group");
    for (const option of ["broker --max-clients", "spawn --timeout", "beam send --data", "lock -t"]) {
      assertEquals(await ask(`ipcx ${option} ru`), [], option);
    }
    assertHas((await ask("ipcx pair --socket ./ru")).map((one) => one.replace("./", "")), ["rules.txt"], "--socket");
    for (const line of ["ipcx send ru", "ipcx sockets -l ru"]) assertEquals(await ask(line), ["rules.txt"], line);
    assertEquals(await ask("ipcx one-socket ru"), []);
    assertHas(await ask("ipcx proxy -c ru"), ["rules.txt"], "-c");
    assertEquals(await ask("ipcx hold ru"), ["run"]);
    assertEquals(await ask("ipcx broker --log-level=de").then((all) => all.map((one) => one.replace(/^.*=/, ""))), [
      "debug",
    ]);
  }, { skip });
}

claim("bash completes at a real prompt, where it takes words apart at = and :", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("script"), (await ipcx(["completions", "bash"])).out);
  Deno.writeTextFileSync(directory.file("one-file"), "");
  await using terminal = new Terminal(["bash", "--norc", "--noprofile", "-i"], { columns: 200 });
  await terminal.type(`cd ${directory.path}; source ./script; ipcx() { printf '<%s>' "$@"; echo; }; echo rea'd'y\n`);
  await terminal.shows(/ready\r/);
  const cases = [
    ["ipcx spawn --net=one\t--pid-fi\tone\t true", "<spawn><--net=one-file><--pid-file><one-file><true>"],
    ["ipcx spawn --listen 3=@a:b -e A=b:c sha256s\tone\t", "<spawn><--listen><3=@a:b><-e><A=b:c><sha256sum><one-file>"],
  ];
  for (const [typed, wanted] of cases) {
    await terminal.type(`${typed}\n`);
    assertEquals((await terminal.shows(/(<spawn>.*>)\r/))[1], wanted);
  }
  await terminal.type("exit\n");
  await terminal.ended();
});
