/**
 * What the launcher has taken from the runtime, given back to the program: ffi/launcher/environment.c, directory.c.
 *
 * @module
 */

/** Variables that the runtime was not to see, or that it was given in place of the caller's. */
const HIDDEN = /^(?:DENO|NODE)_/;

/** Where to go back to, a descriptor; a variable of this name that the caller gives is hidden. */
const DIRECTORY = "DENO_IPCX_DIRECTORY";

const NUL = 0, EQUALS = 61;

/** Variables that are no text cannot be set by Deno. */
function setBytes(name: Uint8Array, value: Uint8Array): void {
  const { symbols } = Deno.dlopen("libc.so.6", {
    setenv: { parameters: ["buffer", "buffer", "i32"], result: "i32" },
  });
  const ended = (bytes: Uint8Array) => {
    const text = new Uint8Array(bytes.length + 1);
    text.set(bytes);
    return text;
  };
  symbols.setenv(ended(name), ended(value), 1);
}

/** The first of a name is what getenv(3) finds; the others are left out. */
function restoreEntry(bytes: Uint8Array, text: string): void {
  const [name] = text.split("=", 1);
  const value = text.slice(name.length + 1);
  if (!text.includes("\ufffd")) return Deno.env.set(name, value);
  const at = bytes.indexOf(EQUALS);
  setBytes(bytes.subarray(0, at), bytes.subarray(at + 1));
}

/** Gives the program the variables that were hidden from the runtime, as they were. */
export function restoreEnvironment(): void {
  for (const name of ["DENO_DIR", "DENO_LOG", "DENO_NO_UPDATE_CHECK"]) Deno.env.delete(name);
  const bytes = Deno.readFileSync("/proc/self/environ");
  const decoder = new TextDecoder();
  const all = decoder.decode(bytes);
  if (!all.includes("DENO_") && !all.includes("NODE_")) return;
  const restored = new Set<string>();
  for (let at = 0, end; at < bytes.length; at = end + 1) {
    end = bytes.indexOf(NUL, at);
    if (end < 0) end = bytes.length;
    const entry = bytes.subarray(at, end);
    const text = decoder.decode(entry);
    const name = text.slice(0, Math.max(text.indexOf("="), 0));
    if (!HIDDEN.test(name) || restored.has(name)) continue;
    restored.add(name);
    restoreEntry(entry, text);
  }
}

/** Goes back to a working directory that has no path. */
export function restoreDirectory(): void {
  const number = Deno.env.get(DIRECTORY);
  if (number === undefined) return;
  Deno.env.delete(DIRECTORY);
  Deno.chdir(`/proc/self/fd/${number}`);
  const { symbols } = Deno.dlopen("libc.so.6", { close: { parameters: ["i32"], result: "i32" } });
  symbols.close(Number(number));
}
