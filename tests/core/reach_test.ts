import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { AddressError, UnixAddress } from "../../src/core/address.ts";
import { SystemError } from "../../src/core/errors.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { openPath, reach } from "../../src/core/reach.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { countOpen, isCloseOnExec } from "./open_descriptors.ts";
import { result } from "./programs/run.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** A directory so deep that no path in it fits into sun_path. */
function deep(directory: OwnDirectory): string {
  const path = directory.file(`${"d".repeat(100)}/${"e".repeat(100)}`);
  Deno.mkdirSync(path, { recursive: true });
  return path;
}

async function roundTrip(address: string, listener: UnixListener): Promise<void> {
  using client = await UnixSocket.connect(address);
  using server = await listener.accept();
  await client.send("ping");
  using message = await server.receive();
  assertEquals(message!.text, "ping");
}

claim("names that fit are handed to the kernel as they are", () => {
  for (const purpose of ["bind", "connect"] as const) {
    using path = reach(UnixAddress.path(`/${"p".repeat(106)}`), purpose);
    assertEquals(text(path.bytes), `/${"p".repeat(106)}`);
    using name = reach(UnixAddress.abstract("a\0b"), purpose);
    assertEquals(text(name.bytes), "\0a\0b");
    using empty = reach(UnixAddress.abstract(""), purpose);
    assertEquals(text(empty.bytes), "\0");
    using unnamed = reach(UnixAddress.unnamed, purpose);
    assertEquals(unnamed.bytes.length, 0);
  }
});

claim("a descriptor has no name to bind or connect to", () => {
  for (const purpose of ["bind", "connect"] as const) {
    assertThrows(
      () => reach(UnixAddress.fd(3), purpose),
      AddressError,
      `fd:3 is open already and has no name to ${purpose}`,
    );
  }
});

claim("a long path goes through a descriptor that is held only as long as the name", () => {
  using directory = new OwnDirectory();
  const path = `${deep(directory)}/one.socket`;
  const before = countOpen();
  {
    using name = reach(UnixAddress.path(path), "bind");
    assertMatch(text(name.bytes), /^\/proc\/self\/fd\/\d+\/one\.socket$/);
    assertEquals(countOpen(), before + 1);
    assert(isCloseOnExec(Number(text(name.bytes).split("/")[4])));
  }
  assertEquals(countOpen(), before);
});

claim("a socket with a long path is bound, connected to, and removed", async () => {
  using directory = new OwnDirectory();
  const path = `${deep(directory)}/one.socket`;
  {
    using listener = UnixListener.listen(path);
    assert(Deno.lstatSync(path).isSocket);
    assertEquals(listener.listensAt.toString(), path);
    await roundTrip(path, listener);
    assertThrows(() => UnixListener.listen(path), SystemError, "EADDRINUSE");
  }
  assertThrows(() => Deno.lstatSync(path), Deno.errors.NotFound);
});

claim("a stale socket file with a long path is replaced", async () => {
  using directory = new OwnDirectory();
  const path = `${deep(directory)}/one.socket`;
  UnixListener.listen(path).release().close();
  using listener = UnixListener.listen(path);
  await roundTrip(path, listener);
});

claim("107 bytes are the most for a path as it stands, and 108 work just as well", async () => {
  using directory = new OwnDirectory();
  for (const length of [106, 107, 108, 109]) {
    const path = directory.file("s".repeat(length - directory.path.length - 1));
    assertEquals(path.length, length);
    using listener = UnixListener.listen(path);
    await roundTrip(path, listener);
  }
});

claim("a long relative path is bound, connected to, and removed", async () => {
  using directory = new OwnDirectory();
  const path = `${deep(directory).slice(directory.path.length + 1)}/one.socket`;
  for (const relative of [path, `./${path}`, `./${"./".repeat(60)}one.socket`]) {
    const told = await result<{ served: boolean; isLeft: boolean }>("listen_relative.ts", [relative], {
      cwd: directory.path,
    });
    assertEquals(told, { served: true, isLeft: false });
  }
});

claim("a last component that is too long to bind to is refused with what would fit", () => {
  using directory = new OwnDirectory();
  const before = countOpen();
  for (const length of [100, 255]) {
    const path = directory.file("ü".repeat(length).slice(0, length));
    const error = assertThrows(() => UnixListener.listen(path), AddressError);
    assertMatch(error.message, /^the last component of '.*' has \d+ bytes; \d\d is the most to bind to$/);
    const [, most] = /; (\d+) is the most/.exec(error.message)!;
    using listener = UnixListener.listen(`${deep(directory)}/${"x".repeat(Number(most))}`);
    assert(listener.fd.isOpen);
  }
  assertEquals(countOpen(), before);
});

claim("a socket file is connected to however long its last component is", async () => {
  using directory = new OwnDirectory();
  const short = directory.file("short");
  const long = directory.file("l".repeat(255));
  using listener = UnixListener.listen(short);
  Deno.renameSync(short, long);
  await roundTrip(long, listener);
  Deno.renameSync(long, short);
});

claim("a long path that leads nowhere says so", async () => {
  using directory = new OwnDirectory();
  const nowhere = directory.file(`${"d".repeat(100)}/one.socket`);
  const bound = assertThrows(() => UnixListener.listen(nowhere), SystemError);
  assertEquals([bound.code, bound.syscall, bound.address], ["ENOENT", "bind", nowhere]);
  const connected = await assertRejects(() => UnixSocket.connect(nowhere), SystemError);
  assertEquals([connected.code, connected.address], ["ENOENT", nowhere]);
});

claim("a datagram is sent to a long path", async () => {
  using directory = new OwnDirectory();
  const path = `${deep(directory)}/one.socket`;
  using receiver = UnixSocket.bound(path);
  using sender = UnixSocket.bound(ownName());
  await sender.send("there", { to: path });
  using message = await receiver.receive();
  assertEquals(message!.text, "there");
});

claim("a place is opened without opening what is there", () => {
  using directory = new OwnDirectory();
  using listener = UnixListener.listen(directory.file("one.socket"));
  using held = openPath(directory.file("one.socket"));
  assert(isCloseOnExec(held.number));
  assert(listener.fd.isOpen);
  const error = assertThrows(() => openPath(directory.file("none")), SystemError);
  assertEquals([error.code, error.address], ["ENOENT", directory.file("none")]);
});
