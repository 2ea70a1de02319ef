import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { UnixAddress } from "../../src/core/address.ts";
import { SystemError } from "../../src/core/errors.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { MAX_ABSTRACT_BYTES } from "../../src/core/linux.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { asNobody, result, Running } from "./programs/run.ts";

const NOBODY = 65534;

/** Names of fewer bytes may be somebody else's at the moment, and those of nothing but NULs as well. */
const OWN_BYTES = 8;

function mayBeTaken(bytes: Uint8Array): boolean {
  return bytes.length < OWN_BYTES || bytes.every((byte) => byte === 0);
}

const anyName = fc.oneof(
  fc.uint8Array({ maxLength: MAX_ABSTRACT_BYTES }),
  // NULs at all places, and nothing else.
  fc.integer({ min: 0, max: MAX_ABSTRACT_BYTES }).map((length) => new Uint8Array(length)),
  fc.uint8Array({ minLength: MAX_ABSTRACT_BYTES, maxLength: MAX_ABSTRACT_BYTES }),
);

function isTaken(name: string, type?: "seqpacket"): boolean {
  try {
    UnixListener.listen(name, { type }).close();
    return false;
  } catch (error) {
    if (error instanceof SystemError && error.code === "EADDRINUSE") return true;
    throw error;
  }
}

claim("any bytes are a name, which both ends are told byte for byte, and which no longer one is", async () => {
  await fc.assert(
    fc.asyncProperty(anyName, fc.constantFrom("stream" as const, "seqpacket" as const), async (bytes, type) => {
      const address = UnixAddress.abstract(bytes);
      let listener: UnixListener;
      try {
        listener = UnixListener.listen(address, { type });
      } catch (error) {
        assert(error instanceof SystemError && error.code === "EADDRINUSE" && mayBeTaken(bytes), String(error));
        return;
      }
      using _listener = listener;
      using client = await UnixSocket.connect(address, { type });
      using server = await listener.accept();
      for (const told of [listener.address, client.peerAddress, server.address]) {
        assertEquals([told.kind, [...told.bytes]], ["abstract", [...bytes]]);
      }
      assert(UnixAddress.parse(`${listener.address}`).equals(address));
      await client.send("x");
      assertEquals((await server.receive())!.text, "x");
      if (mayBeTaken(bytes) || bytes.length === MAX_ABSTRACT_BYTES) return;
      const longer = UnixAddress.abstract(new Uint8Array([...bytes, 0]));
      await assertRejects(() => UnixSocket.connect(longer, { type }), SystemError, "ECONNREFUSED");
    }),
    { numRuns: 200 },
  );
});

claim("a datagram comes with the name it was sent from, whatever its bytes", async () => {
  using receiver = UnixSocket.bound(ownName());
  const own = crypto.getRandomValues(new Uint8Array(OWN_BYTES));
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: MAX_ABSTRACT_BYTES - OWN_BYTES }), async (rest) => {
      const bytes = new Uint8Array([...own, ...rest]);
      using sender = UnixSocket.bound(UnixAddress.abstract(bytes));
      await sender.send("x", { to: receiver.address });
      assertEquals([...(await receiver.receive())!.from!.bytes], [...bytes]);
    }),
    { numRuns: 100 },
  );
});

claim("a name that the kernel chooses has five hexadecimal digits, and nobody else has it", () => {
  using one = UnixSocket.bound(UnixAddress.unnamed);
  using other = UnixSocket.bound(UnixAddress.unnamed);
  using listener = UnixListener.listen(UnixAddress.unnamed);
  const names = [one, other, listener].map(({ address }) => `${address}`);
  for (const name of names) assertMatch(name, /^@[0-9a-f]{5}$/);
  assertNotEquals(names[0], names[1]);
  assertEquals(`${listener.listensAt}`, names[2]);
});

claim("a socket that asks for credentials gets a name when it sends or connects", async () => {
  using receiver = UnixSocket.bound(ownName());
  using sender = await UnixSocket.connect(receiver.address, { type: "dgram" });
  await sender.send("without");
  assertEquals((await receiver.receive())!.from, undefined);
  sender.setOption("passCredentials", true);
  await sender.send("with");
  assertMatch(`${(await receiver.receive())!.from}`, /^@[0-9a-f]{5}$/);
});

claim("each type of socket has names of its own", async () => {
  const name = ownName();
  using _stream = UnixListener.listen(name);
  using _seqpacket = UnixListener.listen(name, { type: "seqpacket" });
  using _dgram = UnixSocket.bound(name);
  for (const type of ["stream", "seqpacket"] as const) {
    assertEquals(assertThrows(() => UnixListener.listen(name, { type }), SystemError).code, "EADDRINUSE");
  }
  assertEquals(assertThrows(() => UnixSocket.bound(name), SystemError).code, "EADDRINUSE");
  (await UnixSocket.connect(name)).close();
});

claim(
  "a name is there until its last descriptor is closed: a duplicate, one in flight, one of another process",
  async () => {
    const name = ownName();
    const listener = UnixListener.listen(name);
    const duplicate = listener.fd.duplicate();
    listener.close();
    assert(isTaken(name));
    const [left, right] = UnixSocket.pair();
    await left.send("x", { fds: [duplicate] });
    duplicate.close();
    assert(isTaken(name));
    await using child = new Running("peer.py");
    {
      using meeting = UnixListener.listen(ownName());
      for (const line of [`connect ${meeting.listensAt}`, "take"]) {
        await child.say(line);
        if (line === "take") {
          using connection = await meeting.accept();
          using message = (await right.receive())!;
          await connection.send("x", { fds: message.fds });
        }
        await child.line();
      }
    }
    left.close();
    right.close();
    assert(isTaken(name));
    // Nobody accepts there, but connections are made.
    (await UnixSocket.connect(name)).close();
    await child.end();
    assert(!isTaken(name));
  },
);

claim("a name that is only in flight is free as soon as nobody can receive it any more", async () => {
  const name = ownName();
  const [left, right] = UnixSocket.pair();
  const listener = UnixListener.listen(name);
  await left.send("x", { fds: [listener.fd] });
  listener.close();
  assert(isTaken(name));
  left.close();
  assert(isTaken(name));
  right.close();
  assert(!isTaken(name));
});

claim("no permissions protect a name: others connect to it, and others take it first", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o777);
  using listener = UnixListener.listen(ownName(), { mode: 0o600 });
  const told = result<object>("connect_once.ts", [`${listener.listensAt}`], asNobody(directory.path));
  using server = await listener.accept();
  assertEquals(server.peerCredentials.uid, NOBODY);
  assertEquals(await told, { code: "none" });
  const wanted = ownName();
  await using squatter = new Running("squat.py", [wanted], { through: asNobody("/").through });
  assertEquals(await squatter.line(), "listens");
  const error = assertThrows(() => UnixListener.listen(wanted), SystemError);
  assertEquals([error.code, error.address], ["EADDRINUSE", wanted]);
}, { skip: NEEDS_ROOT });

claim("a name counts in its own network namespace, but a listener that was passed into another serves on", async () => {
  const name = ownName();
  const through = [
    ...["/usr/bin/python3", `${import.meta.dirname}/programs/hand_over_listener.py`, name],
    ...["unshare", "--net"],
  ];
  await using elsewhere = new Running("listen_elsewhere.ts", [name, "3"], { through });
  const told = JSON.parse((await elsewhere.line())!);
  assertEquals(told.listened, true);
  assertEquals(told.code, "ECONNREFUSED");
  assertMatch(told.message, /nobody listens there; an abstract name counts only in its own network namespace$/);
  assert(isTaken(name));
  using client = await UnixSocket.connect(name);
  await client.send("from the namespace of the name");
  assertEquals(await elsewhere.line(), "from the namespace of the name");
}, { skip: NEEDS_ROOT });

claim("a name is reached from an empty root directory, where no file is", async () => {
  using directory = new OwnDirectory();
  Deno.mkdirSync(directory.file("empty"));
  using outside = UnixListener.listen(ownName());
  using file = UnixListener.listen(directory.file("socket"), { mode: 0o666 });
  const inside = ownName();
  await using jailed = new Running("chroot.py", [
    directory.file("empty"),
    `${outside.listensAt}`,
    inside,
    `${file.listensAt}`,
  ]);
  using server = await outside.accept();
  assertEquals(server.peerCredentials, { pid: jailed.child.pid, uid: NOBODY, gid: NOBODY });
  assertEquals((await server.receive())!.text, "from an empty root: [] No such file or directory");
  using client = await UnixSocket.connect(inside, { peerUid: NOBODY });
  assertEquals((await client.receive())!.text, "welcome");
}, { skip: NEEDS_ROOT });
