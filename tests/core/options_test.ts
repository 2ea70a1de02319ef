import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SystemError } from "../../src/core/errors.ts";
import { getNumber, getOption, setOption, typeName, typeNumber } from "../../src/core/options.ts";
import { openPath } from "../../src/core/reach.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, NEEDS_ROOT } from "../claim.ts";

/** More the kernel does not put together, whatever the buffer. */
const MOST_OF_A_PACKET = 4_263_616;

claim("the types of Unix sockets have the kernel's numbers", () => {
  assertEquals((["stream", "dgram", "seqpacket"] as const).map(typeNumber), [1, 2, 5]);
  assertEquals([1, 2, 5].map(typeName), ["stream", "dgram", "seqpacket"]);
  assertThrows(() => typeName(3), RangeError, "socket type 3 is none of stream, seqpacket, dgram");
});

claim("the send buffer is doubled and clamped by the kernel", () => {
  const [left, right] = UnixSocket.pair();
  const most = Number(Deno.readTextFileSync("/proc/sys/net/core/wmem_max"));
  left.setOption("sendBuffer", 10_000);
  assertEquals(left.getOption("sendBuffer"), 20_000);
  left.setOption("sendBuffer", 10 * most);
  assertEquals(left.getOption("sendBuffer"), 2 * most);
  left.close();
  right.close();
});

claim("root goes beyond that, and then sends packets as large as the buffer less 32 bytes", async () => {
  const [left, right] = UnixSocket.pair("seqpacket");
  const size = 2 * Number(Deno.readTextFileSync("/proc/sys/net/core/wmem_max")) + 4096;
  left.setOption("forcedSendBuffer", size / 2);
  assertEquals([left.getOption("sendBuffer"), left.getOption("forcedSendBuffer")], [size, size]);
  const largest = Math.min(size - 32, MOST_OF_A_PACKET);
  await left.send(new Uint8Array(largest));
  assertEquals((await right.receive({ maxBytes: size }))!.length, largest);
  const error = await assertRejects(() => left.send(new Uint8Array(largest + 1)), SystemError);
  assertEquals(error.code, largest < MOST_OF_A_PACKET ? "EMSGSIZE" : "ENOBUFS");
  left.close();
  right.close();
}, { skip: NEEDS_ROOT });

claim("a receive buffer can be set and read", () => {
  const [left, right] = UnixSocket.pair();
  left.setOption("receiveBuffer", 5000);
  assertEquals(left.getOption("receiveBuffer"), 10_000);
  left.close();
  right.close();
});

claim("switches are booleans, off at first but for passRights, and can be turned", () => {
  const [left, right] = UnixSocket.pair();
  for (const name of ["passCredentials", "passPidfd", "passRights"] as const) {
    assertEquals(left.getOption(name), name === "passRights");
    for (const value of [true, false, true]) {
      left.setOption(name, value);
      assertEquals(left.getOption(name), value);
    }
  }
  left.close();
  right.close();
});

claim("a socket that does not pass rights makes the sender fail, and is as before otherwise", async () => {
  const [left, right] = UnixSocket.pair("seqpacket");
  right.setOption("passRights", false);
  const error = await assertRejects(() => left.send("x", { fds: [left.fd] }), SystemError);
  assertEquals([error.code, error.syscall], ["EPERM", "sendmsg"]);
  await left.send("plain");
  assertEquals((await right.receive())!.text, "plain");
  left.close();
  right.close();
});

claim("peeking starts where it is told to", async () => {
  const [left, right] = UnixSocket.pair();
  assertEquals(right.getOption("peekOffset"), -1);
  right.setOption("peekOffset", 2);
  await left.send("abcdef");
  assertEquals((await right.receive({ peek: true, maxBytes: 2 }))!.text, "cd");
  assertEquals((await right.receive({ peek: true, maxBytes: 2 }))!.text, "ef");
  right.setOption("peekOffset", -1);
  assertEquals((await right.receive({ peek: true }))!.text, "abcdef");
  assertEquals((await right.receive())!.text, "abcdef");
  left.close();
  right.close();
});

claim("the options of what is no socket cannot be read or set", () => {
  using file = openPath("/");
  assert(file.isOpen);
  for (
    const use of [
      () => getNumber(file.number, 3),
      () => getOption(file.number, "passCredentials"),
      () => setOption(file.number, "passCredentials", true),
    ]
  ) assertEquals(assertThrows(use, SystemError).code, "EBADF");
});

claim("an option that the kernel does not have is told as such", () => {
  const [left, right] = UnixSocket.pair();
  const error = assertThrows(() => getNumber(left.fd.number, 9999), SystemError);
  assertEquals([error.code, error.syscall], ["ENOPROTOOPT", "getsockopt"]);
  left.close();
  right.close();
});
