/**
 * Programs that run other programs, or code that they are given as an argument,
 * and how they tell their options from it.
 *
 * @module
 */

/** A program that runs what its arguments say. */
export interface Launcher {
  /** Its names, without a version behind them. */
  readonly names: readonly string[];
  /**
   * What it runs: a program and its arguments, the same behind words that only it
   * understands, code or a file of code with arguments, or all of its arguments put
   * together, which a shell takes apart again.
   */
  readonly runs: "program" | "later program" | "code" | "line";
  /** Letters of options with an argument of their own. */
  readonly values?: string;
  /** Long options with an argument of their own. */
  readonly longValues?: readonly string[];
  /** Letters of options whose argument is code, or the file that has it. */
  readonly code?: string;
  /** Long options whose argument is code. */
  readonly longCode?: readonly string[];
  /** Letters of those among them behind which there are no options any more. */
  readonly last?: string;
  /** Letters of options that take code from standard input. */
  readonly input?: string;
  /** Letters of options whose argument is `NAME=value`. */
  readonly variables?: string;
  /** How many words stand before what it runs. */
  readonly before?: number;
  /** Whether `NAME=value` may stand before what it runs. */
  readonly assignments?: boolean;
  /** First words that stand before what it runs. */
  readonly verbs?: readonly string[];
  /** Whether options may begin with a plus sign. */
  readonly plus?: boolean;
}

const SHELLS: Launcher = {
  names: "sh bash dash ash zsh ksh ksh93 mksh lksh oksh yash fish tcsh csh rc rbash".split(" "),
  runs: "code",
  values: "oOC",
  longValues: ["--rcfile", "--init-file", "--init-command", "--features", "--debug-output", "--profile"],
  longCode: ["--command"],
  input: "s",
  plus: true,
};

const INTERPRETERS: readonly Launcher[] = [
  { names: ["python", "pypy"], runs: "code", values: "WXQ", code: "cm", last: "cm" },
  { names: ["perl"], runs: "code", values: "IMmCD", code: "eE" },
  { names: ["ruby", "jruby"], runs: "code", values: "rICEKTW", code: "e" },
  {
    names: ["node", "nodejs"],
    runs: "code",
    values: "rC",
    longValues: ["--require", "--import", "--loader", "--conditions", "--env-file", "--input-type", "--title"],
    code: "ep",
    longCode: ["--eval", "--print"],
  },
  { names: ["php", "php-cgi"], runs: "code", values: "cdzgSt", code: "rBREFf", longCode: ["--run", "--file"] },
  { names: ["lua", "luajit"], runs: "code", values: "el" },
  {
    names: ["awk", "gawk", "mawk", "nawk", "original-awk"],
    runs: "code",
    values: "Fil",
    variables: "v",
    code: "ef",
    longCode: ["--source", "--file"],
  },
  {
    names: ["deno", "bun", "tsx", "ts-node"],
    runs: "code",
    values: "crLe",
    longValues: ["--config", "--import-map", "--preload", "--eval", "--cwd"],
    verbs: ["run", "eval", "serve", "x", "exec"],
  },
  { names: ["Rscript", "tclsh", "wish", "guile", "osascript"], runs: "code", values: "lL", code: "ecs" },
];

const WRAPPERS: readonly Launcher[] = [
  { names: ["env"], runs: "program", values: "uCS", longValues: ["--unset", "--chdir"], assignments: true },
  {
    names: ["sudo", "doas"],
    runs: "program",
    values: "ugpCcaTRDhrtU",
    longValues: ["--user", "--group", "--prompt", "--chdir", "--chroot", "--host", "--command-timeout"],
    assignments: true,
  },
  {
    names: ["nice", "ionice"],
    runs: "program",
    values: "ncpPu",
    longValues: ["--adjustment", "--class", "--classdata"],
  },
  { names: ["timeout"], runs: "program", values: "ks", longValues: ["--signal", "--kill-after"], before: 1 },
  { names: ["stdbuf"], runs: "program", values: "ioe", longValues: ["--input", "--output", "--error"] },
  { names: ["chroot"], runs: "program", before: 1 },
  { names: ["taskset", "chrt", "setarch", "gosu", "su-exec"], runs: "program", values: "TPD", before: 1 },
  { names: ["flock"], runs: "program", values: "wEc", longValues: ["--timeout", "--command"], before: 1 },
  { names: ["time"], runs: "program", values: "fo", longValues: ["--format", "--output"] },
  { names: ["xargs"], runs: "program", values: "aEdILnPs", longValues: ["--arg-file", "--delimiter", "--max-args"] },
  { names: ["strace", "ltrace"], runs: "program", values: "aAbeEIoOpPsSuUX" },
  {
    names: ["nsenter", "unshare"],
    runs: "program",
    values: "tSGRwl",
    longValues: ["--target", "--setuid", "--setgid"],
  },
  {
    names: ["setpriv"],
    runs: "program",
    longValues: ["--reuid", "--regid", "--groups", "--inh-caps", "--ambient-caps", "--bounding-set", "--securebits"],
  },
  {
    names: "docker podman nerdctl kubectl lxc-attach machinectl systemd-run bwrap firejail find ipcx".split(" "),
    runs: "later program",
  },
  {
    names: "busybox toybox nohup setsid tini dumb-init catchsegv unbuffer npx".split(" "),
    runs: "program",
  },
];

/** These hand a line to a shell, here or on another host. */
const LINES: Launcher = {
  names: "ssh su runuser watch script parallel at batch expect".split(" "),
  runs: "line",
};

const ALL: readonly Launcher[] = [SHELLS, ...INTERPRETERS, ...WRAPPERS, LINES];

/**
 * Finds what is known of a program.
 *
 * @param program Its name or path, with or without a version.
 * @returns What is known; `undefined` for one that runs nothing else, as far as is known.
 */
export function findLauncher(program: string): Launcher | undefined {
  const name = program.slice(program.lastIndexOf("/") + 1);
  const bare = name.replace(/-?\d+(\.\d+)*$/, "");
  return ALL.find(({ names }) => names.includes(name)) ?? ALL.find(({ names }) => names.includes(bare));
}
