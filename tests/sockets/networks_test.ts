import { assert, assertEquals, assertThrows } from "@std/assert";
import { SystemError } from "../../src/core/errors.ts";
import { UnixListener } from "../../src/core/listener.ts";
import type { SocketEntry } from "../../src/sockets/entry.ts";
import { listSockets, type ListSocketsOptions } from "../../src/sockets/list_sockets.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { Process, runProgram } from "../cli/program.ts";
import { PYTHON } from "../cli/spawning.ts";
import { entryOf, inodeOf } from "./own_sockets.ts";

/** Listens at an abstract name, connects to a path if there is one, and says so. */
const INSIDE = `
import os, socket, sys
name, path = sys.argv[1:]
one = socket.socket(socket.AF_UNIX)
one.bind(name.replace("@", "\\0"))
one.listen()
client = socket.socket(socket.AF_UNIX)
if path:
    client.connect(path)
print("inodes", os.fstat(one.fileno()).st_ino, os.fstat(client.fileno()).st_ino, file=sys.stderr)
sys.stdin.read()
`;

function programAt(name: string): string[] {
  return [Deno.execPath(), "run", "--quiet", "--allow-all", `${import.meta.dirname}/programs/${name}`];
}

/** What somebody without rights is told. */
// deno-lint-ignore no-explicit-any
async function listedByNobody(options: ListSocketsOptions): Promise<any> {
  const through = Deno.uid() === 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  const { out, err } = await runProgram([...programAt("list_sockets.ts"), JSON.stringify(options)], { through });
  assertEquals(err, "");
  return JSON.parse(out, (key, value) => key === "message" ? undefined : value);
}

/** A process in a network namespace of its own. */
class Elsewhere implements AsyncDisposable {
  readonly address = ownName();
  readonly #process: Process;

  private constructor(path: string) {
    const through = ["unshare", "--net"];
    this.#process = new Process([...PYTHON, INSIDE, this.address, path], { input: "open", through });
  }

  static async start(path = ""): Promise<Elsewhere> {
    const elsewhere = new Elsewhere(path);
    await elsewhere.#process.says("inodes ");
    await elsewhere.#process.says("\n");
    return elsewhere;
  }

  get pid(): number {
    return this.#process.child.pid;
  }

  get network(): number {
    return Deno.statSync(`/proc/${this.pid}/ns/net`).ino!;
  }

  /** The inodes of its listener and of its client. */
  get inodes(): number[] {
    return this.#process.err.trim().split(" ").slice(1).map(Number);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

claim("the sockets of another network namespace are listed by a process, and by a file", async () => {
  await using elsewhere = await Elsewhere.start();
  using here = UnixListener.listen(elsewhere.address);
  const own = Deno.readLinkSync("/proc/thread-self/ns/net");
  for (const network of [elsewhere.pid, `${elsewhere.pid}`, `/proc/${elsewhere.pid}/ns/net`]) {
    const [entry, ...others] = listSockets({ network, addresses: [elsewhere.address] });
    assertEquals([entry.inode, others.length], [elsewhere.inodes[0], 0]);
    assertEquals([entry.network, entry.processes?.map(({ pid }) => pid)], [elsewhere.network, [elsewhere.pid]]);
  }
  assertEquals(listSockets({ addresses: [elsewhere.address] }).map(({ inode }) => inode), [inodeOf(here)]);
  assertEquals(Deno.readLinkSync("/proc/thread-self/ns/net"), own);
}, { skip: NEEDS_ROOT });

claim("all network namespaces are looked into at once, each once, this one first", async () => {
  await using one = await Elsewhere.start();
  await using other = await Elsewhere.start();
  using here = UnixListener.listen(one.address);
  const found = listSockets({ allNetworks: true, addresses: [one.address, other.address] });
  assertEquals(
    new Set(found.map(({ inode, network }) => `${inode} ${network}`)),
    new Set([
      `${inodeOf(here)} ${entryOf(here).network}`,
      `${one.inodes[0]} ${one.network}`,
      `${other.inodes[0]} ${other.network}`,
    ]),
  );
  assertEquals(found.length, 3);
}, { skip: NEEDS_ROOT });

claim("what was accepted is in the network namespace of its client, and knows its listener's name", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("s");
  using listener = UnixListener.listen(path);
  await using elsewhere = await Elsewhere.start(path);
  // Not accepted yet: the listener is known only where both are looked at.
  const [, client] = elsewhere.inodes;
  const waiting = listSockets({ allNetworks: true }).find(({ inode }) => inode === client)!;
  assertEquals([waiting.state, waiting.network, waiting.peer?.inode], [
    "pending",
    elsewhere.network,
    inodeOf(listener),
  ]);
  using server = await listener.accept();
  assertEquals(listSockets({ addresses: [path] }).map(({ state }) => state), ["listening"]);
  const [accepted] = listSockets({ addresses: [path], network: elsewhere.pid });
  assertEquals([accepted.inode, accepted.peer?.inode], [inodeOf(server), client]);
  assertEquals(accepted.processes?.map(({ pid }) => pid), [Deno.pid]);
  assertEquals(accepted.peer?.processes?.map(({ pid }) => pid), [elsewhere.pid]);
}, { skip: NEEDS_ROOT });

claim("one's own network namespace can be named by anybody", async () => {
  using listener = UnixListener.listen(ownName());
  for (const network of [Deno.pid, "/proc/self/ns/net"]) {
    assertEquals(entryOf(listener, { network }).inode, inodeOf(listener));
  }
  const found = await listedByNobody({ network: "/proc/self/ns/net", addresses: [`${listener.address}`] });
  assertEquals(found.map(({ inode }: SocketEntry) => inode), [inodeOf(listener)]);
  const all = await listedByNobody({ allNetworks: true, addresses: [`${listener.address}`] });
  assertEquals(all.map(({ inode }: SocketEntry) => inode), [inodeOf(listener)]);
});

claim("a namespace that is not there, or none, or none of networks is told by its path", () => {
  const system = (network: string | number): SystemError => assertThrows(() => listSockets({ network }), SystemError);
  assertEquals([system(999_999_999).code, system(999_999_999).address], [
    "ENOENT",
    "/proc/999999999/ns/net (net namespace)",
  ]);
  assertEquals(system("no-such-name").address, "/run/netns/no-such-name (net namespace)");
  assertEquals(system("/nowhere/at/all").address, "/nowhere/at/all (net namespace)");
  assertThrows(() => listSockets({ network: "/dev/null" }), TypeError, "/dev/null is no network namespace");
  assertThrows(
    () => listSockets({ network: "/proc/self/ns/uts" }),
    TypeError,
    "/proc/self/ns/uts is no network namespace",
  );
});

claim("a namespace with a name is found by it, as ip-netns(8) keeps them, also if no process is in it", async () => {
  const name = `ipcx-test-${crypto.randomUUID()}`;
  // In a mount namespace of its own, so that nothing is left in /run.
  const prepare = [
    `mount -t tmpfs none /run && mkdir /run/netns && touch /run/netns/no-namespace /run/netns/${name}`,
    `unshare --net=/run/netns/${name} true && exec "$0" "$@"`,
  ].join(" && ");
  const through = ["unshare", "--mount", "sh", "-c", prepare];
  const { out, err } = await runProgram([...programAt("find_networks.ts"), name], { through });
  assertEquals(err, "");
  const { named, all } = JSON.parse(out) as { named: number; all: [number, string][] };
  assertEquals(all.find(([inode]) => inode === named), [named, `/run/netns/${name}`]);
  assertEquals(all[0], [Deno.statSync("/proc/self/ns/net").ino!, "/proc/self/ns/net"]);
  assertEquals(new Set(all.map(([inode]) => inode)).size, all.length);
}, { skip: NEEDS_ROOT });

claim("nobody looks into another's network namespace without rights", async () => {
  await using elsewhere = await Elsewhere.start();
  const failed = await listedByNobody({ network: elsewhere.pid });
  assertEquals(failed, { code: "EACCES", address: `/proc/${elsewhere.pid}/ns/net (net namespace)` });
}, { skip: NEEDS_ROOT });

claim("a namespace that may be seen and not joined is told by its path, and what is missing", async () => {
  await using elsewhere = await Elsewhere.start();
  const through = ["setpriv", "--bounding-set=-sys_admin"];
  const { out } = await runProgram([...programAt("list_sockets.ts"), `{"network":${elsewhere.pid}}`], { through });
  const { code, address, message } = JSON.parse(out);
  assertEquals([code, address], ["EPERM", `/proc/${elsewhere.pid}/ns/net (net namespace)`]);
  assert(message.includes("CAP_SYS_ADMIN"), message);
}, { skip: NEEDS_ROOT });
