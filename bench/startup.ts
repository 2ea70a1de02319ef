/**
 * Benchmark of how long the single binary takes to start:
 *
 *     deno task bench:startup
 *
 * hyperfine runs each command line in turn, in several rounds, so that what moves
 * the whole machine moves all of them. The reference is a bare `deno run` of an
 * empty file. All have run before: files and directories are in memory.
 *
 * | option | default | |
 * | --- | --- | --- |
 * | `--rounds N` | 10 | rounds |
 * | `--runs N` | 10 | runs of each command line in a round |
 * | `--binary FILE` | dist/ipcx | what is measured |
 * | `--json` | | JSON instead of a table |
 */

import { parseArgs } from "node:util";
import { columns, percent } from "./format.ts";
import { describeMachine, type Machine } from "./machine.ts";
import { median, spread } from "./statistics.ts";

const ROOT = new URL("..", import.meta.url).pathname;

/** What is compared with the first one. */
interface CommandLine {
  name: string;
  words: readonly string[];
}

interface Row {
  name: string;
  /** Median of the rounds' medians, in milliseconds. */
  ms: number;
  /** The least of all runs, in milliseconds. */
  least: number;
  /** Distance of the rounds' medians, as a share of their median. */
  spread: number;
  /** Median of the rounds' ratios to the reference. */
  ratio: number;
  /** The least by the reference's least. */
  leastRatio: number;
}

function commandLines(binary: string, empty: string): CommandLine[] {
  const deno = Deno.execPath();
  const source = [deno, "run", "--quiet", "--allow-all", `${ROOT}cli.ts`];
  return [
    { name: "deno run empty.js", words: [deno, "run", empty] },
    { name: "ipcx --version", words: [binary, "--version"] },
    { name: "ipcx --help", words: [binary, "--help"] },
    { name: "ipcx spawn -- /bin/true", words: [binary, "spawn", "--", "/bin/true"] },
    { name: "from source: --version", words: [...source, "--version"] },
    { name: "from source: spawn -- /bin/true", words: [...source, "spawn", "--", "/bin/true"] },
  ];
}

/** hyperfine splits at spaces, like a shell, when it starts none. */
function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}

interface Measured {
  median: number;
  min: number;
}

/** One round: the medians and least times of all command lines, in milliseconds. */
async function runRound(commands: readonly CommandLine[], runs: number, warmup: number): Promise<Measured[]> {
  const file = await Deno.makeTempFile({ prefix: "ipcx-startup-", suffix: ".json" });
  try {
    const { success, stderr } = await new Deno.Command("hyperfine", {
      args: [
        ...["--shell=none", "--style=none", `--runs=${runs}`, `--warmup=${warmup}`, `--export-json=${file}`],
        ...commands.map(({ words }) => quoted(words)),
      ],
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`hyperfine failed:\n${new TextDecoder().decode(stderr)}`);
    const { results } = JSON.parse(await Deno.readTextFile(file)) as { results: Measured[] };
    return results.map(({ median, min }) => ({ median: median * 1000, min: min * 1000 }));
  } finally {
    await Deno.remove(file);
  }
}

function summarize(commands: readonly CommandLine[], rounds: readonly Measured[][]): Row[] {
  const leastOf = (at: number) => Math.min(...rounds.map((round) => round[at].min));
  return commands.map(({ name }, at) => {
    const medians = rounds.map((round) => round[at].median);
    return {
      name,
      ms: median(medians),
      least: leastOf(at),
      spread: spread(medians),
      ratio: median(rounds.map((round) => round[at].median / round[0].median)),
      leastRatio: leastOf(at) / leastOf(0),
    };
  });
}

function render(machine: Machine, rows: readonly Row[], rounds: number, runs: number): string {
  const lines = [["", "ms", "least", "spread", "by deno run", "least"]];
  for (const row of rows) {
    const numbers = [row.ms.toFixed(1), row.least.toFixed(1), percent(row.spread)];
    lines.push([row.name, ...numbers, row.ratio.toFixed(2), row.leastRatio.toFixed(2)]);
  }
  return [
    `How long it takes to start and end: ${rounds} rounds of ${runs} runs each, medians`,
    `${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, ipcx ${machine.ipcx}, Deno ${machine.deno}`,
    "",
    columns(lines),
  ].join("\n");
}

function positive(text: string, option: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new TypeError(`--${option}: '${text}' is no number above 0`);
  return Number(text);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "10" },
      runs: { type: "string", default: "10" },
      binary: { type: "string", default: `${ROOT}dist/ipcx` },
      json: { type: "boolean", default: false },
    },
  });
  const [rounds, runs] = [positive(values.rounds, "rounds"), positive(values.runs, "runs")];
  const empty = await Deno.makeTempFile({ prefix: "ipcx-startup-", suffix: ".js" });
  try {
    const commands = commandLines(values.binary, empty);
    await runRound(commands, runs, 3);
    const measured: Measured[][] = [];
    for (let round = 0; round < rounds; round++) measured.push(await runRound(commands, runs, 1));
    const [machine, rows] = [await describeMachine([]), summarize(commands, measured)];
    console.log(values.json ? JSON.stringify({ machine, rounds, runs, rows }) : render(machine, rows, rounds, runs));
  } finally {
    await Deno.remove(empty);
  }
}

try {
  await main();
} catch (error) {
  const missing = error instanceof Deno.errors.NotFound && String(error.message).includes("hyperfine");
  console.error(
    `bench: ${missing ? "hyperfine is not installed (apt-get install hyperfine)" : (error as Error).message}`,
  );
  Deno.exit(error instanceof TypeError ? 2 : 1);
}
