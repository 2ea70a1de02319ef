/**
 * The real program in processes of its own, for the tests of the command line.
 *
 * @module
 */

import { assert } from "@std/assert";

/** The repository. */
export const ROOT = new URL("../..", import.meta.url).pathname;

/** The command line of `ipcx`, as run from source. */
export const IPCX: readonly string[] = [Deno.execPath(), "run", "--quiet", "--allow-all", `${ROOT}cli.ts`];

/** Longer than anything takes that works, also where several runs share a slow processor. */
const PATIENCE_MS = 60_000;

/** Variables that would let the surroundings decide what a test does. */
const FOREIGN = /^(ONE_SOCKET_|XDG_RUNTIME_DIR|NOTIFY_SOCKET|LISTEN_|WATCHDOG_|IPCX_)/;

/** How to start a process. */
export interface ProcessOptions {
  /** Variables beside those of the test, from which what `ipcx` looks at was taken away. */
  env?: Record<string, string>;
  /** What it reads from standard input: nothing, unless given, or a pipe that is kept open. */
  input?: string | Uint8Array<ArrayBuffer> | "open";
  /** What it is started by, such as `setpriv`. */
  through?: readonly string[];
  /** Its working directory. */
  cwd?: string;
}

/** How a process ended. */
export interface Result {
  /** The exit status. */
  status: number;
  /** The signal that ended it. */
  signal: Deno.Signal | null;
  /** All of standard output. */
  out: string;
  /** All of standard error. */
  err: string;
}

/** A running process whose output is collected. */
export class Process implements AsyncDisposable {
  /** The process. */
  readonly child: Deno.ChildProcess;
  /** What it writes to standard output, to be read once if {@linkcode ended} is not used. */
  readonly out: Promise<string>;
  readonly #err: Promise<void>;
  readonly #keepsInput: boolean;
  #errText = "";
  #onText = (): void => {};

  /**
   * Starts a process.
   *
   * @param command The program and its arguments.
   * @param options How.
   */
  constructor(command: readonly string[], options: ProcessOptions = {}) {
    const own = Object.entries(Deno.env.toObject()).filter(([name]) => !FOREIGN.test(name));
    const [program, ...args] = [...(options.through ?? []), ...command];
    this.child = new Deno.Command(program, {
      args,
      clearEnv: true,
      env: { ...Object.fromEntries(own), NO_COLOR: "1", ...options.env },
      cwd: options.cwd,
      stdin: options.input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#keepsInput = options.input === "open";
    if (options.input !== undefined && options.input !== "open") this.#feed(options.input);
    this.out = new Response(this.child.stdout).text();
    this.#err = this.#collect();
  }

  #feed(input: string | Uint8Array<ArrayBuffer>): void {
    // A process that does not read its input to the end is a result like another.
    new Response(input).body!.pipeTo(this.child.stdin).catch(() => {});
  }

  async #collect(): Promise<void> {
    for await (const text of this.child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#errText += text;
      this.#onText();
    }
    this.#onText();
  }

  /** What it has written to standard error so far. */
  get err(): string {
    return this.#errText;
  }

  /** Ends standard input; see `input: "open"`. */
  async closeInput(): Promise<void> {
    await this.child.stdin.close().catch(() => {});
  }

  /** Sends text to standard input; see `input: "open"`. */
  async write(text: string): Promise<void> {
    const writer = this.child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(text));
    writer.releaseLock();
  }

  /**
   * Waits until standard error holds something.
   *
   * @param pattern What, as often as `times` says.
   * @param times How often.
   */
  async says(pattern: string, times = 1): Promise<void> {
    const found = (): boolean => this.#errText.split(pattern).length > times;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onText = () => found() && resolve();
    this.#onText();
    await within(Promise.race([promise, this.#err]), `no '${pattern}'`, () => this.#errText);
    assert(found(), `it ended without '${pattern}' × ${times}: ${this.#errText}`);
  }

  /** Waits for its end. */
  async ended(): Promise<Result> {
    const all = Promise.all([this.child.status, this.out, this.#err]);
    try {
      const [{ code, signal }, out] = await within(all, "it does not end", () => this.#errText);
      return { status: code, signal, out, err: this.#errText };
    } finally {
      this.kill("SIGKILL");
    }
  }

  /** Sends a signal; does nothing if it has ended. */
  kill(signal: Deno.Signal): void {
    try {
      this.child.kill(signal);
    } catch {
      // It has ended: there is nothing left to signal.
    }
  }

  /** Stops it and waits until it is gone. */
  async stop(): Promise<Result> {
    this.kill("SIGTERM");
    return await this.ended();
  }

  /** Kills it, if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    if (this.#keepsInput) await this.closeInput();
    await this.ended();
  }
}

/**
 * Waits for something that has to come.
 *
 * @param promise What is waited for.
 * @param complaint What is said if it does not come.
 * @param more What is said beyond that.
 * @returns Its value.
 */
export async function within<T>(promise: Promise<T>, complaint: string, more: () => string = () => ""): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`${complaint} within ${PATIENCE_MS} ms ${more()}`)),
    PATIENCE_MS,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits until something holds that nobody tells of: it is looked at again and again.
 *
 * @param holds Whether it does; what it throws for a file that is not there yet is a no.
 * @param complaint What is said if it never does.
 */
export async function until(holds: () => boolean | Promise<boolean>, complaint: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      if (await holds()) return;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    assert(performance.now() < deadline, `${complaint} within ${PATIENCE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/**
 * The state of a process, such as `T` for one that is stopped.
 *
 * @param pid Which.
 * @returns The letter, or `undefined` if it is gone, be it while it is looked at.
 */
export function stateOf(pid: number): string | undefined {
  try {
    return /^State:\s+(\w)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
  } catch {
    return undefined;
  }
}

/**
 * Tells whether a process runs, or could.
 *
 * @param pid The process.
 * @returns `false` also for one that has ended and was not reaped.
 */
export function isAlive(pid: number): boolean {
  return !["Z", "X", undefined].includes(stateOf(pid));
}

/**
 * Runs a program to its end.
 *
 * @param command The program and its arguments.
 * @param options How.
 * @returns What came of it.
 */
export async function runProgram(command: readonly string[], options: ProcessOptions = {}): Promise<Result> {
  return await new Process(command, options).ended();
}

/**
 * Runs `ipcx` to its end.
 *
 * @param args Its arguments.
 * @param options How.
 * @returns What came of it.
 */
export async function ipcx(args: readonly string[], options: ProcessOptions = {}): Promise<Result> {
  return await runProgram([...IPCX, ...args], options);
}

/**
 * Starts `ipcx`.
 *
 * @param args Its arguments.
 * @param options How.
 * @returns The process.
 */
export function startIpcx(args: readonly string[], options: ProcessOptions = {}): Process {
  return new Process([...IPCX, ...args], options);
}

/**
 * Waits until a process serves; one that does not is stopped.
 *
 * @param process The process.
 * @returns The same.
 */
export async function serving(process: Process): Promise<Process> {
  try {
    await process.says("serving");
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
  return process;
}

/**
 * Starts `ipcx broker` and waits until it serves.
 *
 * @param args Its arguments.
 * @param options How.
 * @returns The process.
 */
export async function startBroker(args: readonly string[], options: ProcessOptions = {}): Promise<Process> {
  return await serving(startIpcx(["broker", ...args], options));
}
