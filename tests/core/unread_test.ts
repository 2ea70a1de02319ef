import { assert, assertEquals, assertThrows } from "@std/assert";
import { SystemError } from "../../src/core/errors.ts";
import { OPEN } from "../../src/core/linux.ts";
import { openPath } from "../../src/core/reach.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { unreadBytes } from "../../src/core/unread.ts";
import { claim } from "../claim.ts";

for (const type of ["stream", "seqpacket"] as const) {
  claim(`what was sent on a ${type} counts until all of it is read`, async () => {
    const [left, right] = UnixSocket.pair(type);
    assertEquals(unreadBytes(left.fd), 0);
    await left.send("one");
    await left.send("two");
    const two = unreadBytes(left.fd);
    assert(two >= 6, `${two}`);
    assertEquals(unreadBytes(right.fd), 0, "that is the sender's to answer for");
    await right.receive({ maxBytes: 3 });
    const one = unreadBytes(left.fd);
    assert(one > 0 && one < two, `${one} of ${two}`);
    await right.receive();
    assertEquals(unreadBytes(left.fd), 0);
    left.close();
    right.close();
  });
}

claim("so does a descriptor, and what the peer has closed on counts no more", async () => {
  const [left, right] = UnixSocket.pair("seqpacket");
  await left.send("", { fds: [left.fd] });
  assert(unreadBytes(left.fd) > 0);
  right.close();
  assertEquals(unreadBytes(left.fd), 0);
  left.close();
});

claim("what is no socket has sent nothing", () => {
  using file = openPath("/dev/null", OPEN.READ);
  assertEquals(assertThrows(() => unreadBytes(file), SystemError).code, "ENOTSOCK");
});
