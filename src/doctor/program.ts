/**
 * Which form of ipcx this is, and whether its library can be loaded.
 *
 * @module
 */

import { type Check, fails, type Judgement, ok, warning } from "./finding.ts";

/** The oldest Deno that ipcx is tested with. */
const OLDEST = [2, 9] as const;

/** What there is to know of the program. */
export interface ProgramFacts {
  /** How it came here. */
  form: "from source" | "from npm" | "in one file" | "compiled";
  /** The version of Deno that runs it. */
  deno: string;
  /** In one file: the parts that are not as they were made. */
  damaged?: readonly string[];
}

function isOlder(version: string): boolean {
  const [major, minor] = version.split(".").map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}

/** Judges the program. */
export function judgeProgram({ form, deno, damaged }: ProgramFacts): Judgement {
  if (damaged && damaged.length > 0) {
    return fails(
      `this file of ipcx is not as it was made: ${damaged.join(", ")}`,
      "anything may happen: it was damaged on its way here, or somebody has changed it",
      "get it again, and compare its checksum",
    );
  }
  const found = `ipcx ${form}, on Deno ${deno}${damaged ? ", every byte as it was made" : ""}`;
  if (!isOlder(deno)) return ok(found);
  return warning(
    found,
    `ipcx is tested with Deno ${OLDEST.join(".")} and later: sockets that are handed to the runtime may not work`,
    "install a newer Deno: npx --yes deno@2.9.6 runs it without an installation",
  );
}

/** A part of a program that is in one file has no place of its own (import.meta): what was started does. */
function formOf(mainModule: string): ProgramFacts["form"] {
  if (Deno.build.standalone) return "compiled";
  if (mainModule.endsWith(".ts")) return "from source";
  return mainModule.endsWith("/program/boot.js") ? "from npm" : "in one file";
}

/** Judges the library. */
export function judgeLibrary(error: unknown): Judgement {
  if (error === undefined) return ok("the C library is loaded");
  return fails(
    `the C library cannot be loaded: ${(error as Error).message}`,
    "nothing of ipcx works, and nothing else was looked at",
    "run 'deno task build' if it was never built; it needs /proc mounted, memfd_create(2), " +
      "glibc 2.32 or later, and Deno's permissions (--allow-all)",
  );
}

/** Which form of ipcx this is, and whether it is whole. */
export const PROGRAM: Check = {
  name: "program",
  async examine() {
    const facts: ProgramFacts = { form: formOf(Deno.mainModule), deno: Deno.version.deno };
    if (facts.form !== "in one file") return judgeProgram(facts);
    const { damagedParts } = await import("./own_file.ts");
    return judgeProgram({ ...facts, damaged: damagedParts("/proc/self/exe") });
  },
};

/** Whether the library can be loaded. */
export const LIBRARY: Check = {
  name: "library",
  async examine() {
    try {
      const { native } = await import("../core/native.ts");
      // A function is bound when it is first used.
      native.ipcx_close;
    } catch (error) {
      return judgeLibrary(error);
    }
    return judgeLibrary(undefined);
  },
};
