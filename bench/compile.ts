/** Builds the load program with the system's C compiler. */

import { compile, WARNINGS } from "../ffi/build.ts";

const sources = ["broker_load.c", "broker_load_options.c", "broker_pairing.c", "broker_wire.c"];

/** Path of the compiled load program. */
export function compileLoad(): string {
  const directory = import.meta.dirname!;
  const output = `${directory}/build/broker_load`;
  Deno.mkdirSync(`${directory}/build`, { recursive: true });
  compile([...WARNINGS, "-O2", "-o", output, ...sources.map((name) => `${directory}/${name}`)]);
  return output;
}

/** The compiler's own first line about itself. */
export function compilerVersion(): string {
  const { stdout } = new Deno.Command(Deno.env.get("CC") ?? "cc", { args: ["--version"] }).outputSync();
  return new TextDecoder().decode(stdout).split("\n")[0];
}
