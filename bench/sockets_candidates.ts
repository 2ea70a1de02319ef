/** The programs that send and receive over bare sockets, and who can do what. */

import { compile, WARNINGS } from "../ffi/build.ts";
import { type Candidates, type Missing, REFERENCE } from "./matrix.ts";
import { installPackage } from "./npm.ts";
import type { Peer, SocketCandidate } from "./sockets_run.ts";
import { type SocketWorkload, WORKLOADS } from "./sockets_workloads.ts";

const directory = import.meta.dirname!;
const build = `${directory}/build`;

/** What the packages that are compared can do. */
const PACKAGES = [
  { name: "unix-dgram", version: "2.0.7", sockets: ["dgram"] },
  { name: "node-unix-socket", version: "0.2.7", sockets: ["seqpacket", "dgram"] },
];

function between(name: string, sender: Peer, receiver: Peer, isExpendable = false): SocketCandidate {
  return { name, sender, receiver, isGlued: false, isExpendable };
}

function compilePeer(): Peer {
  const output = `${build}/sockets_peer`;
  Deno.mkdirSync(build, { recursive: true });
  compile([...WARNINGS, "-O2", "-o", output, `${directory}/sockets_peer.c`]);
  return { command: [output], isOurs: false };
}

function ownCandidates({ mode }: SocketWorkload, peer: Peer, isMixed: boolean): SocketCandidate[] {
  const deno = [Deno.execPath(), "run", "--quiet", "--allow-all", `${directory}/sockets_deno.ts`];
  const ours = (...args: string[]): Peer => ({ command: [...deno, ...args], isOurs: true });
  const c = between(REFERENCE, peer, peer);
  if (mode === "file" || mode === "pipe") return [c, between("ipcx", ours(), peer)];
  return [
    c,
    between("ipcx", ours(), ours()),
    ...(mode === "one" ? [between("ipcx, a promise each", ours("--awaiting"), ours("--awaiting"))] : []),
    ...(isMixed ? [between("C to ipcx", peer, ours()), between("ipcx to C", ours(), peer)] : []),
  ];
}

/**
 * Builds what is wanted and says what can be compared.
 *
 * @param wanted Whether packages from npm are installed, and whether our ends are also measured with C at the other.
 * @param folder An empty folder for what does not belong into the repository.
 * @param progress Is told what takes its time.
 * @returns The candidates, C being the first of each workload.
 */
export async function prepareCandidates(
  wanted: { npm: boolean; mixed: boolean },
  folder: string,
  progress: (text: string) => void,
): Promise<Candidates<SocketCandidate>> {
  const peer = compilePeer();
  const byWorkload = Object.fromEntries(
    WORKLOADS.map((workload) => [workload.name, ownCandidates(workload, peer, wanted.mixed)]),
  );
  const missing: Missing[] = [];
  for (const { name, version, sockets } of PACKAGES) {
    try {
      if (!wanted.npm) throw new Error("--npm was not given");
      progress(`installing ${name}`);
      const modules = `${folder}/${name}`;
      await installPackage(name, version, modules);
      const command = ["node", `${directory}/sockets_node.mjs`, "--package", name, "--modules", modules];
      const node = { command, isOurs: false, meetsAtPath: true };
      for (const workload of WORKLOADS.filter(({ mode, socket }) => mode === "one" && sockets.includes(socket))) {
        byWorkload[workload.name].push(between(`Node, ${name}`, node, node, true));
      }
    } catch (error) {
      missing.push({ name: `${name} (npm)`, reason: error instanceof Error ? error.message : `${error}` });
    }
  }
  return { byWorkload, missing };
}
