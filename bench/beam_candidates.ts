/** The programs that send and receive messages, and who can do which workload. */

import { compile, WARNINGS } from "../ffi/build.ts";
import { buildGo, readSeed } from "./beam_go.ts";
import { installPackage } from "./npm.ts";
import type { WorkloadName } from "./beam_workloads.ts";
import { type Candidate, type Candidates, type Missing, REFERENCE } from "./matrix.ts";

const directory = import.meta.dirname!;
const build = `${directory}/build`;

/** What the packages that are compared can do. */
const PACKAGES: readonly { name: string; version: string; workloads: WorkloadName[]; isGlued: boolean }[] = [
  { name: "usocket", version: "1.1.0", workloads: ["fd", "plain"], isGlued: true },
  // It has packets and datagrams, and no descriptors.
  { name: "node-unix-socket", version: "0.2.7", workloads: ["packet"], isGlued: false },
];

/** A program that can be either end. */
export interface Peer {
  /** Its command line, before the options of the load. */
  command: string[];
  /** Whether it is the library: others get a socket as the kernel makes it. */
  isOurs: boolean;
}

/** Who sends and who receives, in one workload. */
export interface BeamCandidate extends Candidate {
  sender: Peer;
  receiver: Peer;
}

/** Which of the optional candidates are wanted. */
export interface Wanted {
  /** Path of the seed's Go file. */
  seed?: string;
  /** Whether packages from npm are installed. */
  npm: boolean;
  /** Whether our ends are also measured with one in C at the other end, which tells which of both is slow. */
  mixed: boolean;
}

function between(name: string, sender: Peer, receiver: Peer, traits: Partial<Candidate> = {}): BeamCandidate {
  return { name, sender, receiver, isGlued: false, isExpendable: false, ...traits };
}

function candidate(name: string, peer: Peer, traits: Partial<Candidate> = {}): BeamCandidate {
  return between(name, peer, peer, traits);
}

function foreign(...command: string[]): Peer {
  return { command, isOurs: false };
}

function compilePeer(): string {
  const output = `${build}/beam_peer`;
  Deno.mkdirSync(build, { recursive: true });
  const sources = ["beam_peer.c", "beam_wire.c", "beam_sealed.c"].map((name) => `${directory}/${name}`);
  compile([...WARNINGS, "-O2", "-o", output, ...sources]);
  return output;
}

function ownCandidates({ mixed }: Wanted): Record<WorkloadName, BeamCandidate[]> {
  const peer = compilePeer();
  const deno = [Deno.execPath(), "run", "--quiet", "--allow-all", `${directory}/beam_deno.ts`];
  const ours = (...args: string[]): Peer => ({ command: [...deno, ...args], isOurs: true });
  const c = candidate(REFERENCE, foreign(peer));
  const exact = candidate("C, no buffer", foreign(peer, "--exact"));
  const small = [
    candidate("ipcx", ours()),
    ...(mixed ? [between("C to ipcx", foreign(peer), ours()), between("ipcx to C", ours(), foreign(peer))] : []),
  ];
  return {
    "fd": [c, ...small],
    "fd-framed": [c, exact, ...small],
    "plain": [c, exact, ...small],
    "packet": [c, ...small],
    "large": [
      c,
      candidate("C, a sealed memfd each", foreign(peer, "--sealed")),
      candidate("ipcx, copying", ours("--copying")),
      candidate("ipcx, copying, one buffer", ours("--copying", "--one-buffer")),
      candidate("ipcx, shared memory", ours()),
      candidate("ipcx, shared memory, one buffer", ours("--one-buffer")),
    ],
  };
}

/**
 * Builds what is wanted and says what can be compared.
 *
 * @param wanted The optional candidates.
 * @param folder An empty folder for what does not belong into the repository.
 * @param progress Is told what takes its time.
 * @returns The candidates, C being the first of each workload.
 */
export async function prepareCandidates(
  wanted: Wanted,
  folder: string,
  progress: (text: string) => void,
): Promise<Candidates<BeamCandidate>> {
  const byWorkload = ownCandidates(wanted);
  const missing: Missing[] = [];
  // A path that is wrong is found out now, not at the end.
  const seed = wanted.seed === undefined ? undefined : await readSeed(wanted.seed);
  const attempt = async (name: string, add: () => Promise<void>): Promise<void> => {
    try {
      await add();
    } catch (error) {
      missing.push({ name, reason: error instanceof Error ? error.message : `${error}` });
    }
  };

  await attempt("Go, the seed", async () => {
    if (seed === undefined) throw new Error("--seed PATH was not given");
    progress("building the seed");
    const program = await buildGo(seed, `${folder}/go`);
    byWorkload.fd.push(candidate("Go, the seed", foreign(program)));
  });
  for (const { name, version, workloads, isGlued } of PACKAGES) {
    await attempt(`${name} (npm)`, async () => {
      if (!wanted.npm) throw new Error("--npm was not given");
      progress(`installing ${name}`);
      const modules = `${folder}/${name}`;
      await installPackage(name, version, modules);
      const peer = foreign("node", `${directory}/beam_node.mjs`, "--package", name, "--modules", modules);
      for (const workload of workloads) {
        const traits = { isGlued: isGlued && workload !== "fd", isExpendable: true };
        byWorkload[workload].push(candidate(`Node, ${name}`, peer, traits));
      }
    });
  }
  return { byWorkload, missing };
}
