import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { ClosedError, SystemError } from "../../src/core/errors.ts";
import type { Fd } from "../../src/core/fd.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { holdByNumber } from "../../src/core/hold_process.ts";
import { PeerProcess } from "../../src/core/peer_process.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { isCloseOnExec } from "./open_descriptors.ts";
import { asNobody, result, Running, type RunOptions } from "./programs/run.ts";

const NOBODY = 65534;
const ENOPROTOOPT = 92;

/** A peer that does as it is told, and our end of its connection. */
class Connected implements AsyncDisposable {
  private constructor(readonly peer: Running, readonly pid: number, readonly socket: UnixSocket) {}

  static async start(options: RunOptions = {}): Promise<Connected> {
    using listener = UnixListener.listen(ownName(), { passCredentials: true });
    const peer = new Running("peer.py", [], options);
    const pid = Number(await tell(peer, `connect ${listener.listensAt}`));
    return new Connected(peer, pid, await listener.accept());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    await this.peer[Symbol.asyncDispose]();
  }
}

async function tell(peer: Running, line: string): Promise<string | undefined> {
  await peer.say(line);
  return await peer.line();
}

/** What each look at a process throws. */
function looks(peer: PeerProcess): Record<string, () => unknown> {
  return {
    executable: () => peer.executable,
    commandLine: () => peer.commandLine,
    cgroup: () => peer.cgroup,
    startTime: () => peer.startTime,
    ids: () => peer.ids,
    identity: () => peer.identity,
    namespace: () => peer.namespace("net"),
    open: () => peer.open("status"),
  };
}

function assertNothingSeen(peer: PeerProcess): void {
  for (const [name, look] of Object.entries(looks(peer))) {
    assertEquals(assertThrows(look, SystemError).code, "ESRCH", name);
  }
}

claim("a peer is held with its number, ids and pidfd, and everything that /proc tells of it", async () => {
  await using connected = await Connected.start();
  using peer = PeerProcess.of(connected.socket);
  const { pid } = connected;
  assertEquals([peer.pid, peer.uid, peer.gid, peer.isVouchedFor], [pid, Deno.uid(), Deno.gid(), true]);
  assert(isCloseOnExec(peer.pidfd.number));
  assert(peer.isAlive);
  assertEquals(peer.executable, Deno.readLinkSync(`/proc/${pid}/exe`));
  assertEquals(peer.commandLine.join(" "), Deno.readTextFileSync(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim());
  assertEquals(peer.cgroup, /^0::(.*)$/m.exec(Deno.readTextFileSync(`/proc/${pid}/cgroup`))?.[1]);
  for (const kind of ["net", "pid", "mnt", "user"] as const) {
    assertEquals(peer.namespace(kind), Deno.readLinkSync(`/proc/${pid}/ns/${kind}`));
  }
  const same = { real: Deno.uid()!, effective: Deno.uid()!, saved: Deno.uid()!, filesystem: Deno.uid()! };
  assertEquals(peer.ids.uids, same);
  const { inode, bootId, ...rest } = peer.identity;
  assertEquals(rest, { pid, startTime: peer.startTime });
  assertEquals(bootId, Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim());
  assert(BigInt(inode) > 0n);
  using file = peer.open("exe");
  const [one, other] = [Deno.statSync(`/proc/self/fd/${file.number}`), Deno.statSync(peer.executable)];
  assertEquals([one.dev, one.ino], [other.dev, other.ino]);
  assert(peer.signal(0));
  assertEquals(await tell(connected.peer, "send x"), `${pid}`);
});

claim("the end of a peer is told by an event, and nothing is told of it afterwards", async () => {
  await using connected = await Connected.start();
  using looked = PeerProcess.of(connected.socket);
  using peer = PeerProcess.of(connected.socket);
  assert(looked.executable.includes("python"));
  const ended = peer.ended();
  await connected.peer.end();
  await ended;
  await peer.ended();
  for (const one of [looked, peer]) {
    assertEquals(one.isAlive, false);
    assertEquals(one.signal(0), false);
    assertNothingSeen(one);
  }
  using late = PeerProcess.of(connected.socket);
  assertEquals([late.pid, late.isAlive, late.isVouchedFor], [connected.pid, false, true]);
  assertNothingSeen(late);
});

claim("a peer that has ended and that nobody has waited for is one that has ended", async () => {
  using listener = UnixListener.listen(ownName());
  await using parent = new Running("peer.py");
  const child = Number(await tell(parent, `forget ${listener.listensAt}`));
  using socket = await listener.accept();
  using peer = PeerProcess.of(socket);
  await peer.ended();
  assertEquals([peer.pid, peer.isAlive], [child, false]);
  assertMatch(Deno.readTextFileSync(`/proc/${child}/stat`), /\) Z /);
  assertNothingSeen(peer);
});

claim("a wait for the end of a peer ends with its signal, and with close", async () => {
  const [left, right] = UnixSocket.pair();
  const peer = PeerProcess.of(left);
  const controller = new AbortController();
  const aborted = assertRejects(() => peer.ended({ signal: controller.signal }), Error, "enough");
  const closed = assertRejects(() => peer.ended(), ClosedError);
  controller.abort(new Error("enough"));
  await aborted;
  peer.close();
  peer.close();
  await closed;
  assertThrows(() => peer.isAlive, ClosedError);
  left.close();
  right.close();
});

claim("a peer that nobody waits for keeps no process alive", async () => {
  assertEquals(await result<object>("hold_peer.ts"), { isAlive: true });
});

claim("both ends of a pair name who made it, and a message who sent it", async () => {
  await using connected = await Connected.start();
  const { pid, peer: program, socket } = connected;
  const [ours, theirs] = UnixSocket.pair("seqpacket");
  for (const option of ["passCredentials", "passPidfd"] as const) ours.setOption(option, true);
  await socket.send("x", { fds: [theirs.fd] });
  theirs.close();
  assertEquals(await tell(program, "take"), `${pid}`);
  using maker = PeerProcess.of(ours);
  assertEquals(maker.pid, Deno.pid);
  await tell(program, "send hello");
  using message = (await ours.receive())!;
  using sender = PeerProcess.ofMessage(message);
  assertEquals([sender.pid, sender.uid, sender.isVouchedFor, sender.isAlive], [pid, Deno.uid(), true, true]);
  assert(sender.executable.includes("python"));
  assert(message.pidfd!.isOpen);
  await program.end();
  await sender.ended();
  assertNothingSeen(sender);
  ours.close();
});

claim("a message without credentials has no sender, and one from before they were asked for neither", async () => {
  const [left, right] = UnixSocket.pair();
  await left.send("before");
  const before = (await right.receive())!;
  assertThrows(() => PeerProcess.ofMessage(before), TypeError, "set passCredentials before it is sent");
  await left.send("queued");
  right.setOption("passCredentials", true);
  right.setOption("passPidfd", true);
  const queued = (await right.receive())!;
  assertEquals([queued.credentials, queued.pidfd], [{ pid: 0, uid: NOBODY, gid: NOBODY }, undefined]);
  assertEquals(assertThrows(() => PeerProcess.ofMessage(queued), SystemError).code, "ESRCH");
  left.close();
  right.close();
});

claim("without a pidfd a sender is held by its number, and that is told", async () => {
  const [left, right] = UnixSocket.pair();
  right.setOption("passCredentials", true);
  await left.send("x");
  using message = (await right.receive())!;
  using sender = PeerProcess.ofMessage(message);
  assertEquals([sender.pid, sender.isVouchedFor, sender.isAlive], [Deno.pid, false, true]);
  left.close();
  right.close();
});

claim("whoever may claim to be another is taken for that one, its pidfd included", async () => {
  const [left, right] = UnixSocket.pair();
  for (const option of ["passCredentials", "passPidfd"] as const) right.setOption(option, true);
  await left.send("x", { credentials: { pid: 1, uid: 1234, gid: 5678 } });
  using message = (await right.receive())!;
  using sender = PeerProcess.ofMessage(message);
  assertEquals([sender.pid, sender.uid, sender.gid, sender.isVouchedFor], [1, 1234, 5678, true]);
  assertEquals(sender.startTime, Number(Deno.readTextFileSync("/proc/1/stat").split(") ")[1].split(" ")[19]));
  left.close();
  right.close();
}, { skip: NEEDS_ROOT });

claim(
  "a peer is who connected, although it gave up its rights, became another program, or left it to a child",
  async () => {
    await using connected = await Connected.start();
    const { peer: program, socket, pid } = connected;
    using peer = PeerProcess.of(socket);
    await tell(program, `drop ${NOBODY}`);
    assertEquals([socket.peerCredentials.uid, peer.uid, peer.ids.uids.effective], [0, 0, NOBODY]);
    const child = await tell(program, "fork");
    await peer.ended();
    assert(Number(child) !== pid);
    await tell(program, "send hello");
    assertEquals((await socket.receive())!.credentials, { pid: Number(child), uid: NOBODY, gid: NOBODY });
    assertEquals([socket.peerCredentials.pid, peer.pid, peer.isAlive], [pid, pid, false]);
  },
  { skip: NEEDS_ROOT },
);

claim("a peer's program is what it runs now, not what it ran when it connected", async () => {
  await using connected = await Connected.start();
  using peer = PeerProcess.of(connected.socket);
  assert(peer.executable.includes("python"));
  const before = peer.executable;
  await tell(connected.peer, "become /bin/cat");
  await connected.socket.send("from cat\n");
  assertEquals(await connected.peer.line(), "from cat");
  assertEquals([before.includes("python"), peer.executable.endsWith("cat"), peer.isAlive], [true, true, true]);
  assertEquals(peer.commandLine, ["/bin/cat"]);
});

claim("what is another user's business is refused, and the rest is told", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o777);
  const told = await observe({ ...asNobody(directory.path) });
  assertEquals([told.seen.uid, told.seen.effective, told.seen.commandLine[1]], [0, 0, "-u"]);
  assertMatch(told.seen.executable, /^EACCES: readlink \/proc\/\d+\/exe: Permission denied \(EACCES\)/);
  assertMatch(told.seen.signal, /^EPERM: pidfd_send_signal/);
  assertEquals(told.after.isAlive, false);
  assertMatch(told.after.executable, /^ESRCH/);
}, { skip: NEEDS_ROOT });

claim("a peer outside of the pid namespace has no number, but is held and its end is told", async () => {
  const told = await observe({ through: ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"] });
  const { pid, uid, isAlive, isVouchedFor } = told.seen;
  assertEquals([pid, uid, isAlive, isVouchedFor], [0, 0, true, true]);
  assertMatch(told.seen.executable, /^ESRCH: open \/proc\/PID \(its pid namespace is not to be seen here\)/);
  assertMatch(told.seen.signal, /^EINVAL/);
  assertEquals(told.after.isAlive, false);
}, { skip: NEEDS_ROOT });

claim("a number in a /proc of another pid namespace is not taken for the same number here", async () => {
  const told = await observe({ through: ["unshare", "--pid", "--fork", "--kill-child"] });
  assertEquals(told.seen.pid, 0);
  assert(told.seen.executable.includes("python"), told.seen.executable);
}, { skip: NEEDS_ROOT });

claim("a peer that /proc hides is held, and the error says that it is hidden", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o777);
  const { through, env } = asNobody(directory.path);
  const hiding = 'mount -t proc -o hidepid=invisible proc /proc && exec "$@"';
  const told = await observe({ through: ["unshare", "--mount", "sh", "-c", hiding, "sh", ...through!], env });
  assertEquals([told.seen.uid, told.seen.isAlive], [0, true]);
  for (const seen of [told.seen.executable, told.seen.effective]) {
    assertMatch(`${seen}`, /^ENOENT: open \/proc\/\d+ \(hidden by hidepid\)/);
  }
  assertMatch(told.after.executable, /^ESRCH/);
}, { skip: NEEDS_ROOT });

/** What another process tells of a peer that is one of ours. */
// deno-lint-ignore no-explicit-any
async function observe(options: RunOptions): Promise<{ seen: any; after: any }> {
  const address = ownName();
  await using observer = new Running("observe_peer.ts", [address], options);
  assertEquals(await observer.line(), "listens");
  await using peer = new Running("peer.py");
  await tell(peer, `connect ${address}`);
  const seen = JSON.parse((await observer.line())!);
  await peer.end();
  const after = JSON.parse((await observer.line())!);
  await observer.end();
  return { seen, after };
}

claim("a socket without a peer has no process", () => {
  using bound = UnixSocket.bound(ownName());
  const [left, right] = UnixSocket.pair("dgram");
  assertEquals(assertThrows(() => PeerProcess.of(bound), SystemError).code, "ENODATA");
  using peer = PeerProcess.of(left);
  assertEquals(peer.pid, Deno.pid);
  left.close();
  right.close();
});

claim("on a kernel without SO_PEERPIDFD a peer is held by its number, and that is told", async () => {
  await using connected = await Connected.start();
  const old = asOnOldKernel(connected.socket, ENOPROTOOPT);
  using peer = PeerProcess.of(old);
  assertEquals([peer.pid, peer.isVouchedFor, peer.isAlive], [connected.pid, false, true]);
  assert(peer.executable.includes("python"));
  await connected.peer.end();
  await peer.ended();
  assertNothingSeen(peer);
  assertEquals(assertThrows(() => PeerProcess.of(old), SystemError).code, "ESRCH");
  // What kernels before 6.16 say of a peer that has been reaped.
  for (const errno of [3, 22]) {
    const error = assertThrows(() => PeerProcess.of(asOnOldKernel(connected.socket, errno)), SystemError);
    assertEquals([error.code, error.pid], ["ESRCH", connected.pid]);
  }
});

function asOnOldKernel(socket: UnixSocket, errno: number): UnixSocket {
  const fail = (): Fd => {
    throw new SystemError("getsockopt", errno);
  };
  return Object.create(socket, { openPeerPidfd: { value: fail } });
}

claim("by its number only a process of the same user is held, and none that is not to be seen", () => {
  const self = { pid: Deno.pid, uid: Deno.uid()!, gid: Deno.gid()! };
  using pidfd = holdByNumber(self);
  assert(isCloseOnExec(pidfd.number));
  for (const other of [{ ...self, uid: 4242 }, { ...self, pid: 0 }, { ...self, pid: 4_194_303 }]) {
    assertEquals(assertThrows(() => holdByNumber(other), SystemError).code, "ESRCH");
  }
});

claim("another process with the number of a peer is not taken for it; the number alone is fooled", async () => {
  const told = await result<Record<string, unknown>>("reused_pid.ts", [ownName()], {
    through: [
      ...["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"],
      ...["/usr/bin/python3", `${import.meta.dirname}/programs/reuse_pid.py`],
    ],
  });
  const gone = {
    isAlive: false,
    ...Object.fromEntries(
      ["executable", "commandLine", "cgroup", "startTime", "uids", "namespace", "open", "identity"]
        .map((look) => [look, "ESRCH"]),
    ),
    signal: false,
  };
  const { before, ...after } = told;
  assertEquals((before as { pid: boolean }).pid, true);
  assertEquals(after, {
    replaced: "replaced",
    rawPid: { pid: true, name: "impostor" },
    looked: gone,
    held: gone,
    late: gone,
    byNumberInTime: true,
    byNumberTooLate: true,
  });
}, { skip: NEEDS_ROOT });
