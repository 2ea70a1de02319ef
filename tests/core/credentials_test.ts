import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SystemError } from "../../src/core/errors.ts";
import type { Fd } from "../../src/core/fd.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { PeerProcess } from "../../src/core/peer_process.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { isCloseOnExec, targetOf } from "./open_descriptors.ts";
import { asNobody, command, result, Running } from "./programs/run.ts";

const SELF = { pid: Deno.pid, uid: Deno.uid()!, gid: Deno.gid()! };

async function connected(type: "stream" | "seqpacket" = "stream"): Promise<[UnixSocket, UnixSocket]> {
  using listener = UnixListener.listen(ownName(), { type });
  const client = await UnixSocket.connect(listener.address, { type });
  return [client, await listener.accept()];
}

function pidOf(pidfd: Fd): number {
  return Number(/^Pid:\s*(-?\d+)$/m.exec(Deno.readTextFileSync(`/proc/self/fdinfo/${pidfd.number}`))![1]);
}

claim("both ends of a connection and of a pair know who is there", async () => {
  for (const [one, other] of [await connected(), await connected("seqpacket"), UnixSocket.pair()]) {
    assertEquals(one.peerCredentials, SELF);
    assertEquals(other.peerCredentials, SELF);
    one.close();
    other.close();
  }
});

claim("the credentials of a peer are those of its process, as when it connected", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o777);
  using listener = UnixListener.listen(ownName());
  await using program = new Running("connect_and_wait.ts", [`${listener.listensAt}`], asNobody(directory.path));
  using server = await listener.accept();
  assertEquals(server.peerCredentials, { pid: program.child.pid, uid: 65534, gid: 65534 });
  assertEquals(server.peerGroups, []);
  using pidfd = server.openPeerPidfd();
  assertEquals(pidOf(pidfd), program.child.pid);
  assert(isCloseOnExec(pidfd.number));
  await program.end();
  assertEquals(server.peerCredentials.pid, program.child.pid);
}, { skip: NEEDS_ROOT });

claim("the supplementary groups of a peer are known", async () => {
  using listener = UnixListener.listen(ownName());
  const through = ["setpriv", "--groups", "7,8,1234567"];
  await using program = new Running("connect_and_wait.ts", [`${listener.listensAt}`], { through });
  using server = await listener.accept();
  assertEquals(server.peerGroups.sort(), [1234567, 7, 8]);
  await program.end();
}, { skip: NEEDS_ROOT });

claim("a pair knows the process that made it", () => {
  const [left, right] = UnixSocket.pair("seqpacket");
  using pidfd = left.openPeerPidfd();
  assertEquals(pidOf(pidfd), Deno.pid);
  assert(targetOf(pidfd.number).includes("pidfd"));
  left.close();
  right.close();
});

claim("messages come with credentials only where they are asked for", async () => {
  for (const type of ["stream", "seqpacket", "dgram"] as const) {
    const [left, right] = UnixSocket.pair(type);
    await left.send("before");
    assertEquals((await right.receive())!.credentials, undefined);
    right.setOption("passCredentials", true);
    await left.send("after");
    assertEquals((await right.receive())!.credentials, SELF);
    left.close();
    right.close();
  }
});

claim("a listener that passes credentials has them for what is sent before it accepts", async () => {
  for (const type of ["stream", "seqpacket"] as const) {
    using listener = UnixListener.listen(ownName(), { type, passCredentials: true });
    using client = await UnixSocket.connect(listener.address, { type });
    await client.send("early");
    using server = await listener.accept();
    assert(server.getOption("passCredentials"));
    assertEquals((await server.receive())!.credentials, SELF);
  }
});

claim("credentials, pidfd and 253 descriptors fit into one message", async () => {
  const [left, right] = UnixSocket.pair("seqpacket");
  right.setOption("passCredentials", true);
  right.setOption("passPidfd", true);
  await left.send("x", { fds: Array.from({ length: 253 }, () => left.fd), credentials: SELF });
  using message = await right.receive();
  assertEquals(message!.fds.length, 253);
  assertEquals(message!.credentials, SELF);
  assertEquals(pidOf(message!.pidfd!), Deno.pid);
  assertEquals(message!.controlTruncated, false);
  left.close();
  right.close();
});

claim("a pidfd that nobody took is closed with its message, and none comes with the end", async () => {
  const [left, right] = UnixSocket.pair();
  right.setOption("passPidfd", true);
  await left.send("x");
  {
    using message = await right.receive();
    assertEquals(pidOf(message!.pidfd!), Deno.pid);
    assert(isCloseOnExec(message!.pidfd!.number));
  }
  left.close();
  assertEquals(await right.receive(), null);
  right.close();
});

claim("one's own credentials may be sent, and root may send another's", async () => {
  const [left, right] = UnixSocket.pair();
  right.setOption("passCredentials", true);
  await left.send("own", { credentials: SELF });
  assertEquals((await right.receive())!.credentials, SELF);
  if (!NEEDS_ROOT) {
    const other = { pid: 1, uid: 4294967294, gid: 1234 };
    await left.send("another's", { credentials: other });
    assertEquals((await right.receive())!.credentials, other);
  }
  left.close();
  right.close();
});

claim("a process that does not exist cannot be claimed", async () => {
  const [left, right] = UnixSocket.pair();
  const error = await assertRejects(() => left.send("x", { credentials: { ...SELF, pid: 4194304 } }), SystemError);
  assertEquals([error.code, error.syscall], [NEEDS_ROOT ? "EPERM" : "ESRCH", "sendmsg"]);
  assertEquals(right.tryReceive(), undefined);
  left.close();
  right.close();
});

claim("forged credentials are refused for an unprivileged process, and nothing is sent", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o777);
  const told = await result<Record<string, string>>("forge_credentials.ts", [], asNobody(directory.path));
  assertEquals(told, { pid: "EPERM", uid: "EPERM", gid: "EPERM", own: "sent", queued: "1" });
}, { skip: NEEDS_ROOT });

claim("each capability allows to forge one part of the credentials, and no other", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o777);
  const refused = { pid: "EPERM", uid: "EPERM", gid: "EPERM", own: "sent", queued: "2" };
  for (const [capability, part] of [["sys_admin", "pid"], ["setuid", "uid"], ["setgid", "gid"]]) {
    const { through, env } = asNobody(directory.path);
    const capable = [...through!, `--inh-caps=+${capability}`, `--ambient-caps=+${capability}`];
    const told = await result<Record<string, string>>("forge_credentials.ts", [], { through: capable, env });
    assertEquals(told, { ...refused, [part]: "sent" });
  }
}, { skip: NEEDS_ROOT });

claim("the groups of a peer are those it had when it connected", async () => {
  using listener = UnixListener.listen(ownName());
  await using peer = new Running("peer.py", [], { through: ["setpriv", "--groups", "7,8"] });
  for (const line of [`connect ${listener.listensAt}`, "drop 65534"]) {
    await peer.say(line);
    await peer.line();
  }
  using server = await listener.accept();
  using process = PeerProcess.of(server);
  assertEquals([server.peerCredentials.uid, server.peerGroups.sort()], [0, [7, 8]]);
  assertEquals([process.ids.uids.real, process.ids.groups], [65534, []]);
}, { skip: NEEDS_ROOT });

claim("the peer of a socket without one is not known", () => {
  using socket = UnixSocket.bound(ownName());
  assertEquals(socket.peerCredentials.pid, 0);
  assertEquals(assertThrows(() => socket.peerGroups, SystemError).code, "ENODATA");
  assertEquals(assertThrows(() => socket.openPeerPidfd(), SystemError).code, "ENODATA");
});

claim("a peer that has died still has its credentials", async () => {
  using listener = UnixListener.listen(ownName());
  const ended = command("connect_and_wait.ts", [`${listener.listensAt}`]).output();
  using server = await listener.accept();
  await ended;
  assert(server.peerCredentials.pid > 0);
  assertEquals(await server.receive(), null);
});
