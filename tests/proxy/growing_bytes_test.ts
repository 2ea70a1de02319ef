import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { GrowingBytes } from "../../src/proxy/growing_bytes.ts";
import { claim } from "../claim.ts";
import { until } from "../cli/program.ts";
import { serving } from "./gateway.ts";

claim("any pieces make the whole, and what was taken of it does not change", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array()), (pieces) => {
    const bytes = new GrowingBytes();
    const taken: [Uint8Array, number[]][] = [];
    for (const piece of pieces) {
      bytes.push(piece);
      taken.push([bytes.whole, [...bytes.whole]]);
      piece.fill(0xff);
    }
    for (const [view, copy] of taken) assertEquals([...view], copy);
    assertEquals(bytes.length, bytes.whole.length);
  }));
  const bytes = new GrowingBytes();
  assertEquals(bytes.whole, new Uint8Array());
  for (const text of ["a", "bc", "", "def"]) bytes.push(new TextEncoder().encode(text));
  assertEquals(new TextDecoder().decode(bytes.whole), "abcdef");
});

/** Bytes in use. */
function used(): number {
  // Garbage is collected when more of it is made.
  new Uint8Array(4_000_000).fill(1);
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

claim("a body that comes byte by byte takes no more memory than one that comes at once", async () => {
  const count = 1_000_000;
  await using gateway = await serving({
    "POST /": {
      answer: "stdout",
      limits: { body: "2 MiB" },
      inject: { cmd: ["wc", "-c"], channel: "stdin", timeout: 60_000 },
    },
  });
  using connection = await gateway.connect();
  const before = used();
  await connection.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const chunks = "1\r\nx\r\n".repeat(1000);
  for (let sent = 0; sent < count; sent += 1000) await connection.send(chunks);
  // A byte that stands for itself only takes about 200 of them.
  await until(() => used() < before + 50_000_000, "the memory is not given back");
  await connection.send("0\r\n\r\n");
  await connection.until(`${count}\n`);
});
