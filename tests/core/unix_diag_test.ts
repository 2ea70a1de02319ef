import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { UnixSocket } from "../../src/core/socket.ts";
import { KernelPort } from "../../src/core/diag_port.ts";
import { decodeMessages, NetlinkError } from "../../src/core/netlink.ts";
import { decodeSocket, type DiagSocket, encodeRequest, SHOW } from "../../src/core/unix_diag.ts";
import { claim } from "../claim.ts";
import { attribute, describe, u32 } from "./raw_answers.ts";

const number = fc.integer({ min: 0, max: 0xffffffff });

claim("a request for a list has the bytes that sock_diag(7) describes", () => {
  const bytes = encodeRequest({ show: 0x77, sequence: 5 });
  assertEquals(
    bytes.toHex(),
    [
      "28000000" + "1400" + "0103" + "05000000" + "00000000",
      "01000000" + "ffffffff" + "00000000" + "77000000" + "ffffffff" + "ffffffff",
    ].join(""),
  );
});

claim("a request for one socket asks for no list, and for no cookie", () => {
  const bytes = encodeRequest({ show: SHOW.PENDING, inode: 0x01020304, states: 1 << 10, sequence: 5 });
  assertEquals(
    bytes.toHex(),
    [
      "28000000" + "1400" + "0100" + "05000000" + "00000000",
      "01000000" + "00040000" + "04030201" + "08000000" + "ffffffff" + "ffffffff",
    ].join(""),
  );
});

claim("all that the kernel tells of a socket is read", () => {
  const known = fc.record({
    type: fc.constantFrom(["stream", 1], ["dgram", 2], ["seqpacket", 5]),
    state: fc.nat(255),
    inode: number,
    cookie: fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }),
    name: fc.option(fc.uint8Array({ maxLength: 108 })),
    file: fc.option(fc.record({ inode: number, device: number })),
    peer: fc.option(number),
    pending: fc.option(fc.array(number, { maxLength: 5 })),
    queues: fc.option(fc.tuple(number, number)),
    memory: fc.option(number),
    shutdown: fc.option(fc.nat(3)),
    uid: fc.option(number),
  });
  fc.assert(fc.property(known, ({ type, state, inode, cookie, ...rest }) => {
    const { name, file, peer, pending, queues, memory, shutdown, uid } = rest;
    const attributes = [
      ...(name ? [attribute(0, name)] : []),
      ...(file ? [attribute(1, u32(file.inode, file.device))] : []),
      ...(peer !== null ? [attribute(2, u32(peer))] : []),
      ...(pending ? [attribute(3, u32(...pending))] : []),
      ...(queues ? [attribute(4, u32(...queues))] : []),
      ...(memory !== null ? [attribute(5, u32(1, 2, 3, memory, 5, 6, 7, 8, 9))] : []),
      ...(shutdown !== null ? [attribute(6, Uint8Array.of(shutdown))] : []),
      ...(uid !== null ? [attribute(7, u32(uid))] : []),
      attribute(8, Uint8Array.of(1, 2, 3)),
    ];
    const expected: DiagSocket = {
      type: type[0] as DiagSocket["type"],
      state,
      inode,
      cookie,
      shutdown: shutdown ?? 0,
      ...(name ? { name } : {}),
      ...(file ? { file: { ...file } } : {}),
      ...(peer !== null ? { peer } : {}),
      ...(pending ? { pending } : {}),
      ...(queues ? { receiveQueue: queues[0], sendQueue: queues[1] } : {}),
      ...(memory !== null ? { sendBuffer: memory } : {}),
      ...(uid !== null ? { uid } : {}),
    };
    assertEquals(decodeSocket(describe({ type: type[1] as number, state, inode, cookie, attributes })), expected);
  }));
});

claim("a name is a copy: the next piece comes to the same place", () => {
  const body = describe({ inode: 1, attributes: [attribute(0, Uint8Array.of(0x61))] });
  const { name } = decodeSocket(body);
  body.fill(0);
  assertEquals([...name!], [0x61]);
});

claim("what is too short is refused", () => {
  assertThrows(
    () => decodeSocket(new Uint8Array(15)),
    NetlinkError,
    "a socket's description has 15 bytes, 16 are expected",
  );
  for (const [type, length] of [[1, 7], [2, 3], [4, 7], [5, 15], [6, 0], [7, 3]]) {
    const body = describe({ inode: 1, attributes: [attribute(type, new Uint8Array(length))] });
    assertThrows(() => decodeSocket(body), NetlinkError, `attribute ${type} of a socket has ${length} bytes`);
  }
});

/** One piece of the kernel's list, with sockets of ours in it. */
function realPiece(): Uint8Array {
  const [left, right] = UnixSocket.pair("seqpacket");
  using _left = left, _right = right;
  using port = new KernelPort();
  port.send(encodeRequest({ show: 0x7f, sequence: 1 }));
  return port.receive().slice();
}

claim("whatever becomes of the bytes of a real list, it is read or refused", () => {
  const piece = realPiece();
  const change = fc.record({ at: fc.nat(piece.length - 1), byte: fc.nat(255) });
  let read = 0;
  fc.assert(
    fc.property(fc.array(change, { maxLength: 6 }), fc.integer({ min: 1, max: piece.length }), (changes, length) => {
      const changed = piece.slice(0, length);
      for (const { at, byte } of changes) if (at < length) changed[at] = byte;
      try {
        for (const { type, body } of decodeMessages(changed)) {
          if (type === 20) read += Number(decodeSocket(body).inode >= 0);
        }
      } catch (error) {
        if (!(error instanceof NetlinkError || error instanceof RangeError)) throw error;
      }
    }),
    { numRuns: 5000 },
  );
  assert(read > 0);
});
