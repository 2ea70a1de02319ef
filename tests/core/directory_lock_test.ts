import { assert, assertEquals } from "@std/assert";
import { UnixAddress } from "../../src/core/address.ts";
import { lockDirectory } from "../../src/core/directory_lock.ts";
import { Fd } from "../../src/core/fd.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { countOpen } from "./open_descriptors.ts";
import { asNobody, result } from "./programs/run.ts";

claim("a directory is locked until the lock is disposed of", () => {
  using directory = new OwnDirectory();
  const before = countOpen();
  for (let at = 0; at < 3; at++) {
    using lock = lockDirectory(UnixAddress.path(directory.file("one")));
    assert(lock instanceof Fd);
    assertEquals(countOpen(), before + 1);
  }
  assertEquals(countOpen(), before);
});

claim("only a file needs a lock, in a directory that is there", () => {
  using directory = new OwnDirectory();
  const before = countOpen();
  const addresses = [UnixAddress.parse(ownName()), UnixAddress.unnamed, UnixAddress.path(directory.file("none/one"))];
  for (const address of addresses) {
    using _lock = lockDirectory(address);
    assertEquals(countOpen(), before);
  }
});

claim("somebody who never lets go of a directory keeps nobody from listening", () => {
  using directory = new OwnDirectory();
  const address = UnixAddress.path(directory.file("one"));
  using held = lockDirectory(address);
  assert(held instanceof Fd);
  const start = performance.now();
  using listener = UnixListener.listen(address);
  assert(listener.fd.isOpen);
  const took = performance.now() - start;
  assert(took >= 400 && took < 30_000, `${took} ms`);
});

claim("a directory that may be written to but not read is listened in without a lock", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o777);
  Deno.mkdirSync(directory.file("drop"));
  Deno.chmodSync(directory.file("drop"), 0o333);
  const told = await result<{ error: string }>(
    "listen_once.ts",
    [directory.file("drop/one")],
    asNobody(directory.path),
  );
  assertEquals(told.error, "none");
}, { skip: NEEDS_ROOT });
