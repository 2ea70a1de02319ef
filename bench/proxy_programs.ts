/** The small programs that answer behind the gateways, and what C makes of the first of them. */

import { compile, WARNINGS } from "../ffi/build.ts";

/** Paths of compiled programs. */
export interface Programs {
  /** Answers on its standard output. */
  answer: string;
  /** Answers at the reply socket. */
  reply: string;
  /** Takes one request after another. */
  worker: string;
  /** Starts a program again and again and reads what it prints. */
  spawn: string;
}

const SOURCES: Readonly<Record<keyof Programs, readonly string[]>> = {
  answer: ["proxy_answer.c"],
  reply: ["proxy_reply.c", "proxy_wire.c"],
  worker: ["proxy_worker.c", "proxy_wire.c"],
  spawn: ["proxy_spawn.c"],
};

/**
 * Compiles all of them; static, as loading a library would take longer than they run.
 *
 * @param folder Where they are put: one of this run's own, as another run must not replace them meanwhile.
 */
export function compilePrograms(folder: string): Programs {
  const directory = import.meta.dirname!;
  const built = Object.entries(SOURCES).map(([name, sources]) => {
    const output = `${folder}/${name}`;
    compile([...WARNINGS, "-O2", "-static", "-o", output, ...sources.map((source) => `${directory}/${source}`)]);
    return [name, output];
  });
  return Object.fromEntries(built);
}
