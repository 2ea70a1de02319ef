import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { withWhatWasMeant } from "../../src/cli/misspelt.ts";
import { parseCommand, UsageError } from "../../src/cli/parse.ts";
import { optionsOf } from "../../src/cli/command_spec.ts";
import { COMMANDS } from "../../src/cli/table.ts";
import { claim } from "../claim.ts";
import { ipcx, ROOT } from "./program.ts";

/** What is typed, and the first line of the answer. */
const MISSPELT: [typed: string, answer: string][] = [
  ["spwan", "ipcx: there is no command 'spwan': did you mean 'spawn'?"],
  ["sock", "ipcx: there is no command 'sock': did you mean 'sockets'?"],
  ["Broker", "ipcx: there is no command 'Broker': did you mean 'broker'?"],
  ["hlep", "ipcx: there is no command 'hlep': did you mean 'help'?"],
  ["--versoin", "ipcx: unknown option '--versoin': did you mean '--version'?"],
  ["version", "ipcx: there is no command 'version': did you mean '--version'?"],
  ["broker --max-client 3", "ipcx broker: unknown option '--max-client': did you mean '--max-clients'?"],
  ["broker --max-client=3", "ipcx broker: unknown option '--max-client=3': did you mean '--max-clients'?"],
  ["sockets -json", "ipcx sockets: unknown option '-json': did you mean '--json'?"],
  ["pair --hepl", "ipcx pair: unknown option '--hepl': did you mean '--help'?"],
  ["spawn --evn A=b true", "ipcx spawn: unknown option '--evn': did you mean '--env'?"],
  ["brokerctl statu", "ipcx brokerctl: there is no 'statu': did you mean 'status'?"],
  ["brokerctl loglevel debug", "ipcx brokerctl: there is no 'loglevel': did you mean 'log-level'?"],
  ["beam lisen @a", "ipcx beam: there is no 'lisen': did you mean 'listen'?"],
  ["hold lst", "ipcx hold: there is no 'lst': did you mean 'list'?"],
  ["completions bsh", "ipcx completions: completions takes one word: bash, zsh or fish: did you mean 'bash'?"],
  [
    "limits dgram-largst",
    "ipcx limits: there is no limit 'dgram-largst': did you mean 'dgram-largest'?",
  ],
  [
    "broker --log-level inof",
    "ipcx broker: --log-level: 'inof' is none of debug, info, warn, error, critical: did you mean 'info'?",
  ],
  [
    "sockets --state lisening",
    "ipcx sockets: --state: 'lisening' is none of listening, pending, connected, half-closed, closing, unconnected: " +
    "did you mean 'listening'?",
  ],
  [
    "beam send @a --file-mode red",
    "ipcx beam: --file-mode: 'red' is none of read, write, append, read-write: did you mean 'read'?",
  ],
  [
    "spawn --cap-drop CAP_SYS_ADMN true",
    "ipcx spawn: --cap-drop: there is no capability 'CAP_SYS_ADMN': did you mean 'sys_admin'?",
  ],
  ["spawn --kill-child=SIGTREM true", "ipcx spawn: --kill-child: there is no signal 'SIGTREM': did you mean 'TERM'?"],
  [
    "spawn --rlimit nofil=1 true",
    "ipcx spawn: --rlimit: there is no resource 'nofil': there are cpu, fsize, data, stack, core, rss, nproc, nofile, " +
    "memlock, as, locks, sigpending, msgqueue, nice, rtprio, rttime: did you mean 'nofile'?",
  ],
];

claim("what is misspelt by a letter or two gets a suggestion, with status 2", async () => {
  for (const [typed, answer] of MISSPELT) {
    const { status, out, err } = await ipcx(typed.split(" "));
    assertEquals({ status, out, answer: err.split("\n")[0] }, { status: 2, out: "", answer }, typed);
  }
});

claim("where nothing is near, nothing is suggested", async () => {
  const cases: [string, string][] = [
    ["frobnicate", "ipcx: there is no command 'frobnicate'; 'ipcx --help' lists them"],
    ["-v", "ipcx: unknown option '-v'; 'ipcx --help' lists them"],
    ["broker --frobnicate", "ipcx broker: unknown option '--frobnicate'"],
    ["pair -x", "ipcx pair: unknown option '-x'"],
    ["brokerctl frobnicate", "ipcx brokerctl: there is no 'frobnicate'"],
    ["beam frobnicate", "ipcx beam: there is no 'frobnicate'; there are listen, send, recv, pipe, call and copy"],
    ["completions tcsh", "ipcx completions: completions takes one word: bash, zsh or fish"],
    ["completions bash zsh", "ipcx completions: completions takes one word: bash, zsh or fish"],
    ["broker --log-level loud", "ipcx broker: --log-level: 'loud' is none of debug, info, warn, error, critical"],
    ["spawn --rlimit nofile=5:3 true", "ipcx spawn: --rlimit: the soft limit 5 is above the hard one, 3"],
    ["spawn --rlimit NOFILE true", "ipcx spawn: --rlimit: 'NOFILE' is no limit: write NAME=SOFT or NAME=SOFT:HARD"],
    ["spawn --kill-child=65 true", "ipcx spawn: --kill-child: there is no signal '65'"],
  ];
  for (const [typed, answer] of cases) {
    const { status, err } = await ipcx(typed.split(" "));
    assertEquals({ status, answer: err.split("\n")[0] }, { status: 2, answer }, typed);
  }
});

claim("an option of any command with one letter too many or too few is known again", () => {
  const command = fc.constantFrom(...COMMANDS).filter(({ options }) => options.length > 0);
  fc.assert(fc.property(command, fc.nat(), fc.nat(), fc.boolean(), (spec, which, where, isLonger) => {
    const names = optionsOf(spec).map(({ name }) => name);
    const name = names[which % names.length];
    fc.pre(name.length > 3);
    const at = where % name.length;
    const typed = `--${name.slice(0, at)}${isLonger ? "q" : ""}${name.slice(isLonger ? at : at + 1)}`;
    fc.pre(!names.includes(typed.slice(2)));
    try {
      parseCommand(spec, [typed]);
    } catch (error) {
      assert(error instanceof UsageError && error.unknown, typed);
      const said = withWhatWasMeant(error.complaint, error.unknown);
      const [, meant] = /: did you mean '--(.+)'\?$/.exec(said) ?? [];
      // Another option may be as near.
      assert(names.includes(meant), said);
      assertEquals(error.message, `unknown option '${typed}'`);
      return;
    }
    assert(false, `${typed} is taken`);
  }));
});

claim("any text at all is answered with what there is, or with nothing", () => {
  const known = ["status", "--version", "log-level"];
  fc.assert(fc.property(fc.string(), (written) => {
    const said = withWhatWasMeant("no", { written, known, otherwise: "; else" });
    const answers = ["no; else", ...known.map((word) => `no: did you mean '${word}'?`)];
    assert(answers.includes(said), said);
  }));
});

claim("what is needed for suggestions is loaded only when there is something to suggest", () => {
  const found = new Set<string>();
  const load = (path: string): void => {
    if (found.has(path)) return;
    found.add(path);
    const imports = Deno.readTextFileSync(ROOT + path).matchAll(
      /^(?:import|export)(?! type)[^;]*? from "(\..+?\.ts)"/gm,
    );
    for (const [, specifier] of imports) load(new URL(specifier, `file:///${path}`).pathname.slice(1));
  };
  load("cli.ts");
  assert(found.has("src/cli/parse.ts"), "imports are found at all");
  for (const path of ["src/cli/misspelt.ts", "src/core/nearest.ts", "src/cli/table.ts"]) assert(!found.has(path), path);
});
