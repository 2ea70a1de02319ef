/**
 * What README.md and docs/ show on a console is run, and must print what is shown.
 *
 * In a `console` block, lines that begin with `$ ` are commands, `> ` goes on
 * with one, and the rest is what it prints. A block runs in one bash, in an
 * empty directory; `ipcx` is the program from source, and `deno` runs in the
 * project's directory. What differs from run to run is made alike in both, see
 * `normalize`. Above a block may stand `<!-- needs root, curl -->`: it is skipped
 * where there is no such thing; and `<!-- not run: why -->`. Where abstract names
 * could be those of another run, it is `<!-- in a network of its own; needs root, unshare -->`.
 * The `ts` blocks are run by `deno test --doc`.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { claim, NEEDS_ROOT, OwnDirectory } from "./claim.ts";
import { pages, root } from "./documents.ts";
import { missing } from "./spawn/compiled.ts";

const TIME_LIMIT_MS = 180_000;

interface Step {
  command: string;
  output: string[];
}

interface Block {
  line: number;
  steps: Step[];
  isAlone: boolean;
  skip: string | false;
}

/** What a remark says of a block whose abstract names are to be nobody else's. */
const ALONE = /^in a network of its own; /;

function consoleBlocks(document: string): Block[] {
  const text = Deno.readTextFileSync(root + document);
  const blocks = text.matchAll(/^(?:<!-- (.*) -->\n+)?```console\n([\s\S]*?)^```$/gm);
  return Array.from(blocks, ({ 1: remark = "", 2: block, index }) => ({
    line: text.slice(0, index).split("\n").length,
    steps: parseSteps(block),
    isAlone: ALONE.test(remark),
    skip: reasonToSkip(remark.replace(ALONE, "")),
  }));
}

function reasonToSkip(remark: string): string | false {
  const [, reason] = /^not run: (.+)$/.exec(remark) ?? [];
  if (reason !== undefined) return reason;
  const [, needs = ""] = /^needs (.+)$/.exec(remark) ?? [];
  const reasons = needs.split(", ").map((need) => need === "root" ? NEEDS_ROOT : need !== "" && missing(need));
  return reasons.find((one) => one !== false) ?? false;
}

function parseSteps(block: string): Step[] {
  const steps: Step[] = [];
  for (const line of block.split("\n").slice(0, -1)) {
    const last = steps.at(-1);
    if (line.startsWith("$ ")) steps.push({ command: line.slice(2), output: [] });
    else if (!last) throw new Error(`a console block begins with a command, not with '${line}'`);
    else if (line.startsWith("> ") && last.output.length === 0) last.command += `\n${line.slice(2)}`;
    else last.output.push(line);
  }
  return steps;
}

/** Makes alike what differs from run to run and from machine to machine. */
function normalize(lines: readonly string[]): string[] {
  const alike = lines
    // `deno task` announces what it runs.
    .filter((line) => !line.startsWith("Task "))
    // Shells tell in their own ways which of their jobs were killed.
    .filter((line) => !/^(\S+: line \d+: +\d+ )?(Killed|Terminated|Quit)( |$)/.test(line))
    .map((line) =>
      line
        .replaceAll(/\d{4}-\d\d-\d\d(T[\d:.]+Z| \d\d:\d\d:\d\d)/g, "TIME")
        .replaceAll(/[^\s"=\\]*\/ipcx-demo-\w+/g, "DIRECTORY")
        .replaceAll(/\b(pid|ownPid|firstPid|secondPid|process|uid|gid|user)\b("?[ :=]+)\d+/g, "$1$2N")
        .replaceAll(/"usage":\{[^}]*\}/g, "USAGE")
        // The row of a client: its pid and uid.
        .replace(/^( *\d+ +)\d+ +\d+(?= +(reading|waiting|owed) )/, "$1N N")
        .replaceAll(/\d+\.\d (s|min)\b/g, "DURATION")
        // What RLIMIT_NOFILE allows.
        .replaceAll(/(maxClients(?:PerUid)?(?:=|":))\d+/g, "$1N")
        .replace(/ of \d+(?=, \d+ waiting)/, " of N")
        // Columns are as wide as what is in them.
        .replaceAll(/ +/g, " ").trimEnd()
        // The row of a socket: its inode, its memory, and the descriptors of processes.
        .replace(/^((?:[-+~] )?(?:stream|seqpacket|dgram) \S+ \d+ \d+ \S+ )\d+(?= )/, "$1N")
        .replace(/^((?:[-+~] )?(?:stream|seqpacket|dgram) (?!listening)\S+ \d+ )[1-9]\d*(?= )/, "$1N")
        .replaceAll(/\[\d+\]:[\d,]+/g, "[N]:N")
    );
  while (alike.at(-1) === "") alike.pop();
  return sortSimultaneous(alike);
}

/** Lines of several processes, `name | text`, come in any order. */
function sortSimultaneous(lines: readonly string[]): string[] {
  const sorted: string[] = [];
  let run: string[] = [];
  for (const line of [...lines, undefined]) {
    if (line !== undefined && /^ \w+ ?\| /.test(line)) {
      run.push(line);
      continue;
    }
    sorted.push(...run.sort(), ...(line === undefined ? [] : [line]));
    run = [];
  }
  return sorted;
}

/** Processes that a block has started, in the background or not, known by a variable in their environment. */
function processesOf(block: string): number[] {
  return Array.from(Deno.readDirSync("/proc"), ({ name }) => Number(name)).filter((pid) => {
    try {
      return pid > 0 && Deno.readTextFileSync(`/proc/${pid}/environ`).includes(`IPCX_BLOCK=${block}\0`);
    } catch {
      return false; // It has ended meanwhile, or is another user's.
    }
  });
}

/** Programs, not functions of the shell: a command in the background is then the process that `$!` names. */
function installPrograms(directory: string): void {
  const programs = {
    ipcx: `exec '${Deno.execPath()}' run -A --quiet '${root}cli.ts' "$@"`,
    deno: `cd '${root}' && exec '${Deno.execPath()}' "$@"`,
  };
  for (const [name, command] of Object.entries(programs)) {
    Deno.writeTextFileSync(`${directory}/${name}`, `#!/bin/sh\n${command}\n`, { mode: 0o755 });
  }
}

async function runSteps({ steps, isAlone }: Block, directory: string, programs: string): Promise<string[][]> {
  const block = crypto.randomUUID();
  const script = [
    `unset ONE_SOCKET_PATH ONE_SOCKET_CTL_PATH NOTIFY_SOCKET; exec 2>&1`,
    ...steps.map(({ command }) => `printf '\\n%s\\n' "$IPCX_BLOCK"\n${command}`),
  ].join("\n");
  const [program, ...args] = [...(isAlone ? ["unshare", "--net"] : []), "bash", "--noprofile", "--norc", "-c", script];
  const bash = new Deno.Command(program, {
    args,
    cwd: directory,
    env: { IPCX_BLOCK: block, PATH: `${programs}:${Deno.env.get("PATH")}`, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const stop = (): void => processesOf(block).forEach((pid) => Deno.kill(pid, "SIGKILL"));
  const timer = setTimeout(stop, TIME_LIMIT_MS);
  try {
    const { stdout } = await bash.output();
    while (processesOf(block).length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    return new TextDecoder().decode(stdout).split(`\n${block}\n`).slice(1).map((output) => output.split("\n"));
  } finally {
    clearTimeout(timer);
    stop();
  }
}

for (const document of ["README.md", ...pages]) {
  for (const block of consoleBlocks(document)) {
    const { line, steps, skip } = block;
    const name = `${document}:${line}: the console prints what is shown, and nothing runs on`;
    const test = async (): Promise<void> => {
      using directory = new OwnDirectory();
      using programs = new OwnDirectory();
      installPrograms(programs.path);
      const outputs = await runSteps(block, directory.path, programs.path);
      const shown = steps.map(({ command, output }) => ({ command, output: normalize(output) }));
      const printed = steps.map(({ command }, at) => ({ command, output: normalize(outputs[at] ?? ["(not run)"]) }));
      assertEquals(printed, shown);
    };
    claim(name, test, { skip });
  }
}
