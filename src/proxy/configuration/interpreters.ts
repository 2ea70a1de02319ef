/**
 * Whether what a client sends could become code: in the script of a shell or
 * of an interpreter, as an option of one, or as the name of a program.
 *
 * @module
 */

import type { Channel, Template } from "../config.ts";
import { formatTemplate, literalOf } from "../placeholders.ts";
import { findLauncher, type Launcher } from "./launchers.ts";

/** Why something of a client must not stand where it does. */
export interface Peril {
  /** Which argument, from 0, the program's name, on; one behind the last for a body that is appended. */
  readonly at: number;
  /** What would happen, and what to do instead. */
  readonly message: string;
}

/** Variables that decide what code a program runs. */
const PERILOUS_NAME = new RegExp(
  "^(PATH|ENV|SHELL|SHELLOPTS|BASHOPTS|BASH_ENV|PS4|IFS|CDPATH|PROMPT_COMMAND|ZDOTDIR|LD_\\w+|GLIBC_TUNABLES|GCONV_PATH|" +
    "PYTHON(PATH|HOME|STARTUP|INSPECT|USERBASE|EXECUTABLE|BREAKPOINT|WARNINGS|PYCACHEPREFIX)|RUBY(OPT|LIB|SHELL|PATH)|" +
    "PERL5(OPT|LIB|DB|SHELL)|PERLLIB|NODE_(OPTIONS|PATH|REPL_EXTERNAL_MODULE)|PHPRC|PHP_INI_SCAN_DIR|" +
    "LUA_(INIT|PATH|CPATH)\\w*|(_JAVA|JDK_JAVA|JAVA_TOOL)_OPTIONS|EDITOR|VISUAL|PAGER|BROWSER|" +
    "GIT_(SSH|SSH_COMMAND|EXEC_PATH|PAGER|EDITOR|EXTERNAL_DIFF|PROXY_COMMAND|ASKPASS|CONFIG\\w*))$",
);

const STANDARD_INPUT = /^(-|\/dev\/stdin|\/dev\/fd\/0|\/proc\/self\/fd\/0)$/;

const INSTEAD = "or say unsafe_shell: true";

/** Walks along the arguments of one program, up to what it runs. */
class Walk {
  readonly #args: readonly Template[];
  readonly #name: string;
  readonly #launcher: Launcher;
  readonly #readsBody: boolean;
  #at: number;
  #hasCode = false;
  #optionsEnded = false;
  #readsInput = false;

  constructor(args: readonly Template[], start: number, launcher: Launcher, readsBody: boolean) {
    this.#args = args;
    this.#name = literalOf(args[start])!.replace(/^.*\//, "");
    this.#launcher = launcher;
    this.#readsBody = readsBody;
    this.#at = start + 1;
  }

  /** What is wrong, or where the program is that it runs, or that there is none. */
  go(): Peril | number | undefined {
    const { runs } = this.#launcher;
    if (runs === "later program") return this.#laterProgram();
    let { before = 0, verbs = [] } = this.#launcher;
    for (; this.#at < this.#args.length; this.#at++) {
      const argument = this.#args[this.#at];
      const text = literalOf(argument);
      if (text === undefined) {
        if (this.#isAssignment(argument)) continue;
        return this.#peril();
      }
      if (runs === "line" || this.#isAssignment(argument)) continue;
      if (!this.#optionsEnded && this.#isOption(text)) {
        const found = this.#option(text);
        if (found === "end") return undefined;
        if (found) return found;
        continue;
      }
      const isVerb = verbs.includes(text);
      verbs = [];
      if (isVerb || before-- > 0) continue;
      if (runs === "program") return this.#at;
      return !this.#hasCode && STANDARD_INPUT.test(text) ? this.#inputPeril() : undefined;
    }
    return runs === "code" && !this.#hasCode ? this.#inputPeril() : undefined;
  }

  /** The first word that names a program of which something is known. */
  #laterProgram(): number | undefined {
    const at = this.#args.findIndex((argument, index) => {
      const text = index >= this.#at ? literalOf(argument) : undefined;
      return text !== undefined && findLauncher(text) !== undefined;
    });
    return at < 0 ? undefined : at;
  }

  #isOption(text: string): boolean {
    return text.length > 1 && (text[0] === "-" || (this.#launcher.plus === true && text[0] === "+"));
  }

  /** A variable whose name does not decide what is run. */
  #isAssignment(argument: Template): boolean {
    if (argument[0]?.kind !== "text") return false;
    if (this.#launcher.variables && /^-v\w+=/.test(argument[0].text)) return true;
    if (!this.#launcher.assignments) return false;
    const [, name] = /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(argument[0].text) ?? [];
    return name !== undefined && (argument.length === 1 || !PERILOUS_NAME.test(name));
  }

  #option(text: string): Peril | "end" | undefined {
    const { values = "", longValues = [], code = "", longCode = [], last = "", variables = "" } = this.#launcher;
    if (text === "--") {
      this.#optionsEnded = true;
      return this.#hasCode ? "end" : undefined;
    }
    if (text.startsWith("--")) {
      if (longCode.includes(text)) return this.#takeCode();
      return longValues.includes(text) ? this.#takeValue() : undefined;
    }
    for (let at = 1; at < text.length; at++) {
      const letter = text[at], isAttached = at + 1 < text.length;
      if (this.#launcher.input?.includes(letter)) this.#readsInput = true;
      if (code.includes(letter)) {
        const found = isAttached ? undefined : this.#takeCode();
        this.#hasCode = true;
        return found ?? (last.includes(letter) ? "end" : undefined);
      }
      if (variables.includes(letter)) return isAttached ? undefined : this.#takeVariable();
      if (values.includes(letter)) return isAttached ? undefined : this.#takeValue();
    }
  }

  #takeCode(): Peril | undefined {
    this.#hasCode = true;
    return this.#takeValue(true);
  }

  #takeValue(isCode = false): Peril | undefined {
    const value = this.#args[++this.#at];
    return value && literalOf(value) === undefined ? this.#peril(isCode) : undefined;
  }

  #takeVariable(): Peril | undefined {
    const value = this.#args[++this.#at];
    if (!value || literalOf(value) !== undefined) return undefined;
    return value[0].kind === "text" && /^\w+=/.test(value[0].text) ? undefined : this.#peril();
  }

  #inputPeril(): Peril | undefined {
    if (!this.#readsBody) return undefined;
    const message = `${this.#name} would run the body of the request, which is its standard input: ` +
      `name a script, ${INSTEAD}`;
    return { at: 0, message };
  }

  #peril(isCode = this.#launcher.runs !== "program"): Peril {
    const argument = this.#args[this.#at];
    const what = formatTemplate(argument.filter(({ kind }) => kind !== "text"));
    if (!isCode) {
      const message = `${what} could be an option of ${this.#name}, or choose what it runs: ` +
        `write it behind the program that ${this.#name} runs, ${INSTEAD}`;
      return { at: this.#at, message };
    }
    const message = `${what} could become code that ${this.#name} runs: ` +
      `pass it in env, or as an argument behind the script, ${INSTEAD}`;
    return { at: this.#at, message };
  }

  /** Whether an option says that code comes from standard input, whatever arguments there are. */
  get inputPeril(): Peril | undefined {
    return this.#readsInput ? this.#inputPeril() : undefined;
  }
}

/**
 * Looks for what a client sends where it could become code.
 *
 * @param cmd The command.
 * @param channel How the process gets the body.
 * @returns The first such place, or `undefined`.
 */
export function findPeril(cmd: readonly Template[], channel: Channel | undefined): Peril | undefined {
  const isAppended = channel === "cmdline" && !cmd.flat().some(({ kind }) => kind === "payload");
  const args: readonly Template[] = isAppended ? [...cmd, [{ kind: "payload" }]] : cmd;
  let start = 0;
  for (;;) {
    const launcher = findLauncher(literalOf(args[start])!);
    if (!launcher) return undefined;
    const walk = new Walk(args, start, launcher, channel === "stdin");
    const found = walk.go();
    if (typeof found !== "number") return found ?? walk.inputPeril;
    start = found;
  }
}

/**
 * Tells whether a variable decides what code a program runs, so that no client may set it.
 *
 * @param name The name of the variable.
 * @returns Whether it does.
 */
export function isPerilousVariable(name: string): boolean {
  return PERILOUS_NAME.test(name);
}
