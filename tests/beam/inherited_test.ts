import { Beam, BeamListener, type Fd, UnixListener, UnixSocket } from "ipcx";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { claim, ownName } from "../claim.ts";
import { isOpen } from "../core/open_descriptors.ts";

const F_SETFD = 2;

/** The number of a descriptor that is now as if this process had been started with it. */
function inherited(fd: Fd): number {
  using libc = new LibC();
  const number = fd.release();
  assertEquals(libc.fcntl(number, F_SETFD, 0), 0);
  return number;
}

class LibC implements Disposable {
  readonly #library = Deno.dlopen("libc.so.6", { fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" } });

  fcntl(fd: number, command: number, argument: number): number {
    return this.#library.symbols.fcntl(fd, command, argument);
  }

  [Symbol.dispose](): void {
    this.#library.close();
  }
}

claim("a connection that this process was started with becomes a beam of its own type", async () => {
  const [left, right] = UnixSocket.pair("seqpacket");
  const number = inherited(left.release());
  using near = await Beam.connect(`fd:${number}`);
  using far = Beam.fromFd(right.release());
  assertEquals([near.type, isOpen(number)], ["seqpacket", false]);
  await near.send("");
  assertEquals((await far.receive())!.data.length, 0);
});

claim("a datagram socket that this process was started with is refused, and closed", async () => {
  const [left, right] = UnixSocket.pair("dgram");
  using _right = right;
  const number = inherited(left.release());
  await assertRejects(() => Beam.connect(`fd:${number}`), TypeError, "a datagram socket has no connection");
  assert(!isOpen(number));
});

claim("options that do not fit a connection that this process was started with close it", async () => {
  const [left, right] = UnixSocket.pair();
  using _right = right;
  const number = inherited(left.release());
  const options = { type: "seqpacket", maxBytes: 100_000 } as const;
  await assertRejects(() => Beam.connect(`fd:${number}`, options), RangeError, "maxBytes");
  assert(!isOpen(number));
});

claim(
  "options that do not fit a listener that this process was started with are told before anybody is accepted",
  () => {
    const listener = UnixListener.listen(ownName());
    const number = inherited(listener.release());
    const options = { type: "seqpacket", maxBytes: 100_000 } as const;
    assertThrows(() => BeamListener.listen(`fd:${number}`, options), RangeError, "maxBytes");
    assert(!isOpen(number));
  },
);
