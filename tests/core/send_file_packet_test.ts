import { assert, assertEquals, assertRejects } from "@std/assert";
import { SystemError } from "../../src/core/errors.ts";
import { native } from "../../src/core/native.ts";
import { sendFile } from "../../src/core/send_file.ts";
import { SharedMemory } from "../../src/core/shared_memory.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { assertContents, contents } from "./contents.ts";
import { withPair } from "./pairs.ts";
import { result } from "./programs/run.ts";

const KIB = 1024;

const [MAJOR, MINOR] = Deno.osRelease().split(".").map(Number);

/** Before, each page was a packet of its own. */
const NEEDS_6_5 = (MAJOR > 6 || (MAJOR === 6 && MINOR >= 5)) ? false : "needs Linux 6.5";

function memoryOf(size: number): SharedMemory {
  const memory = SharedMemory.create(size);
  memory.bytes.set(contents(0, size));
  return memory;
}

claim("each call is one packet, wherever in the file it lies", async () => {
  using memory = memoryOf(256 * KIB);
  const parts = [[0, 1], [0, 4096], [4095, 1], [4095, 2], [10, 4096], [0, 65_536], [1, 65_536], [0, 65_537]];
  parts.push([100, 200_000], [0, 200_000], [262_143, 1], [4096, 4097]);
  for (const type of ["seqpacket", "dgram"] as const) {
    await withPair(type, async (left, right) => {
      for (const [offset, count] of parts) {
        assertEquals(await sendFile(left, memory, { offset, count }), count);
        const message = (await right.receive({ maxBytes: 2 ** 20 }))!;
        assertEquals([message.length, message.truncated], [count, false]);
        assertContents(message.data, offset);
      }
      assertEquals(right.tryReceive(), undefined);
    });
  }
});

claim("the kernel by itself splits what spans more than 16 pages", async () => {
  using memory = memoryOf(256 * KIB);
  for (const [offset, count, packets] of [[1, 65_536, [65_535, 1]], [0, 131_073, [65_536, 65_536, 1]]] as const) {
    await withPair("seqpacket", async (left, right) => {
      native.ipcx_send_file(left.fd.number, memory.fd.number, offset, 0, count, new Int32Array(3));
      const lengths: number[] = [];
      for (const _packet of packets) lengths.push((await right.receive({ maxBytes: 2 ** 20 }))!.length);
      assertEquals(lengths, [...packets]);
    });
  }
}, { skip: NEEDS_6_5 });

/** How many pipes of 16 pages a user can have before the kernel makes them smaller. */
const MOST_PIPES = Math.ceil(Number(Deno.readTextFileSync("/proc/sys/fs/pipe-user-pages-soft")) / 16);

/** A user whom nobody else's tests take pages from. */
const USER = 61_234;

claim(
  "for a user with very many pipes the kernel splits at every other page, and each call is one packet all the same",
  async () => {
    using home = new OwnDirectory();
    Deno.chmodSync(home.path, 0o777);
    const told = await result("send_file_with_many_pipes.ts", [`${MOST_PIPES + 1}`], {
      through: [
        ...["prlimit", `--nofile=${2 * MOST_PIPES + 500}`],
        ...["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups"],
      ],
      env: { DENO_DIR: `${home.path}/deno`, HOME: home.path },
    });
    assertEquals(told, { byKernel: [8192, 8192, 3616], byCall: [20_000] });
  },
  { skip: NEEDS_ROOT || NEEDS_6_5 || ((MOST_PIPES < 1 || MOST_PIPES > 4096) && "the host has another limit of pipes") },
);

claim("at the end of the file a packet is shorter, and none is sent for nothing", async () => {
  using memory = memoryOf(10_000);
  await withPair("seqpacket", async (left, right) => {
    for (const [offset, count, length] of [[9_990, 100, 10], [5_000, 9_999, 5_000]]) {
      assertEquals(await sendFile(left, memory, { offset, count }), length);
      assertEquals((await right.receive())!.length, length);
    }
    assertEquals(await sendFile(left, memory), 10_000);
    assertEquals((await right.receive())!.length, 10_000);
    for (const [offset, count] of [[0, 0], [10_000, 1], [10_000, 10_000], [2 ** 40, 10]]) {
      assertEquals(await sendFile(left, memory, { offset, count }), 0);
    }
    assertEquals(right.tryReceive(), undefined);
  });
});

claim("a packet that is too large for the socket is refused, and nothing is sent", async () => {
  using memory = memoryOf(2 ** 20);
  await withPair("seqpacket", async (left, right) => {
    const most = left.getOption("sendBuffer") - 32;
    assertEquals(await sendFile(left, memory, { offset: 3, count: most }), most);
    assertContents((await right.receive({ maxBytes: 2 ** 20 }))!.data, 3);
    for (const count of [most + 1, most + 32, most + 33, 2 ** 20]) {
      const error = await assertRejects(() => sendFile(left, memory, { count }), SystemError);
      assertEquals(error.code, "EMSGSIZE");
    }
    const whole = await assertRejects(() => sendFile(left, memory), SystemError);
    assertEquals(whole.code, "EMSGSIZE");
    assertEquals(right.tryReceive(), undefined);
  });
});

claim("a receiver that does not read makes the sender wait, and no packet is lost or split", async () => {
  using memory = memoryOf(300 * KIB);
  for (const type of ["seqpacket", "dgram"] as const) {
    await withPair(type, async (left, right) => {
      const parts = Array.from(
        { length: 100 },
        (_, at) => ({ offset: 1000 * at, count: 1 + 37 * at + (at % 3) * 30_000 }),
      );
      const sending = Promise.all(parts.map((part) => sendFile(left, memory, part)));
      for (const { offset, count } of parts) {
        const message = (await right.receive({ maxBytes: 2 ** 20 }))!;
        assertEquals(message.length, count);
        assertContents(message.data, offset);
      }
      assertEquals(await sending, parts.map(({ count }) => count));
    });
  }
});

claim("packets go to a datagram socket that is connected, and no further than its queue", async () => {
  using memory = memoryOf(100);
  using receiver = UnixSocket.bound(ownName());
  using sender = await UnixSocket.connect(receiver.address, { type: "dgram" });
  const sending = Array.from({ length: 50 }, (_, at) => sendFile(sender, memory, { offset: at, count: 50 }));
  for (let at = 0; at < 50; at++) assertContents((await receiver.receive())!.data, at);
  assertEquals(await Promise.all(sending), Array(50).fill(50));
});

claim("a peer that has gone, and what is no file, are errors", async () => {
  using memory = memoryOf(10_000);
  const [left, right] = UnixSocket.pair("seqpacket");
  for (const count of [1, 10_000]) {
    const error = await assertRejects(() => sendFile(left, right, { count }), SystemError);
    assertEquals([error.code, error.syscall], ["ESPIPE", "sendfile"]);
  }
  right.close();
  for (const count of [1, 10_000]) {
    const error = await assertRejects(() => sendFile(left, memory, { count }), SystemError);
    assertEquals(error.code, "EPIPE");
    assert(error.message.includes("the peer has closed the connection"));
  }
  left.close();
});
