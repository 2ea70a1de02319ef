import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { ClosedError, SystemError } from "../../src/core/errors.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { Waiters } from "../../src/core/waiters.ts";
import { claim } from "../claim.ts";

async function withWaiters(
  test: (waiters: Waiters, own: UnixSocket, peer: UnixSocket) => Promise<void>,
): Promise<void> {
  const [own, peer] = UnixSocket.pair();
  const waiters = new Waiters(own.fd.number);
  try {
    await test(waiters, own, peer);
  } finally {
    waiters.close();
    own.close();
    peer.close();
  }
}

claim("a wait ends when its direction is ready, and not for the other one", async () => {
  await withWaiters(async (waiters, _own, peer) => {
    const order: string[] = [];
    const readable = waiters.wait("readable").then(() => order.push("readable"));
    await waiters.wait("writable").then(() => order.push("writable"));
    await peer.send("x");
    await readable;
    assertEquals(order, ["writable", "readable"]);
  });
});

claim("all who wait for a direction are told", async () => {
  await withWaiters(async (waiters, _own, peer) => {
    const waiting = Array.from({ length: 10 }, () => waiters.wait("readable"));
    await peer.send("x");
    await Promise.all(waiting);
  });
});

claim("the end of the connection ends waits in both directions", async () => {
  await withWaiters(async (waiters, own, peer) => {
    while (own.trySend(new Uint8Array(65536)) !== undefined);
    const waiting = [waiters.wait("readable"), waiters.wait("writable")];
    peer.close();
    await Promise.all(waiting);
  });
});

claim("a hang-up is told when the peer has gone, not when it only stops sending", async () => {
  await withWaiters(async (waiters, own, peer) => {
    let told = false;
    const hangup = waiters.wait("hangup").then(() => told = true);
    await peer.send("x");
    await waiters.wait("readable");
    const readable = waiters.wait("readable");
    peer.shutdown("write");
    await readable;
    assert(!told);
    await own.send("an answer");
    await peer.receive();
    peer.close();
    await hangup;
  });
});

claim("a hang-up is told to those who ask late, too", async () => {
  await withWaiters(async (waiters, _own, peer) => {
    const readable = waiters.wait("readable");
    peer.close();
    await readable;
    await waiters.wait("hangup");
    await waiters.wait("hangup");
  });
});

claim("what is awaited keeps the process alive, unless it was let go", async () => {
  const program = (calls: string): string => `
    import { UnixSocket } from "ipcx";
    const [own, peer] = UnixSocket.pair();
    const received = own.receive();
    globalThis.addEventListener("unload", () => console.log("ended"));
    ${calls}
    received.then((message) => console.log(message.text));
  `;
  const last = "setTimeout(() => peer.send('received'), 100);";
  for (
    const [calls, output] of [
      ["own.unref();", "ended\n"],
      [`own.unref(); own.ref(); ${last}`, "received\nended\n"],
    ]
  ) {
    const child = new Deno.Command(Deno.execPath(), { args: ["eval", "--quiet", program(calls)] });
    const { stdout, stderr } = await child.output();
    assertEquals(new TextDecoder().decode(stdout), output, new TextDecoder().decode(stderr));
  }
});

claim("close ends every wait, and those that come after it", async () => {
  await withWaiters(async (waiters) => {
    const waiting = [waiters.wait("readable"), waiters.wait("readable"), waiters.wait("hangup")];
    waiters.close();
    waiters.close();
    for (const wait of [...waiting, waiters.wait("writable")]) {
      await assertRejects(() => wait, ClosedError, "the socket was closed");
    }
  });
});

claim("a signal ends one wait with its reason, and leaves the others", async () => {
  await withWaiters(async (waiters, _own, peer) => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const aborted = waiters.wait("readable", controller.signal);
    const other = waiters.wait("readable");
    controller.abort(reason);
    assertStrictEquals(await assertRejects(() => aborted), reason);
    assertStrictEquals(await assertRejects(() => waiters.wait("readable", controller.signal)), reason);
    await peer.send("x");
    await other;
  });
});

claim("what cannot be waited for is an error of the wait", async () => {
  const error = await assertRejects(() => new Waiters(1_000_000).wait("readable"), SystemError);
  assertEquals([error.code, error.syscall], ["EBADF", "epoll_ctl"]);
});
