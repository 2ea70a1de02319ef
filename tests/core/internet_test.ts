import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SystemError } from "../../src/core/errors.ts";
import type { Fd } from "../../src/core/fd.ts";
import { internetNameOf, listenTcp, takeOverTcp } from "../../src/core/internet.ts";
import { openPipe } from "../../src/core/pipe.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { claim, ownName } from "../claim.ts";

async function connects(hostname: string, port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname, port })).close();
    return true;
  } catch {
    return false;
  }
}

const codeOf = (error: unknown): string => error instanceof SystemError ? error.code : `${error}`;

claim("a TCP listener is at its address, and at a port that the kernel has chosen", async () => {
  using listener = await listenTcp("127.0.0.1", 0);
  const { address, port } = internetNameOf(listener);
  assertEquals(address, "127.0.0.1");
  assert(await connects("127.0.0.1", port));
  assert(!await connects("127.0.0.2", port));
});

claim("it listens at IPv6 addresses and at names", async () => {
  using six = await listenTcp("::1", 0);
  assertEquals(internetNameOf(six).address, "::1");
  assert(await connects("::1", internetNameOf(six).port));
  using name = await listenTcp("localhost", 0);
  assert(["127.0.0.1", "::1"].includes(internetNameOf(name).address));
});

claim("what cannot be listened at is an error that names it", async () => {
  using taken = await listenTcp("127.0.0.1", 0);
  const { port } = internetNameOf(taken);
  const failures: [string, number, RegExp][] = [
    ["127.0.0.1", port, new RegExp(`127\\.0\\.0\\.1:${port}.*EADDRINUSE`)],
    ["192.0.2.1", 0, /192\.0\.2\.1:0.*EADDRNOTAVAIL/],
    ["127.0.0.1", 65536, /EINVAL/],
    ["name.invalid", 0, /name\.invalid/],
  ];
  for (const [host, at, expected] of failures) {
    const error = await assertRejects(() => listenTcp(host, at));
    assert(expected.test((error as Error).message), `${error}`);
  }
});

claim("a TCP socket that listens already is taken over, any other is not", async () => {
  using listener = await listenTcp("127.0.0.1", 0);
  using same = takeOverTcp(listener.duplicate());
  assertEquals(internetNameOf(same), internetNameOf(listener));
  using unix = UnixListener.listen(ownName());
  const { reader, writer } = openPipe();
  for (const [fd, code] of [[unix.fd, "EAFNOSUPPORT"], [reader, "ENOTSOCK"]] as [Fd, string][]) {
    assertEquals(codeOf(assertThrows(() => takeOverTcp(fd))), code);
    assert(fd.isOpen, "it is still the caller's");
  }
  reader.close();
  writer.close();
});
