import { assert, assertEquals, assertThrows } from "@std/assert";
import { ClosedError, SystemError } from "../../src/core/errors.ts";
import { Fd } from "../../src/core/fd.ts";
import { OPEN } from "../../src/core/linux.ts";
import { maskOf, type Seal, sealsOf } from "../../src/core/memory_seals.ts";
import { native } from "../../src/core/native.ts";
import { openPath } from "../../src/core/reach.ts";
import { sealedFile } from "../../src/core/sealed_file.ts";
import { sendFile } from "../../src/core/send_file.ts";
import { SharedMemory } from "../../src/core/shared_memory.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, ownName } from "../claim.ts";
import { command } from "./programs/run.ts";

function assertRefused(call: () => void, code: string, advice: string): void {
  const error = assertThrows(call, SystemError);
  assertEquals([error.code, error.syscall], [code, "fcntl F_ADD_SEALS"]);
  assert(error.message.includes(advice), error.message);
}

/** The seals that every kernel of these tests has. */
function plain(memory: SharedMemory): Seal[] {
  return memory.seals.filter((seal) => seal !== "exec");
}

claim("seals are told by their names, in the order of their bits", () => {
  const all: Seal[] = ["seal", "shrink", "grow", "write", "future-write", "exec"];
  assertEquals(sealsOf(0x3f), all);
  assertEquals(maskOf(all.toReversed()), 0x3f);
  assertEquals([sealsOf(0), sealsOf(0x40), maskOf([])], [[], [], 0]);
  for (const [bit, seal] of all.entries()) assertEquals([sealsOf(1 << bit), maskOf([seal])], [[seal], 1 << bit]);
  assertThrows(
    () => maskOf(["wrote" as Seal]),
    RangeError,
    "there is no seal called wrote: seal, shrink, grow, write,",
  );
});

claim("memory is sealed against changes of its size and further seals, unless it is to be sealable", () => {
  using memory = SharedMemory.create(10_000);
  assertEquals(plain(memory), ["seal", "shrink", "grow"]);
  assertRefused(() => memory.seal("write"), "EPERM", "it was sealed against that");
  using sealable = SharedMemory.create(10_000, { sealable: true });
  assertEquals(plain(sealable), ["shrink", "grow"]);
  sealable.seal("seal");
  assertEquals(plain(sealable), ["seal", "shrink", "grow"]);
  assertRefused(() => sealable.seal("write"), "EPERM", "it was sealed against that");
  sealable.bytes[0] = 1;
  using other = SharedMemory.adopt(sealable.fd.duplicate(), 10_000);
  assertEquals(other.bytes[0], 1);
});

claim("memory is mapped for nobody to run", () => {
  using memory = SharedMemory.create(10);
  assertEquals(Deno.statSync(`/proc/self/fd/${memory.fd.number}`).mode! & 0o111, 0);
});

claim("once it is sealed against writing, nobody's writes reach anybody, and none ends the process", () => {
  using memory = SharedMemory.create(10_000, { sealable: true });
  const { bytes } = memory;
  bytes.set([1, 2, 3]);
  assertEquals(memory.isReadOnly, false);
  memory.seal("write");
  assertEquals([memory.isReadOnly, plain(memory)], [true, ["shrink", "grow", "write"]]);
  // It is the same memory at the same place.
  assert(memory.bytes === bytes);
  assertEquals(bytes.subarray(0, 4), new Uint8Array([1, 2, 3, 0]));
  bytes[0] = 9;
  bytes[9_999] = 9;
  assertEquals([bytes[0], bytes[9_999]], [9, 9]);
  using other = SharedMemory.adopt(memory.fd.duplicate(), 10_000, { readOnly: true });
  assertEquals([other.bytes[0], other.bytes[1], other.bytes[9_999]], [1, 2, 0]);
  other.bytes[1] = 8;
  assertEquals([other.bytes[1], bytes[1]], [8, 2]);
  assertEquals(Deno.readFileSync(`/proc/self/fd/${memory.fd.number}`).subarray(0, 3), new Uint8Array([1, 2, 3]));
  assertThrows(() => Deno.writeFileSync(`/proc/self/fd/${memory.fd.number}`, bytes));
  const error = assertThrows(() => SharedMemory.adopt(memory.fd.duplicate(), 10_000), SystemError);
  assertEquals([error.code, error.syscall], ["EPERM", "mmap"]);
});

claim("while somebody else writes it cannot be sealed against that, and stays as it was", () => {
  using memory = SharedMemory.create(10_000, { sealable: true });
  {
    using other = SharedMemory.adopt(memory.fd.duplicate(), 10_000);
    assertRefused(() => memory.seal("write"), "EBUSY", "somebody else has mapped it for writing");
    assertEquals([memory.isReadOnly, plain(memory)], [false, ["shrink", "grow"]]);
    memory.bytes[0] = 7;
    assertEquals(other.bytes[0], 7);
  }
  memory.seal("write");
  assertEquals(memory.bytes[0], 7);
});

claim("sealed against future writing it is written to by those who did before, and read by the others", () => {
  using memory = SharedMemory.create(10_000, { sealable: true });
  memory.seal("future-write");
  assertEquals([memory.isReadOnly, plain(memory)], [false, ["shrink", "grow", "future-write"]]);
  const error = assertThrows(() => SharedMemory.adopt(memory.fd.duplicate(), 10_000), SystemError);
  assertEquals(error.code, "EPERM");
  using reader = SharedMemory.adopt(memory.fd.duplicate(), 10_000, { readOnly: true });
  memory.bytes[5_000] = 1;
  assertEquals(reader.bytes[5_000], 1);
  // Whoever writes to what he may only read has his own page from then on, and no other.
  reader.bytes[5_001] = 2;
  memory.bytes[5_000] = 3;
  memory.bytes[0] = 4;
  assertEquals([memory.bytes[5_001], reader.bytes[5_000], reader.bytes[0]], [0, 1, 4]);
});

claim("memory that two have for writing, and nobody after them, is lost for who tries to seal it", () => {
  using memory = SharedMemory.create(10_000, { sealable: true });
  using other = SharedMemory.adopt(memory.fd.duplicate(), 10_000);
  memory.seal("future-write");
  memory.bytes[0] = 1;
  assertRefused(() => memory.seal("write"), "EBUSY", "somebody else has mapped it for writing");
  assertEquals(memory.isReadOnly, true);
  memory.bytes[0] = 2;
  assertEquals([memory.bytes[0], other.bytes[0]], [2, 1]);
  assertRefused(() => memory.seal("write"), "EBUSY", "somebody else has mapped it for writing");
});

claim("memory that is only read may be open for reading only, or be written to by the other side", () => {
  using memory = SharedMemory.create(10_000);
  const reading = openPath(`/proc/self/fd/${memory.fd.number}`, OPEN.READ);
  const error = assertThrows(() => SharedMemory.adopt(reading, 10_000), SystemError);
  assertEquals([error.code, reading.isOpen], ["EACCES", false]);
  using taken = SharedMemory.adopt(openPath(`/proc/self/fd/${memory.fd.number}`, OPEN.READ), 10_000, {
    readOnly: true,
  });
  memory.bytes[0] = 1;
  assertEquals([taken.bytes[0], taken.isReadOnly], [1, true]);
  taken.bytes[0] = 2;
  assertEquals(memory.bytes[0], 1);
  assertRefused(() => taken.seal("write"), "EPERM", "open for reading only");
});

claim("memory that can shrink is refused also to those who only read", () => {
  const path = Deno.makeTempFileSync({ dir: "/tmp" });
  Deno.writeFileSync(path, new Uint8Array(10));
  const file = openPath(path, OPEN.READ);
  assertEquals(assertThrows(() => SharedMemory.adopt(file, 10, { readOnly: true }), SystemError).code, "EPERM");
  assert(!file.isOpen);
  Deno.removeSync(path);
});

claim("a sealed file is memory that is only read", async () => {
  using memory = SharedMemory.adopt(sealedFile("data", new Uint8Array([1, 2, 3]), "data"), 100, { readOnly: true });
  assertEquals([memory.bytes, plain(memory)], [new Uint8Array([1, 2, 3]), ["seal", "shrink", "grow", "write"]]);
  const [left, right] = UnixSocket.pair();
  assertEquals(await sendFile(left, memory), 3);
  assertEquals((await right.receive())!.data, new Uint8Array([1, 2, 3]));
  left.close();
  right.close();
});

claim("another process reads what is sealed, and cannot change it", async () => {
  using memory = SharedMemory.create(10_000, { sealable: true });
  memory.bytes.set(new TextEncoder().encode("hello"));
  memory.seal("write", "seal");
  using listener = UnixListener.listen(ownName());
  const child = command("read_sealed_memory.py", [`${listener.listensAt}`]).output();
  using peer = await listener.accept({ signal: AbortSignal.timeout(60_000) });
  await peer.send("x", { fds: [memory.fd] });
  const all = "shrink grow write:EPERM map:EPERM seal:EPERM hello";
  assertEquals((await peer.receive())!.text, all);
  assertEquals((await child).code, 0);
  assertEquals(new TextDecoder().decode(memory.bytes.subarray(0, 5)), "hello");
});

claim("what could be run is sealed against that, and against nothing else", () => {
  const fd = new Fd(native.ipcx_sealed_file(new TextEncoder().encode("x\0"), new Uint8Array(5), 5, 1));
  using program = SharedMemory.adopt(fd, 5, { readOnly: true });
  assertRefused(() => program.seal("exec"), "EPERM", "it was sealed against that");
  using memory = SharedMemory.create(5, { sealable: true });
  memory.seal("exec");
  assertEquals([plain(memory), memory.isReadOnly], [["shrink", "grow"], false]);
  assert(memory.seals.includes("exec"));
  assertThrows(() => Deno.chmodSync(`/proc/self/fd/${memory.fd.number}`, 0o700));
});

claim("closed memory has no seals, and takes none", () => {
  const memory = SharedMemory.create(5, { sealable: true });
  memory.seal("write");
  memory.close();
  assertThrows(() => memory.seals, ClosedError);
  assertThrows(() => memory.seal("seal"), ClosedError);
  assertThrows(() => memory.bytes, TypeError);
});
