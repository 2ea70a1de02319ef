/** Builds the load program with the system's C compiler. */

const sources = [
  "broker_load.c",
  "broker_load_options.c",
  "broker_pairing.c",
  "broker_wire.c",
];

const flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"];

/** Path of the compiled load program. */
export async function compileLoad(): Promise<string> {
  const directory = import.meta.dirname!;
  const output = `${directory}/build/broker_load`;
  await Deno.mkdir(`${directory}/build`, { recursive: true });
  await cc(
    ...flags,
    "-o",
    output,
    ...sources.map((name) => `${directory}/${name}`),
  );
  return output;
}

/** The compiler's own first line about itself. */
export async function compilerVersion(): Promise<string> {
  return (await cc("--version")).split("\n")[0];
}

async function cc(...args: string[]): Promise<string> {
  let result: Deno.CommandOutput;
  try {
    result = await new Deno.Command("cc", { args }).output();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Error(
      "there is no C compiler `cc`: install the package gcc (apt-get install gcc libc6-dev)",
      { cause },
    );
  }
  if (!result.success) {
    throw new Error(`cc failed:\n${new TextDecoder().decode(result.stderr)}`);
  }
  return new TextDecoder().decode(result.stdout);
}
