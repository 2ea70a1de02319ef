import { assertEquals } from "@std/assert";
import { closeSoon, MAX_UNCLOSED } from "../../src/core/bulk_close.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim } from "../claim.ts";
import { countOpen, isOpen } from "./open_descriptors.ts";

/** Descriptors that nobody owns. */
function unowned(count: number): number[] {
  const [left, right] = UnixSocket.pair();
  const fds = Array.from({ length: count }, () => left.fd.duplicate().release());
  left.close();
  right.close();
  return fds;
}

claim("a descriptor is closed soon, and only once", async () => {
  const before = countOpen();
  const [fd] = unowned(1);
  closeSoon(fd);
  assertEquals(isOpen(fd), true);
  await Promise.resolve();
  assertEquals(countOpen(), before);
  const [reused] = unowned(1);
  assertEquals(reused, fd);
  const [next] = unowned(1);
  closeSoon(next);
  await Promise.resolve();
  assertEquals([isOpen(reused), isOpen(next)], [true, false]);
  closeSoon(reused);
});

claim("those that have come together are closed at once", async () => {
  const before = countOpen();
  const fds = unowned(MAX_UNCLOSED + 1);
  for (const fd of fds.slice(0, MAX_UNCLOSED - 1)) closeSoon(fd);
  assertEquals(countOpen(), before + MAX_UNCLOSED + 1);
  closeSoon(fds[MAX_UNCLOSED - 1]);
  assertEquals(countOpen(), before + 1);
  closeSoon(fds[MAX_UNCLOSED]);
  await Promise.resolve();
  assertEquals(countOpen(), before);
});

claim("the peer of what is closed soon sees its end", async () => {
  const [left, right] = UnixSocket.pair();
  const receiving = right.receive();
  closeSoon(left.release().release());
  assertEquals(await receiving, null);
  right.close();
});
