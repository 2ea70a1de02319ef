import { Beam, Fd, SystemError, UnixListener, UnixSocket } from "ipcx";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { claim, ownName } from "../claim.ts";
import { isOpen } from "../core/open_descriptors.ts";
import { openFile, pipe, sealedMemory } from "./descriptors.ts";
import { ForeignPeer, hex } from "./foreign_peer.ts";
import { WIRES } from "./wires.ts";

/** Makes sure that a descriptor is refused, and closed. */
function assertRefused(fd: Fd, code: string): void {
  const { number } = fd;
  const error = assertThrows(() => Beam.fromFd(fd), SystemError);
  assertEquals([error.code, fd.isOpen, isOpen(number)], [code, false, false]);
}

claim("a Unix socket of either type becomes a beam that owns it", async () => {
  for (const options of WIRES) {
    const [left, right] = UnixSocket.pair(options.type);
    using near = Beam.fromFd(left.release(), options);
    using far = Beam.fromFd(right.release(), options);
    assertEquals([near.type, near.settings.framed], [options.type ?? "stream", options.framed ?? !!options.type]);
    await near.send("hello", near.fd);
    using message = (await far.receive())!;
    assertEquals([message.text, message.fds.length], ["hello", 1]);
    near.close();
    assert(!near.isOpen);
  }
});

claim("what is no socket is refused, and closed", () => {
  const [reader, writer] = pipe();
  const others = [reader, writer, openFile("/dev/null"), openFile("/"), sealedMemory(1)];
  for (const fd of others) assertRefused(fd, "ENOTSOCK");
});

claim("a socket that is no Unix socket is refused, and closed", async () => {
  const [peer, beam] = await ForeignPeer.beam();
  await using _peer = peer;
  using _beam = beam;
  await peer.tell("send_listener", hex("TCP"));
  using message = (await beam.receive())!;
  assertRefused(message.takeFd()!, "EAFNOSUPPORT");
});

claim("a datagram socket is refused, and closed", () => {
  const [left, right] = UnixSocket.pair("dgram");
  using _right = right;
  const fd = left.release();
  const { number } = fd;
  assertThrows(() => Beam.fromFd(fd), TypeError, "a datagram socket has no connection to beam over");
  assert(!isOpen(number));
});

claim("a wrong option closes the descriptor, too", () => {
  const [left, right] = UnixSocket.pair();
  using _right = right;
  const fd = left.release();
  const { number } = fd;
  assertThrows(() => Beam.fromFd(fd, { maxBytes: 0 }), RangeError);
  assert(!isOpen(number));
});

claim("a number that is not open, or is the runtime's own, is refused and left alone", () => {
  const [left, right] = UnixSocket.pair();
  using _left = left;
  using _right = right;
  assertEquals(assertThrows(() => Beam.fromFd(999_999), SystemError).code, "EBADF");
  assertEquals(assertThrows(() => Beam.fromFd(left.fd.number), SystemError).code, "EBADF");
  assert(isOpen(left.fd.number));
  assertThrows(() => Beam.fromFd(-1), Error);
});

claim("a descriptor that was closed or given away is refused", () => {
  const [left, right] = UnixSocket.pair();
  const given = left.release();
  const kept = new Fd(given.release());
  right.close();
  assertThrows(() => Beam.fromFd(given), Error, "given away");
  assertThrows(() => Beam.fromFd(right.fd), Error, "closed");
  kept.close();
});

claim("who connects to what nobody serves, or to another type, is told", async () => {
  using listener = UnixListener.listen(ownName(), { type: "seqpacket" });
  const nobody = await assertRejects(() => Beam.connect(ownName()), SystemError);
  assertEquals(nobody.code, "ECONNREFUSED");
  const other = await assertRejects(() => Beam.connect(listener.address, { framed: true }), SystemError);
  assert(["EPROTOTYPE", "ECONNREFUSED"].includes(other.code));
  await assertRejects(() => Beam.connect(listener.address, { type: "seqpacket", maxFds: -1 }), RangeError);
  assertEquals(listener.tryAccept(), undefined);
});
