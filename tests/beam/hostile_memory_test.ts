import { Beam, BeamError, type Fd, UnixSocket } from "ipcx";
import { assertEquals, assertRejects } from "@std/assert";
import { claim, OwnDirectory } from "../claim.ts";
import { openFile, pipeWith, sealedMemory } from "./descriptors.ts";
import { ForeignPeer } from "./foreign_peer.ts";
import { assertFailed, partOn } from "./raw_frames.ts";

const TYPES = ["stream", "seqpacket"] as const;
const MIB = 1024 * 1024;
const HEAD = 4096;
const RING = 65_536;

function announce(type: "stream" | "seqpacket"): Uint8Array<ArrayBuffer> {
  return partOn(type, { kind: "memory", size: RING }, true);
}

function shared(
  type: "stream" | "seqpacket",
  offset: number,
  length: number,
  total = length,
): Uint8Array<ArrayBuffer> {
  return partOn(type, { kind: "shared", offset, length, end: offset + length, total });
}

/** A bare socket and a beam at its other end. */
async function withBeam(
  type: "stream" | "seqpacket",
  test: (socket: UnixSocket, beam: Beam) => Promise<void>,
): Promise<void> {
  const [left, right] = UnixSocket.pair(type);
  using socket = left;
  using beam = new Beam(right, { framed: true });
  await test(socket, beam);
}

claim("what is announced as memory and is none, or may shrink, ends the beam", async () => {
  const wrong: [kind: string, size: number][] = [
    ["unsealed", HEAD + RING],
    ["sealed against growth alone", HEAD + RING],
    ["sealed against writing", HEAD + RING],
    ["open for reading", HEAD + RING],
    ["sealed", 0],
    ["sealed", 1],
    ["sealed", HEAD],
    ["sealed", HEAD + 64 * MIB + 1],
    ["sealed", 2 ** 31],
    ["sealed", 2 ** 40],
    ["huge pages", 2 * MIB],
  ];
  for (const type of TYPES) {
    for (const [kind, size] of wrong) {
      const [peer, beam] = await ForeignPeer.beam({ type, framed: true });
      await using _peer = peer;
      using _beam = beam;
      try {
        await peer.tell("send_memory", announce(type).toHex(), kind, size);
      } catch (error) {
        if (kind !== "huge pages") throw error;
        continue;
      }
      await assertFailed(beam, "protocol", "no shared memory where it was announced");
    }
  }
});

claim("no memory at all ends the beam, and so does any other descriptor in its place", async () => {
  using directory = new OwnDirectory();
  Deno.writeFileSync(directory.file("regular"), new Uint8Array(HEAD + RING));
  for (const type of TYPES) {
    await withBeam(type, async (socket, beam) => {
      await socket.send(announce(type));
      await assertFailed(beam, "protocol", "no memory where it was announced");
    });
    if (type === "stream") {
      await withBeam(type, async (socket, beam) => {
        using memory = sealedMemory(HEAD + RING);
        await socket.send(partOn(type, { kind: "memory", size: RING }, false), { fds: [memory] });
        await assertFailed(beam, "protocol", "no memory where it was announced");
      });
    }
    const others: (() => Fd)[] = [
      () => pipeWith("none"),
      () => openFile(directory.file("regular")),
      () => openFile("/dev/zero"),
      () => openFile(directory.path),
    ];
    for (const other of others) {
      await withBeam(type, async (socket, beam) => {
        using fd = other();
        await socket.send(announce(type), { fds: [fd, fd] });
        await assertFailed(beam, "protocol", "no shared memory where it was announced");
      });
    }
  }
});

claim("a file in memory that is no memfd is refused: what can be cut off could end its reader", async () => {
  const path = `/dev/shm/ipcx-${crypto.randomUUID()}`;
  Deno.writeFileSync(path, new Uint8Array(HEAD + RING));
  try {
    for (const type of TYPES) {
      await withBeam(type, async (socket, beam) => {
        using fd = openFile(path);
        await socket.send(announce(type), { fds: [fd] });
        await assertFailed(beam, "protocol", "no shared memory where it was announced");
      });
    }
  } finally {
    Deno.removeSync(path);
  }
});

claim("a payload outside the memory ends the beam, one up to its last byte does not", async () => {
  const wrong = [[RING - 10, 11], [RING, 1], [0xffffffff, 1], [0xfffffff0, 0x20], [0, RING + 1]];
  for (const type of TYPES) {
    for (const [offset, length] of wrong) {
      await withBeam(type, async (socket, beam) => {
        using memory = sealedMemory(HEAD + RING);
        await socket.send(announce(type), { fds: [memory] });
        await socket.send(shared(type, RING - 10, 10));
        assertEquals((await beam.receive())!.data.toHex(), "00".repeat(10));
        await socket.send(shared(type, offset, length));
        await assertFailed(beam, "protocol", "a payload beyond the shared memory");
      });
    }
  }
});

claim("memory can be announced anew, which gives the one before back; surplus descriptors are closed", async () => {
  for (const type of TYPES) {
    await withBeam(type, async (socket, beam) => {
      for (const size of [1, RING, 64 * MIB]) {
        using memory = sealedMemory(HEAD + size);
        await socket.send(announce(type), { fds: [memory, memory, memory] });
        await socket.send(shared(type, size - 1, 1));
        using message = (await beam.receive())!;
        assertEquals([message.data.length, message.fds.length], [1, 0]);
      }
    });
  }
});

claim("pieces in memory that do not add up end the beam", async () => {
  for (const type of TYPES) {
    for (const second of [shared(type, 0, 3, 4), shared(type, 0, 1, 5)]) {
      await withBeam(type, async (socket, beam) => {
        using memory = sealedMemory(HEAD + RING);
        await socket.send(announce(type), { fds: [memory] });
        await socket.send(shared(type, 0, 2, 4));
        await socket.send(second);
        await assertFailed(beam, "protocol");
      });
    }
  }
});

claim("a receiver that says it has taken what it was never given gets nothing large any more", async () => {
  for (const type of TYPES) {
    for (const nonsense of [2 * MIB, 0x80000000, 4 * MIB]) {
      await withBeam(type, async (socket, beam) => {
        await beam.send(new Uint8Array(MIB));
        using announced = (await socket.receive({ maxBytes: 24 }))!;
        const memory = announced.fds[0];
        {
          using file = Deno.openSync(`/proc/self/fd/${memory.number}`, { write: true });
          file.writeSync(new Uint8Array(new Uint32Array([nonsense]).buffer));
        }
        for (let left = 2; left > 0; left--) {
          const error = await assertRejects(() => beam.send(new Uint8Array(MIB)), BeamError, "taken more than");
          assertEquals(error.code, "protocol");
        }
      });
    }
  }
});
