/**
 * The arguments of this process as bytes: `Deno.args` loses what is not UTF-8.
 *
 * @module
 */

const REPLACEMENT = "\ufffd";
const NUL = 0;

function allArguments(): Uint8Array[] {
  const bytes = Deno.readFileSync("/proc/self/cmdline");
  const found: Uint8Array[] = [];
  for (let at = 0, end; at < bytes.length; at = end + 1) {
    end = bytes.indexOf(NUL, at);
    if (end < 0) end = bytes.length;
    found.push(bytes.subarray(at, end));
  }
  return found;
}

/**
 * Finds the bytes of the last arguments.
 *
 * @param command The last arguments, as `Deno.args` has them.
 * @returns The same, with the bytes of those that are not UTF-8.
 */
export function commandBytes(command: readonly string[]): (string | Uint8Array)[] {
  if (!command.some((word) => word.includes(REPLACEMENT))) return [...command];
  const bytes = allArguments().slice(-command.length);
  return command.map((word, at) => word.includes(REPLACEMENT) ? bytes[at] : word);
}

/**
 * Looks for an argument that came out as another one: whatever is no argument of
 * the command is taken as text.
 *
 * @param command The last arguments, as `Deno.args` has them.
 * @returns The first that is not UTF-8, as it came out.
 */
export function garbledArgument(command: readonly string[]): string | undefined {
  const texts = Deno.args.slice(0, Deno.args.length - command.length + 1);
  if (!texts.some((text) => text.includes(REPLACEMENT))) return undefined;
  const encoder = new TextEncoder();
  const bytes = allArguments().slice(-Deno.args.length);
  return texts.find((text, at) => encoder.encode(text).some((byte, place) => byte !== bytes[at][place]));
}

/** What a waiter in this process's place shows as its command line. */
export function commandLine(): [string, ...(string | Uint8Array)[]] {
  return ["ipcx", ...commandBytes(Deno.args)];
}

/** The name that this program was called by, without its directory. */
export function calledAs(): string {
  try {
    return new TextDecoder().decode(allArguments()[0]).replace(/^.*\//s, "");
  } catch (error) {
    // Without leave to look, or without /proc, it goes by its own name.
    if (error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.NotFound) return "ipcx";
    throw error;
  }
}
