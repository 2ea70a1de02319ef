import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type CgiHead, CgiHeadError, MAX_HEAD_BYTES, readCgiHead } from "../../src/proxy/cgi_head.ts";
import { claim } from "../claim.ts";

const encoder = new TextEncoder();

function read(text: string, isAll = true): CgiHead | undefined {
  return readCgiHead(encoder.encode(text), isAll);
}

function refused(text: string, isAll = true): string {
  return assertThrows(() => read(text, isAll), CgiHeadError).message;
}

claim("a head ends at its first empty line, whatever the line ends are", () => {
  for (const end of ["\n", "\r\n"]) {
    const head = `A: 1${end}B:2  ${end}${end}`;
    assertEquals(read(`${head}body${end}${end}`), {
      status: 200,
      headers: [["A", "1"], ["B", "2"]],
      length: head.length,
    });
  }
  assertEquals(read("\n"), { status: 200, headers: [], length: 1 });
  assertEquals(read("\r\n\r\n"), { status: 200, headers: [], length: 2 });
  assertEquals(read("A: 1\r\n\n"), { status: 200, headers: [["A", "1"]], length: 7 });
});

claim("status and location decide about the status", () => {
  assertEquals(read("Status: 404\n\n")?.status, 404);
  assertEquals(read("status: 201 Made for you\n\n"), { status: 201, headers: [], length: 26 });
  assertEquals(read("Location: /x\n\n")?.status, 302);
  assertEquals(read("Location: /x\nStatus: 201\n\n")?.status, 201);
  for (const status of ["", "OK", "100", "600", "20", "2000", "200OK", "-200"]) {
    assertEquals(refused(`Status: ${status}\n\n`), "'Status' does not begin with a number from 200 to 599");
  }
});

claim("what is no field is refused", () => {
  for (const line of ["text", ": x", "a b: c", " a: b", "a\t: b", "a: b\x01", "a: \rb", "é: x", "a: b\x7f"]) {
    assertEquals(refused(`${line}\n\n`), "a line of the head is no 'Name: value'");
  }
});

claim("bytes beyond ASCII are kept in values, each as one character", () => {
  for (let byte = 0x80; byte < 0x100; byte++) {
    const bytes = new Uint8Array([0x61, 0x3a, 9, 32, byte, 0x62, byte, 32, 9, 10, 10]);
    const character = String.fromCharCode(byte);
    assertEquals(readCgiHead(bytes, true)?.headers, [["a", `${character}b${character}`]]);
  }
});

claim("a head that goes on is waited for, up to its limit", () => {
  const line = `A: ${"x".repeat(MAX_HEAD_BYTES - 5)}\n`;
  assertEquals(read("A: 1\nB: 2", false), undefined);
  assertEquals(read("", false), undefined);
  assertEquals(read(`${line}\n`)?.length, MAX_HEAD_BYTES);
  assertEquals(read(`${line}x`, false), undefined);
  const tooLong = `the head has more than ${MAX_HEAD_BYTES} bytes`;
  assertEquals(refused(`${line}xx`, false), tooLong);
  assertEquals(refused(`x${line}\n`), tooLong);
  assertEquals(refused("A: 1\n"), "the output has no empty line after its head");
  assertEquals(refused(""), "the output has no empty line after its head");
});

claim("in whatever pieces it comes, a head is the same; any bytes are read or refused", () => {
  const text = fc.string({ unit: fc.constantFrom("A", ":", " ", "\n", "\r", "Status", "200", "é", "\0") });
  fc.assert(fc.property(text, fc.nat(), (whole, at) => {
    const bytes = encoder.encode(whole);
    const outcome = (part: Uint8Array, isAll: boolean) => {
      try {
        return readCgiHead(part, isAll);
      } catch (error) {
        assert(error instanceof CgiHeadError);
        return error.message;
      }
    };
    const early = outcome(bytes.subarray(0, at % (bytes.length + 1)), false);
    if (early !== undefined) assertEquals(outcome(bytes, true), early);
  }));
});
