/**
 * What /proc says about descriptors of this process.
 *
 * @module
 */

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

/**
 * Has the runtime open now what it otherwise opens half a second after its
 * start, two sockets by which it hears of signals. A program that counts its
 * descriptors, or leaves none free, would meet them in the middle of that where
 * the machine is slow.
 */
export function openRuntimesOwn(): void {
  const listener = (): void => {};
  Deno.addSignalListener("SIGUSR1", listener);
  Deno.removeSignalListener("SIGUSR1", listener);
}

/** Which descriptors are open. */
export function openNumbers(): number[] {
  const numbers = Array.from(Deno.readDirSync("/proc/self/fd"), ({ name }) => Number(name));
  // The directory that was read had one too.
  return numbers.filter(isOpen);
}

/** How many descriptors are open. */
export function countOpen(): number {
  return openNumbers().length;
}

/** Whether a number is an open descriptor. */
export function isOpen(number: number): boolean {
  try {
    Deno.lstatSync(`/proc/self/fd/${number}`);
    return true;
  } catch {
    return false;
  }
}

/** What a descriptor stands for, such as `socket:[123]`. */
export function targetOf(number: number): string {
  return Deno.readLinkSync(`/proc/self/fd/${number}`);
}

function flagsOf(number: number): number {
  const info = Deno.readTextFileSync(`/proc/self/fdinfo/${number}`);
  return parseInt(/^flags:\s*(\d+)$/m.exec(info)![1], 8);
}

/** Whether a descriptor is closed by execve(2). */
export function isCloseOnExec(number: number): boolean {
  return (flagsOf(number) & O_CLOEXEC) !== 0;
}

/** Whether a descriptor never makes anybody wait. */
export function isNonblocking(number: number): boolean {
  return (flagsOf(number) & O_NONBLOCK) !== 0;
}
