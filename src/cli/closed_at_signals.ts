/**
 * Sockets whose files go with a process that a signal ends.
 *
 * @module
 */

const ENDING = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** The signals that this process was started with ignored, as by nohup or in the background of a script. */
let ignored: bigint | undefined;

function isIgnored(number: number): boolean {
  const status = (): string => Deno.readTextFileSync("/proc/self/status");
  ignored ??= BigInt(`0x${/^SigIgn:\s+([\da-f]+)$/m.exec(status())?.[1] ?? 0}`);
  return (ignored >> BigInt(number - 1) & 1n) === 1n;
}

/**
 * Sees to it that a signal that ends this process takes along what is opened.
 *
 * @param opened What is disposed of then, and by nobody else while this holds.
 * @returns Lets signals end the process as they did before.
 */
export function closedAtSignals(opened: DisposableStack): Disposable {
  const stop = new AbortController();
  for (const [signal, number] of Object.entries(ENDING)) {
    const name = signal as Deno.Signal;
    const end = (): void => {
      opened.dispose();
      stop.abort();
      Deno.kill(Deno.pid, name);
    };
    // With its first listener the runtime takes all of them over, those that were ignored, too.
    Deno.addSignalListener(name, isIgnored(number) ? () => {} : end);
    stop.signal.addEventListener("abort", () => Deno.removeSignalListener(name, end));
  }
  return { [Symbol.dispose]: () => stop.abort() };
}
