import { assert, assertEquals, assertThrows } from "@std/assert";
import { ClosedError } from "../../src/core/errors.ts";
import type { Fd } from "../../src/core/fd.ts";
import { Message } from "../../src/core/message.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim } from "../claim.ts";

/** A message with descriptors of its own, and a pidfd. */
function messageWith(count: number): Message {
  const [left, right] = UnixSocket.pair();
  const fds = Array.from({ length: count }, () => left.fd.duplicate());
  const pidfd = right.openPeerPidfd();
  left.close();
  right.close();
  const data = new TextEncoder().encode("text");
  return new Message({ data, length: 4, truncated: false, controlTruncated: false, fds, pidfd });
}

const areOpen = (fds: readonly Fd[]): boolean[] => fds.map(({ isOpen }) => isOpen);

claim("the first descriptor is taken, the others are closed, and the message has none left", () => {
  using message = messageWith(3);
  const all = [...message.fds];
  using first = message.takeFd();
  assertEquals(first, all[0]);
  assertEquals(areOpen(all), [true, false, false]);
  assertEquals([message.fds, message.takeFd(), message.takeFds()], [[], undefined, []]);
  assert(message.pidfd!.isOpen);
});

claim("there is no first descriptor where none came along", () => {
  using message = messageWith(0);
  assertEquals(message.takeFd(), undefined);
});

claim("what is taken is not closed with the message, and what is not taken is, once", () => {
  for (const count of [1, 2]) {
    const message = messageWith(count);
    const [first] = message.fds;
    using taken = count === 1 ? message.takeFd() : undefined;
    for (const _ of [1, 2]) message[Symbol.dispose]();
    assertEquals([first.isOpen, message.pidfd!.isOpen], [count === 1, false]);
    assertEquals(taken, count === 1 ? first : undefined);
    assertThrows(() => message.pidfd!.number, ClosedError);
  }
});

claim("a message has lost no descriptors unless it is said so", () => {
  using message = messageWith(0);
  assertEquals([message.fdsLost, message.text], [false, "text"]);
  const { data } = message;
  const parts = { data, length: 4, truncated: false, controlTruncated: true, fds: [] };
  assertEquals(new Message({ ...parts, fdsLost: true }).fdsLost, true);
  assertEquals(new Message(parts).fdsLost, false);
});
