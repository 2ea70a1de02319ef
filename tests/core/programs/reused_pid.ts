/** Is connected to by a process whose number another one gets, and tells whom it takes that one for. */
import type { SystemError } from "../../../src/core/errors.ts";
import { holdByNumber } from "../../../src/core/hold_process.ts";
import { UnixListener } from "../../../src/core/listener.ts";
import { PeerProcess } from "../../../src/core/peer_process.ts";

const answer = new Uint8Array(64);

function ask(question: string): string {
  console.log(question);
  return new TextDecoder().decode(answer.subarray(0, Deno.stdin.readSync(answer)!)).trim();
}

function told(look: () => unknown): unknown {
  try {
    return look();
  } catch (error) {
    return (error as SystemError).code ?? String(error);
  }
}

function everythingOf(peer: PeerProcess): Record<string, unknown> {
  return {
    isAlive: peer.isAlive,
    executable: told(() => peer.executable),
    commandLine: told(() => peer.commandLine),
    cgroup: told(() => peer.cgroup),
    startTime: told(() => peer.startTime),
    uids: told(() => peer.ids),
    namespace: told(() => peer.namespace("net")),
    open: told(() => peer.open("status").close()),
    identity: told(() => peer.identity),
    signal: told(() => peer.signal(0)),
  };
}

const name = (number: number): string => Deno.readTextFileSync(`/proc/${number}/comm`).trim();

using listener = UnixListener.listen(Deno.args[0]);
const number = Number(ask(`connect ${Deno.args[0]}`));
using socket = await listener.accept();
using looked = PeerProcess.of(socket);
using held = PeerProcess.of(socket);
using byNumber = holdByNumber(socket.peerCredentials);
const before = { pid: looked.pid === number, name: name(number), executable: looked.executable };
const replaced = ask(`replace ${number}`);
await held.ended();
using late = PeerProcess.of(socket);
using fooled = holdByNumber(socket.peerCredentials);
console.log(JSON.stringify({
  replaced,
  before,
  rawPid: { pid: socket.peerCredentials.pid === number, name: name(number) },
  looked: everythingOf(looked),
  held: everythingOf(held),
  late: everythingOf(late),
  byNumberInTime: told(() => Deno.readTextFileSync(`/proc/self/fdinfo/${byNumber.number}`).includes("Pid:\t-1")),
  byNumberTooLate: told(() =>
    Deno.readTextFileSync(`/proc/self/fdinfo/${fooled.number}`).includes(`Pid:\t${number}\n`)
  ),
}));
