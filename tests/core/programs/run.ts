/**
 * Running the programs of this folder, each in a process of its own.
 *
 * @module
 */

const FOLDER = import.meta.dirname!;

/** How to run a program. */
export interface RunOptions {
  /** What to put before the program, such as `["setpriv", "--reuid=65534"]`. */
  through?: readonly string[];
  /** What to add to the environment. */
  env?: Record<string, string>;
  /** The working directory. */
  cwd?: string;
}

/** How a program ended. */
export interface Ended {
  code: number;
  out: string;
  err: string;
}

/** The words that start a program of this folder, of ours or in Python. */
export function commandLine(program: string, args: readonly string[] = []): string[] {
  if (program.endsWith(".py")) return ["/usr/bin/python3", "-u", `${FOLDER}/${program}`, ...args];
  return [Deno.execPath(), "run", "-A", "--quiet", "--no-lock", `${FOLDER}/${program}`, ...args];
}

/** Prepares a program of this folder, with everything piped. */
export function command(program: string, args: readonly string[] = [], options: RunOptions = {}): Deno.Command {
  const [first, ...rest] = [...(options.through ?? []), ...commandLine(program, args)];
  const { env, cwd } = options;
  return new Deno.Command(first, { args: rest, env, cwd, stdin: "null", stdout: "piped", stderr: "piped" });
}

/** Runs a program of this folder to its end. */
export async function run(program: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Ended> {
  const { code, stdout, stderr } = await command(program, args, options).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** Runs a program that writes one JSON value to its standard output. */
export async function result<T>(program: string, args: readonly string[] = [], options: RunOptions = {}): Promise<T> {
  const { code, out, err } = await run(program, args, options);
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${err}`);
  return JSON.parse(out);
}

/** What makes a process one of the user nobody, who can read the runtime's cache in `folder`. */
export function asNobody(folder: string): RunOptions {
  return {
    through: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"],
    env: { DENO_DIR: `${folder}/deno`, HOME: folder },
  };
}

/** A program that goes on, and is spoken to line by line. */
export class Running implements AsyncDisposable {
  readonly child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  #rest = "";

  /** Starts it. */
  constructor(program: string, args: readonly string[] = [], options: RunOptions = {}) {
    const [first, ...rest] = [...(options.through ?? []), ...commandLine(program, args)];
    const { env, cwd } = options;
    this.child = new Deno.Command(first, { args: rest, env, cwd, stdin: "piped", stdout: "piped" }).spawn();
    this.#lines = this.child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#input = this.child.stdin.getWriter();
  }

  /** Reads a line, or `undefined` at the end. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return line;
      }
      const { done, value } = await this.#lines.read();
      if (done) return undefined;
      this.#rest += value;
    }
  }

  /** Writes a line. */
  async say(line: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Closes its input. */
  async closeInput(): Promise<void> {
    await this.#input.close().catch(() => {});
  }

  /** Closes its input and waits for its end. */
  async end(): Promise<Deno.CommandStatus> {
    await this.closeInput();
    while (await this.line() !== undefined);
    return await this.child.status;
  }

  /** Kills it, if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.end();
  }
}
