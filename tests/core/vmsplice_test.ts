import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { ClosedError, SystemError } from "../../src/core/errors.ts";
import { SharedMemory } from "../../src/core/shared_memory.ts";
import { splice } from "../../src/core/splice.ts";
import { vmsplice } from "../../src/core/vmsplice.ts";
import { claim } from "../claim.ts";
import { assertContents, contents, readUpTo } from "./contents.ts";
import { OwnPipe, withPair } from "./pairs.ts";

const MIB = 2 ** 20;
const REASON = new Error("enough");

function memoryOf(size: number): SharedMemory {
  const memory = SharedMemory.create(size);
  memory.bytes.set(contents(0, size));
  return memory;
}

claim("parts of memory are read from the pipe in their order", async () => {
  using memory = memoryOf(MIB);
  using other = memoryOf(10);
  using pipe = new OwnPipe();
  const { bytes } = memory;
  const parts = [bytes.subarray(5000, 5003), bytes.subarray(7, 7), other.bytes, bytes.subarray(0, 4096)];
  assertEquals(await vmsplice(pipe.writer, parts), 4109);
  assertContents(await readUpTo(pipe.reader, 3), 5000);
  assertContents(await readUpTo(pipe.reader, 10), 0);
  assertContents(await readUpTo(pipe.reader, 4096), 0);
  assertEquals(await vmsplice(pipe.writer, []), 0);
});

claim("more than a pipe holds waits for its reader", async () => {
  using memory = memoryOf(MIB);
  using pipe = new OwnPipe();
  const putting = vmsplice(pipe.writer, [memory.bytes, memory.bytes.subarray(100)]);
  for (let at = 0; at < MIB; at += 65_536) assertContents(await readUpTo(pipe.reader, 65_536), at);
  assertContents(await readUpTo(pipe.reader, MIB - 100), 100);
  assertEquals(await putting, 2 * MIB - 100);
});

claim("whoever reads the pipe sees what was written to the memory since", async () => {
  using memory = memoryOf(4096);
  using pipe = new OwnPipe();
  assertEquals(await vmsplice(pipe.writer, [memory.bytes]), 4096);
  memory.bytes[1000] = 77;
  const read = await readUpTo(pipe.reader, 4096);
  assertEquals(read[1000], 77);
  read[1000] = contents(1000, 1)[0];
  assertContents(read, 0);
});

claim("so does whoever receives what was spliced on to a socket", async () => {
  using memory = memoryOf(4096);
  using pipe = new OwnPipe();
  await withPair("stream", async (left, right) => {
    await vmsplice(pipe.writer, [memory.bytes]);
    await splice(pipe.reader, left, 4096);
    memory.bytes[1000] = 77;
    assertEquals((await right.receive())!.data[1000], 77);
  });
});

claim("what is in a pipe stays there when the memory is closed", async () => {
  using pipe = new OwnPipe();
  const memory = memoryOf(65_536);
  await vmsplice(pipe.writer, [memory.bytes]);
  memory.close();
  using _other = SharedMemory.create(65_536);
  assertContents(await readUpTo(pipe.reader, 65_536), 0);
});

claim("memory that may not be written to goes into a pipe, too", async () => {
  using memory = SharedMemory.create(100, { sealable: true });
  memory.bytes.set(contents(0, 100));
  memory.seal("write");
  using pipe = new OwnPipe();
  await vmsplice(pipe.writer, [memory.bytes]);
  assertContents(await readUpTo(pipe.reader, 100), 0);
});

claim("memory of JavaScript is refused, whatever its size", async () => {
  using memory = memoryOf(10);
  using pipe = new OwnPipe();
  for (const size of [0, 1, 64, 65, 100_000]) {
    const parts = [memory.bytes, new Uint8Array(size)];
    await assertRejects(() => vmsplice(pipe.writer, parts), TypeError, "only shared memory goes into a pipe");
  }
});

claim(
  "a signal, and closing the pipe, end the wait; memory that is closed meanwhile ends what was put in",
  async () => {
    using memory = memoryOf(MIB);
    using pipe = new OwnPipe();
    const aborted = AbortSignal.abort(REASON);
    assertStrictEquals(await assertRejects(() => vmsplice(pipe.writer, [memory.bytes], { signal: aborted })), REASON);
    const controller = new AbortController();
    const waiting = vmsplice(pipe.writer, [memory.bytes], { signal: controller.signal });
    controller.abort(REASON);
    assertStrictEquals(await assertRejects(() => waiting), REASON);
    const passing = memoryOf(MIB);
    const putting = vmsplice(pipe.writer, [passing.bytes, memory.bytes.subarray(0, 5)]);
    passing.close();
    // What was put in before the wait.
    assertContents(await readUpTo(pipe.reader, 65_536), 0);
    assertEquals(await putting, 5);
    const last = vmsplice(pipe.writer, [memory.bytes]);
    pipe.writer.close();
    await assertRejects(() => last, ClosedError);
  },
);

claim("only the end that is written to of a pipe that somebody reads takes it", async () => {
  using memory = memoryOf(10);
  using pipe = new OwnPipe();
  const fails = async (putting: Promise<number>, code: string, advice: string): Promise<void> => {
    const error = await assertRejects(() => putting, SystemError, advice);
    assertEquals([error.code, error.syscall], [code, "vmsplice"]);
  };
  await fails(vmsplice(pipe.reader, [memory.bytes]), "EBADF", "it takes the end of a pipe that is written to");
  await withPair("stream", async (left) => {
    await fails(vmsplice(left.fd, [memory.bytes]), "EBADF", "it takes the end of a pipe that is written to");
  });
  pipe.reader.close();
  await fails(vmsplice(pipe.writer, [memory.bytes]), "EPIPE", "nobody reads the pipe");
  assertContents(memory.bytes, 0);
});
