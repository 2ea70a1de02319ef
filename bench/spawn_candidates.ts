/** The ways to start a process that are compared, and the programs that do it. */

import { compile, WARNINGS } from "../ffi/build.ts";

const directory = import.meta.dirname!;
const build = `${directory}/build`;

/** The program that is started. */
export const CHILD = `${build}/spawn_child`;

/** What all others are compared with. */
export const REFERENCE = "C";

/** A way to start a process, as a program that does so again and again. */
export interface Candidate {
  name: string;
  /** Its command line: this, the options of the load, then {@linkcode last}. */
  first: string[];
  last: string[];
}

/** A way that cannot be had here. */
export interface Missing {
  name: string;
  reason: string;
}

/** Finds a program in PATH. */
export function findProgram(name: string): string | undefined {
  const isThere = (path: string): boolean => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  };
  return (Deno.env.get("PATH") ?? "").split(":").map((folder) => `${folder}/${name}`).find(isThere);
}

/** Builds the Go program; without a toolchain, or with an old one, says why not. */
function buildGo(output: string): string | undefined {
  const args = ["build", "-o", output, `${directory}/spawn_peer.go`];
  try {
    const result = new Deno.Command("go", { args, env: { GOTOOLCHAIN: "local", GO111MODULE: "off" } }).outputSync();
    return result.success ? undefined : new TextDecoder().decode(result.stderr).trim();
  } catch {
    return "go is not installed";
  }
}

/** Builds what is needed and says what can be compared. */
export function prepareCandidates(net: string): { candidates: Candidate[]; missing: Missing[] } {
  Deno.mkdirSync(build, { recursive: true });
  const peer = `${build}/spawn_peer`;
  compile([...WARNINGS, "-O2", "-o", peer, `${directory}/spawn_peer.c`]);
  compile([...WARNINGS, "-O2", "-static", "-o", CHILD, `${directory}/spawn_child.c`]);

  const deno = [Deno.execPath(), "run", "--quiet", "--allow-all", `${directory}/spawn_deno.ts`];
  const join = ["--net", net];
  const candidates: Candidate[] = [
    { name: REFERENCE, first: [peer, ...join], last: ["--", CHILD] },
    { name: "ipcx", first: [...deno, "ipcx", ...join], last: ["--", CHILD] },
    { name: "Deno.Command, own netns", first: [...deno, "command"], last: ["--", CHILD] },
  ];
  const missing: Missing[] = [];

  const go = `${build}/spawn_peer_go`;
  const reason = buildGo(go);
  if (reason === undefined) candidates.push({ name: "Go", first: [go, ...join], last: ["--", CHILD] });
  else missing.push({ name: "Go", reason });

  const nsenter = findProgram("nsenter");
  if (nsenter === undefined) missing.push({ name: "nsenter", reason: "util-linux is not installed" });
  else {
    const last = ["--", nsenter, `--net=${net}`, CHILD];
    candidates.push(
      { name: "C, nsenter", first: [peer], last },
      { name: "Deno.Command, nsenter", first: [...deno, "command"], last },
    );
  }
  return { candidates, missing };
}
