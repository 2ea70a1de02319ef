import { assert, assertEquals, assertRejects } from "@std/assert";
import { AddressError, UnixAddress } from "../../src/core/address.ts";
import { isAlive } from "../../src/core/connect.ts";
import { SystemError } from "../../src/core/errors.ts";
import { Fd } from "../../src/core/fd.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { native } from "../../src/core/native.ts";
import { typeNumber } from "../../src/core/options.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { isCloseOnExec, isNonblocking } from "./open_descriptors.ts";
import { asNobody, result } from "./programs/run.ts";

claim("a connection is made to a path and to an abstract name, of either type", async () => {
  using directory = new OwnDirectory();
  for (const address of [directory.file("one"), ownName()]) {
    for (const type of ["stream", "seqpacket"] as const) {
      using listener = UnixListener.listen(address, { type });
      using client = await UnixSocket.connect(address, { type });
      using server = await listener.accept();
      assertEquals([client.type, server.type], [type, type]);
      for (const { fd } of [client, server, listener]) {
        assert(isCloseOnExec(fd.number));
        assert(isNonblocking(fd.number));
      }
      await client.send("x");
      assertEquals((await server.receive())!.text, "x");
    }
  }
});

claim("a connection fails with the kernel's reason", async () => {
  using directory = new OwnDirectory();
  using _listener = UnixListener.listen(directory.file("stream"));
  Deno.writeTextFileSync(directory.file("file"), "");
  UnixListener.listen(directory.file("stale")).release().close();
  for (
    const [address, type, code] of [
      [directory.file("none"), "stream", "ENOENT"],
      [directory.file("file"), "stream", "ECONNREFUSED"],
      [directory.file("stale"), "stream", "ECONNREFUSED"],
      [directory.file("stream"), "seqpacket", "EPROTOTYPE"],
      [ownName(), "stream", "ECONNREFUSED"],
    ] as const
  ) {
    const error = await assertRejects(() => UnixSocket.connect(address, { type }), SystemError);
    assertEquals([error.code, error.syscall, error.address], [code, "connect", address]);
  }
});

claim("a connection waits while the backlog is full, and is made when there is room", async () => {
  using listener = UnixListener.listen(ownName(), { backlog: 0 });
  using first = await UnixSocket.connect(listener.address);
  let connected = false;
  const connecting = UnixSocket.connect(listener.address).then((socket) => {
    connected = true;
    return socket;
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert(!connected);
  using one = await listener.accept();
  using second = await connecting;
  using other = await listener.accept();
  await first.send("first");
  await second.send("second");
  assertEquals((await one.receive())!.text, "first");
  assertEquals((await other.receive())!.text, "second");
});

claim("a backlog that stays full is an error after the time-out", async () => {
  using listener = UnixListener.listen(ownName(), { backlog: 0 });
  using _first = await UnixSocket.connect(listener.address);
  for (const timeout of [0, 30]) {
    const start = performance.now();
    const error = await assertRejects(() => UnixSocket.connect(listener.address, { timeout }), SystemError);
    assertEquals([error.code, error.address], ["ETIMEDOUT", `${listener.listensAt}`]);
    assert(error.message.includes("did not take the connection in time"));
    const took = performance.now() - start;
    assert(took >= timeout - 1 && took < timeout + 20_000, `${took} ms`);
  }
});

claim("an address that is open already is taken over, not connected to", async () => {
  await assertRejects(() => UnixSocket.connect("fd:1000000"), SystemError, "EBADF");
  await assertRejects(() => UnixSocket.connect(UnixAddress.unnamed), SystemError, "connect (unnamed)");
  await assertRejects(() => UnixSocket.connect("nonsense"), AddressError);
});

// Its O_NONBLOCK is shared with whoever has the other descriptors of it, and stays as it is.
claim("a connection that the process was started with is taken over", async () => {
  const told = await result<object>("inherit_connection.ts", ["5"], {
    through: ["python3", `${import.meta.dirname}/programs/hand_over.py`, "5"],
  });
  assertEquals(told, { received: "from the launcher", nonblocking: false, closeOnExec: true });
});

claim("a file that may not be reached or written to is told as such", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o777);
  using listener = UnixListener.listen(directory.file("private"));
  Deno.mkdirSync(directory.file("closed"), { mode: 0o700 });
  using hidden = UnixListener.listen(directory.file("closed/open"), { mode: 0o666 });
  for (const { listensAt } of [listener, hidden]) {
    const told = await result<object>("connect_once.ts", [`${listensAt}`], asNobody(directory.path));
    assertEquals(told, {
      code: "EACCES",
      message: `connect ${listensAt}: Permission denied (EACCES); the socket's owner and mode do not let this user in`,
    });
  }
}, { skip: NEEDS_ROOT });

claim(
  "a socket is alive from its bind to its close, whatever its type, and is not connected to by the question",
  async () => {
    using directory = new OwnDirectory();
    const address = UnixAddress.path(directory.file("one"));
    assert(!isAlive(address));
    for (const type of ["stream", "seqpacket", "dgram"] as const) {
      using bound = new Fd(native.ipcx_socket(typeNumber(type)));
      assertEquals(native.ipcx_bind(bound.number, address.bytes, address.bytes.length), 0);
      assert(isAlive(address), type);
      if (type !== "dgram") {
        assertEquals(native.ipcx_listen(bound.number, 0), 0);
        assert(isAlive(address), type);
        using listener = UnixListener.fromFd(new Fd(bound.release()));
        assertEquals(listener.tryAccept(), undefined);
        using _client = await UnixSocket.connect(address, { type });
        // Its backlog is full.
        assert(isAlive(address), type);
        listener.close();
      } else bound.close();
      assert(!isAlive(address), type);
      Deno.removeSync(address.filename);
    }
  },
);

claim("a datagram socket that takes nothing from others is alive", () => {
  using directory = new OwnDirectory();
  const address = UnixAddress.path(directory.file("one"));
  const [left, right] = UnixSocket.pair("dgram");
  assertEquals(native.ipcx_bind(left.fd.number, address.bytes, address.bytes.length), 0);
  assert(isAlive(address));
  left.close();
  right.close();
  assert(!isAlive(address));
});
