import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { unescapeBytes, UnixAddress } from "../../src/core/address.ts";
import type { Fd } from "../../src/core/fd.ts";
import { OPEN } from "../../src/core/linux.ts";
import { Message, type MessageParts } from "../../src/core/message.ts";
import { openPath } from "../../src/core/reach.ts";
import { lossOf, written } from "../../src/cli/packet_text.ts";
import { claim, OwnDirectory } from "../claim.ts";

const encoder = new TextEncoder();

function message(parts: Partial<MessageParts> = {}): Message {
  const data = parts.data ?? new Uint8Array();
  return new Message({ data, length: data.length, truncated: false, controlTruncated: false, fds: [], ...parts });
}

const bytes = fc.uint8Array({ maxLength: 40 });
const texts = fc.string({ unit: "grapheme", maxLength: 20 });
/** What somebody would send who wants to be taken for somebody else. */
const forged = fc.array(
  fc.constantFrom("[", "]", ", ", "pid 1", "uid 0", "\n", "\r", "\x1b[2K", "\\x5b", "from @a", "x"),
)
  .map((parts) => parts.join(""));
const payloads = fc.oneof(bytes, texts.map((text) => encoder.encode(text)), forged.map((text) => encoder.encode(text)))
  .map((data) => new Uint8Array(data));
const names = fc.oneof(
  fc.uint8Array({ maxLength: 107 }).map((name) => UnixAddress.abstract(name)),
  forged.filter((text) => text !== "").map((text) => UnixAddress.path(`./${text}`)),
);
const senders = fc.record({
  pid: fc.nat(),
  uid: fc.nat({ max: 0xffffffff }),
  gid: fc.nat({ max: 0xffffffff }),
}, { noNullPrototype: true });

/** Takes a line apart as somebody would who relies on the brackets. */
function takenApart(line: string): { remarks: string[] | undefined; payload: string } {
  assert(line.endsWith("\n") && line.indexOf("\n") === line.length - 1, `more than one line: ${line}`);
  if (!line.startsWith("[")) return { remarks: undefined, payload: line.slice(0, -1) };
  const end = line.indexOf("]");
  return { remarks: line.slice(1, end).split(", "), payload: line.slice(end + 1, -1).replace(/^ /, "") };
}

claim("whatever is sent, a line has the sender that the kernel knows, and no other", () => {
  fc.assert(
    fc.property(payloads, fc.option(names, { nil: undefined }), senders, (data, from, credentials) => {
      for (const format of ["text", "hex"] as const) {
        const line = written(message({ data, from, credentials }), format, { tellsSender: true }) as string;
        const { remarks, payload } = takenApart(line);
        const { pid, uid, gid } = credentials;
        assertEquals(remarks!.slice(0, 3), [`pid ${pid}`, `uid ${uid}`, `gid ${gid}`]);
        assertEquals(remarks!.length, from ? 4 : 3);
        assert(!from || remarks![3].startsWith("from "));
        if (format === "hex") assertEquals(payload, data.toHex());
      }
    }),
  );
});

claim("without anything to be told no line begins with a bracket, and the payload can be read back", () => {
  fc.assert(
    fc.property(payloads, (data) => {
      const { remarks, payload } = takenApart(written(message({ data }), "text", {}) as string);
      assertEquals(remarks, undefined);
      assertEquals(unescapeBytes(payload), data);
    }),
  );
});

claim("no line has a character that a terminal could take for a command", () => {
  fc.assert(
    fc.property(payloads, names, (data, from) => {
      for (const format of ["text", "hex", "json"] as const) {
        const line = written(message({ data, from }), format, { tellsSender: true }) as string;
        assert(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(line.slice(0, -1)), JSON.stringify(line));
      }
    }),
  );
});

claim("a line of JSON has the bytes and the name as they were", () => {
  fc.assert(
    fc.property(payloads, names, senders, (data, from, credentials) => {
      const json = JSON.parse(written(message({ data, from, credentials }), "json", {}) as string);
      const told = json.base64 === undefined ? encoder.encode(json.data) : Uint8Array.fromBase64(json.base64);
      assertEquals(told, data);
      assertEquals(json.from, `${from}`);
      assertEquals({ pid: json.pid, uid: json.uid, gid: json.gid }, credentials);
    }),
  );
});

claim("what the kernel says comes first, then what was lost, then what the peer has chosen", () => {
  using directory = new OwnDirectory();
  const path = directory.file("a, [b]");
  Deno.writeTextFileSync(path, "");
  const fds = (): Fd[] => [openPath(path, OPEN.READ), openPath("/dev/null", OPEN.READ)];
  const credentials = { pid: 1, uid: 2, gid: 3 };
  const from = UnixAddress.abstract("a] [b");
  const whole = { data: encoder.encode("ab"), length: 9, truncated: true, credentials, from };
  const file = `file ${directory.path}/a\\x2c \\x5bb\\x5d`;
  {
    using one = message({ ...whole, fds: fds() });
    assertEquals(
      written(one, "text", { tellsSender: true }),
      `[pid 1, uid 2, gid 3, 2 of 9 bytes, from @a\\x5d \\x5bb, ${file}, device /dev/null] ab\n`,
    );
    assertEquals(written(one, "text", {}), `[2 of 9 bytes, ${file}, device /dev/null] ab\n`);
    assertEquals(written(one, "raw", { tellsSender: true }), whole.data);
  }
  const lost = message({ data: encoder.encode("ab"), fdsLost: true, controlTruncated: true });
  assertEquals(written(lost, "text", {}), "[descriptors lost] ab\n");
  assertEquals(written(message({ fdsLost: true }), "hex", {}), "[descriptors lost]\n");
  assertEquals(written(message({ data: encoder.encode("[") }), "hex", {}), "5b\n");
});

claim("the name of a peer on a connection is nobody to answer to, and is left out", () => {
  const from = UnixAddress.abstract("x");
  const peer = { pid: 1, uid: 2, gid: 3 };
  assertEquals(written(message({ from }), "text", { tellsSender: true, peer }), "\n");
  assertEquals(JSON.parse(written(message({ from }), "json", { peer }) as string), {
    data: "",
    length: 0,
    fds: [],
    peer,
  });
});

claim("what was lost is told in words, and nothing of a message that is all there", () => {
  assertEquals(lossOf(message({ data: encoder.encode("[") })), undefined);
  assertEquals(
    lossOf(message({ data: new Uint8Array(3), length: 9, truncated: true })),
    "a message of 9 bytes was cut to 3: --max-bytes takes more of them",
  );
  assertEquals(
    lossOf(message({ fdsLost: true })),
    "the kernel could not deliver a message's descriptors: RLIMIT_NOFILE of the receiver is reached",
  );
});
