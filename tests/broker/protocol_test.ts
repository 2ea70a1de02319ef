import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { decodeGetPair, decodeSetPair, encodeGetPair, encodeSetPair, type PairMode, ProtocolError } from "ipcx";
import { claim } from "../claim.ts";

const modes = fc.constantFrom<PairMode>("none", "client", "server");
const keys = fc.uint8Array({ minLength: 1, maxLength: 1024 });
const requests = fc.record({ mode: modes, key: keys });

function assertRefused(read: () => unknown, field: string, message: string): void {
  const error = assertThrows(read, ProtocolError) as ProtocolError;
  assertEquals([error.field, error.message], [field, message]);
}

/** Writes a number over a message, in host byte order. */
function overwrite(bytes: Uint8Array<ArrayBuffer>, at: number, number: number, size: 2 | 4): Uint8Array<ArrayBuffer> {
  const source = size === 2 ? Uint16Array.of(number) : Uint32Array.of(number);
  bytes.set(new Uint8Array(source.buffer), at);
  return bytes;
}

claim("a request that was written is read as what it was", () => {
  fc.assert(fc.property(requests, fc.nat(8), (request, padding) => {
    const bytes = encodeGetPair(request);
    assertEquals(bytes.length, 1040);
    const padded = new Uint8Array(bytes.length + padding).fill(0xaa);
    padded.set(bytes);
    const { mode, key } = decodeGetPair(padded);
    assertEquals({ mode, key: new Uint8Array(key) }, { mode: request.mode, key: new Uint8Array(request.key) });
  }));
});

claim("a request is read from the middle of a buffer as well", () => {
  fc.assert(fc.property(requests, fc.nat(64), (request, offset) => {
    const whole = new Uint8Array(1040 + offset);
    whole.set(encodeGetPair(request), offset);
    assertEquals(new Uint8Array(decodeGetPair(whole.subarray(offset)).key), new Uint8Array(request.key));
  }));
});

claim("a request has exactly the bytes that the protocol says", () => {
  const bytes = encodeGetPair({ mode: "server", key: Uint8Array.of(0x6b, 0xff) });
  assertEquals(new Uint32Array(bytes.slice(0, 12).buffer), Uint32Array.of(1, 1, 1028));
  assertEquals(new Uint16Array(bytes.slice(12, 16).buffer), Uint16Array.of(2, 2));
  assertEquals(bytes.slice(16, 18), Uint8Array.of(0x6b, 0xff));
  assertEquals(bytes.slice(18), new Uint8Array(1022));
});

claim("a reply has exactly the bytes that the protocol says, in each of its lengths", () => {
  for (const length of [20, 1040, 1044]) {
    const bytes = encodeSetPair(length);
    assertEquals(bytes.length, length);
    assertEquals(new Uint32Array(bytes.slice(0, 12).buffer), Uint32Array.of(2, 1, 8));
    assertEquals(bytes.slice(12), new Uint8Array(length - 12));
    decodeSetPair(bytes);
  }
  assertEquals(encodeSetPair().length, 1044);
});

claim("every other version, flag, request and size is refused by its name, in requests and replies", () => {
  const u32 = fc.nat(0xffffffff);
  fc.assert(fc.property(u32, requests, (number, request) => {
    for (
      const [bytes, read, right, size] of [
        [encodeGetPair(request), decodeGetPair, 1, 1028],
        [encodeSetPair(20), decodeSetPair, 2, 8],
      ] as const
    ) {
      const version = number & 0xf;
      const flags = overwrite(bytes.slice(), 4, number, 4);
      if (version !== 1) assertRefused(() => read(flags), "version", `version ${version}, expected 1`);
      else if (number !== 1) {
        assertRefused(() => read(flags), "flags", `unknown flags 0x${(number - 1).toString(16)}`);
      }
      const other = overwrite(bytes.slice(), 0, number, 4);
      if (number !== right) assertRefused(() => read(other), "request", `request ${number}, expected ${right}`);
      const sized = overwrite(bytes.slice(), 8, number, 4);
      if (number !== size) assertRefused(() => read(sized), "size", `payload size ${number}, expected ${size}`);
    }
  }));
});

claim("the highest flag is told as it is", () => {
  const bytes = overwrite(encodeSetPair(20), 4, 0x80000001, 4);
  assertRefused(() => decodeSetPair(bytes), "flags", "unknown flags 0x80000000");
});

claim("every mode above 2 and every length of a key outside 1–1024 is refused", () => {
  fc.assert(
    fc.property(fc.nat(0xffff), requests, (number, request) => {
      const modal = overwrite(encodeGetPair(request), 12, number, 2);
      if (number > 2) assertRefused(() => decodeGetPair(modal), "mode", `mode ${number}, expected 0, 1 or 2`);
      const keyed = overwrite(encodeGetPair(request), 14, number, 2);
      if (number < 1 || number > 1024) {
        assertRefused(() => decodeGetPair(keyed), "key", `key of ${number} bytes, expected 1 to 1024`);
      }
    }),
    { examples: [[0, { mode: "none", key: Uint8Array.of(1) }], [1025, { mode: "none", key: Uint8Array.of(1) }]] },
  );
});

claim("a message that is too short is refused, whatever is in it", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 1039 }), (bytes) => {
    assertRefused(() => decodeGetPair(bytes), "length", `${bytes.length} bytes, expected 1040`);
  }));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 19 }), (bytes) => {
    assertRefused(() => decodeSetPair(bytes), "length", `${bytes.length} bytes, expected 20 or more`);
  }));
});

claim("a reply whose payload is not zero is refused, and what is behind it does not matter", () => {
  fc.assert(fc.property(fc.integer({ min: 12, max: 19 }), fc.integer({ min: 1, max: 255 }), (at, byte) => {
    const bytes = encodeSetPair(1044);
    bytes[at] = byte;
    assertRefused(() => decodeSetPair(bytes), "payload", "a payload that is not zero");
  }));
  decodeSetPair(encodeSetPair(1044).fill(0xff, 20));
});

claim("a key that cannot be sent is refused when it is written", () => {
  for (const length of [0, 1025, 5000]) {
    const key = new Uint8Array(length);
    const error = assertThrows(() => encodeGetPair({ mode: "none", key }), RangeError) as Error;
    assertEquals(error.message, `a key has 1 to 1024 bytes, not ${length}`);
  }
});

claim("whatever bytes come, reading gives a request or says what is wrong", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1040, maxLength: 1044 }), (bytes) => {
    try {
      decodeGetPair(bytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }));
});
