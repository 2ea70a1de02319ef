import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { ClosedError, SystemError } from "../../src/core/errors.ts";
import type { Fd } from "../../src/core/fd.ts";
import { OPEN } from "../../src/core/linux.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { openPath } from "../../src/core/reach.ts";
import { SharedMemory } from "../../src/core/shared_memory.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, ownName } from "../claim.ts";
import { isCloseOnExec, isOpen } from "./open_descriptors.ts";
import { result } from "./programs/run.ts";

const PROGRAMS = `${import.meta.dirname}/programs`;

/** How many pieces of memory that came from memfd_create(2) are mapped. */
function mappings(): number {
  return Deno.readTextFileSync("/proc/self/maps").split("\n").filter((line) => line.includes("/memfd:ipcx")).length;
}

/** Runs a program of Python's that connects to us, and gives a test the connection. */
async function withPeer(
  program: string,
  args: readonly string[],
  test: (peer: UnixSocket) => Promise<void>,
): Promise<void> {
  using listener = UnixListener.listen(ownName());
  const command = new Deno.Command("python3", { args: [`${PROGRAMS}/${program}`, `${listener.listensAt}`, ...args] });
  const child = command.spawn();
  using peer = await listener.accept({ signal: AbortSignal.timeout(60_000) });
  await test(peer);
  assertEquals((await child.status).code, 0);
}

/** Memory that another process made. */
async function foreign(size: number, ...seals: string[]): Promise<Fd> {
  let fd: Fd;
  await withPeer("send_memory.py", [`${size}`, ...seals], async (peer) => {
    fd = (await peer.receive())!.takeFd()!;
  });
  return fd!;
}

function assertRefused(fd: Fd, code: string, maxBytes = 2 ** 31 - 1): void {
  const error = assertThrows(() => SharedMemory.adopt(fd, maxBytes), SystemError);
  assertEquals([error.code, fd.isOpen], [code, false]);
}

claim("memory is full of zeros, and as large as was asked for", () => {
  for (const size of [1, 4096, 10_000, 5 * 2 ** 20]) {
    using memory = SharedMemory.create(size);
    assertEquals(memory.bytes.length, size);
    assert(memory.bytes.every((byte) => byte === 0));
    assert(isCloseOnExec(memory.fd.number));
    assertStrictEquals(memory.bytes, memory.bytes);
  }
});

claim("what one side writes the other side reads, both ways, also once the maker has gone", () => {
  const made = SharedMemory.create(10_000);
  using adopted = SharedMemory.adopt(made.fd.duplicate(), 10_000);
  assertEquals(adopted.bytes.length, 10_000);
  made.bytes.set([1, 2, 3], 9_997);
  assertEquals(adopted.bytes.subarray(9_997), new Uint8Array([1, 2, 3]));
  adopted.bytes[0] = 9;
  assertEquals(made.bytes[0], 9);
  made.close();
  assertEquals([adopted.bytes[0], adopted.bytes[9_999]], [9, 3]);
});

claim("another process reads and writes what it is sent, but cannot change its size", async () => {
  using memory = SharedMemory.create(10_000);
  memory.bytes.set(new TextEncoder().encode("hello"));
  await withPeer("use_memory.py", [], async (peer) => {
    await peer.send("x", { fds: [memory.fd] });
    assertEquals((await peer.receive())!.text, "EPERM EPERM EPERM hello 10000");
  });
  assertEquals(new TextDecoder().decode(memory.bytes.subarray(0, 5)), "there");
});

claim("memory of another process is taken over if nobody can make it smaller", async () => {
  using fd = await foreign(10_000, "SHRINK");
  {
    using memory = SharedMemory.adopt(fd, 10_000);
    assertEquals([memory.bytes.length, memory.bytes[0], memory.bytes[9_999]], [10_000, 7, 0]);
    assertStrictEquals(memory.fd, fd);
  }
  assert(!fd.isOpen);
});

claim("memory that can shrink, or may not be written to, is refused and closed", async () => {
  const before = mappings();
  assertRefused(await foreign(10_000), "EPERM");
  assertRefused(await foreign(10_000, "GROW", "WRITE"), "EPERM");
  assertRefused(await foreign(10_000, "SHRINK", "WRITE"), "EPERM");
  assertEquals(mappings(), before);
});

claim("memory that is too large, or none at all, is refused and closed", async () => {
  assertRefused(await foreign(2 ** 31, "SHRINK"), "EFBIG", 2 ** 40);
  assertRefused(await foreign(2 ** 32 + 10_000, "SHRINK"), "EFBIG");
  for (const [size, maxBytes] of [[10_000, 9_999], [0, 9_999]]) {
    const fd = await foreign(size, "SHRINK");
    const message = `${size} bytes of memory, of at most 9999`;
    assertThrows(() => SharedMemory.adopt(fd, maxBytes), RangeError, message);
    assert(!fd.isOpen);
  }
});

claim("files, sockets and what is not open are no memory", () => {
  for (const dir of ["/tmp", "/dev/shm"]) {
    const path = Deno.makeTempFileSync({ dir });
    Deno.writeFileSync(path, new Uint8Array(10_000));
    assertRefused(openPath(path, OPEN.READ | OPEN.WRITE), "EPERM");
    Deno.removeSync(path);
  }
  assertRefused(openPath("/dev/zero", OPEN.READ | OPEN.WRITE), "EPERM");
  const [left, right] = UnixSocket.pair();
  assertRefused(left.release(), "EPERM");
  right.close();
  assertThrows(() => SharedMemory.adopt(right.fd, 1), ClosedError);
});

claim("sizes out of their range are refused before anything is made", () => {
  for (const size of [0, -1, 1.5, NaN, Infinity, 2 ** 31, 2 ** 32, 2 ** 32 + 4096]) {
    const message = `memory has a whole number of bytes from 1 to 2147483647, not ${size}`;
    assertThrows(() => SharedMemory.create(size), RangeError, message);
  }
});

claim("closing gives the memory and its descriptor back, once", () => {
  const before = mappings();
  const memory = SharedMemory.create(10_000);
  const { number } = memory.fd;
  assertEquals(mappings(), before + 1);
  memory.close();
  assertEquals([mappings(), isOpen(number)], [before, false]);
  using _other = SharedMemory.create(10_000);
  memory.close();
  assertEquals(mappings(), before + 1);
  assertThrows(() => memory.bytes, TypeError, "the shared memory was closed");
});

claim("what was kept of closed memory is empty, and leads nowhere", () => {
  const memory = SharedMemory.create(10_000);
  const { bytes } = memory;
  const part = bytes.subarray(100, 200);
  const counter = new Int32Array(bytes.buffer, 0, 1);
  memory.close();
  assertEquals([bytes.length, part.length, counter.length], [0, 0, 0]);
  assertThrows(() => Atomics.load(counter, 0));
  assertThrows(() => part.set([1]), TypeError);
});

claim("memory that is made and closed again and again does not add up", () => {
  const before = mappings();
  for (let at = 0; at < 1000; at++) {
    using memory = SharedMemory.create(2 ** 30);
    using other = SharedMemory.adopt(memory.fd.duplicate(), 2 ** 30);
    memory.bytes[at] = at;
    assertEquals(other.bytes[at], at & 0xff);
  }
  assertEquals(mappings(), before);
});

claim("memory that cannot be had leaves nothing open", async () => {
  const through = ["prlimit", "--nofile=100:100"];
  const told = await result<object>("share_at_limit.ts", [], { through });
  assertEquals(told, { code: "EMFILE", syscall: "memfd_create", unaccounted: 0 });
});
