import { assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { type Routes, type Serving, serving } from "./gateway.ts";

/** Prints each argument in angle brackets. */
const ARGUMENTS = ["printf", "<%s>", "first"];

const POST = (inject: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  answer: "stdout",
  inject: { timeout: 10_000, ...inject },
  ...more,
});

const CHANNELS: Routes = {
  "POST /cmdline": POST({ cmd: ARGUMENTS, channel: "cmdline" }),
  "POST /stdin": POST({ cmd: ["cat"], channel: "stdin" }),
  "POST /env": POST({ cmd: ["printenv", "PAYLOAD"], channel: "env" }),
  "POST /file": POST({ cmd: ["sh", "-c", 'cat "$PAYLOAD_FILE"'], channel: "file" }),
  "POST /third": POST({ cmd: ["sh", "-c", "cat <&3"], channel: "file" }),
  "POST /none": POST({ cmd: ["sh", "-c", 'cat; echo "$#:${PAYLOAD-none}:${PAYLOAD_FILE-none}"'] }),
};

async function bytesOf(own: Serving, path: string, body: BodyInit, init: RequestInit = {}): Promise<Uint8Array> {
  const response = await own.fetch(path, { method: "POST", body, ...init });
  const bytes = await response.bytes();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${new TextDecoder().decode(bytes)}`);
  return bytes;
}

const encoder = new TextEncoder();
const NOT_UTF8 = new Uint8Array([0x61, 0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x62]);
const NUL = new Uint8Array([0x61, 0, 0x62]);

function around(before: string, bytes: Uint8Array, after: string): Uint8Array {
  return new Uint8Array([...encoder.encode(before), ...bytes, ...encoder.encode(after)]);
}

claim("each channel passes the bytes of the body as they are", async () => {
  await using own = await serving(CHANNELS);
  const texts = [
    "",
    "a",
    '{"a": [1, "b"]}\n',
    "  spaces  ",
    "grüße 😀\u2028",
    "\ufeffmark",
    "-n",
    "--help",
    "a\nb\n\n",
  ];
  for (const body of [...texts.map((text) => encoder.encode(text)), NOT_UTF8]) {
    assertEquals(await bytesOf(own, "/cmdline", body), around("<first><", body, ">"));
    assertEquals(await bytesOf(own, "/stdin", body), body);
    assertEquals(await bytesOf(own, "/env", body), around("", body, "\n"));
    assertEquals(await bytesOf(own, "/file", body), body);
    assertEquals(await bytesOf(own, "/third", body), body);
  }
});

claim("without a channel a process gets nothing", async () => {
  await using own = await serving(CHANNELS);
  assertEquals(new TextDecoder().decode(await bytesOf(own, "/none", "body")), "0:none:none\n");
});

claim("a NUL is refused where none can be passed, and passes elsewhere", async () => {
  await using own = await serving(CHANNELS);
  for (const path of ["/cmdline", "/env"]) {
    const { status, text } = await own.ask(path, { method: "POST", body: NUL });
    assertEquals([status, JSON.parse(text).detail], [
      400,
      "a NUL byte cannot be passed on a command line or in a variable",
    ]);
  }
  assertEquals(await bytesOf(own, "/stdin", NUL), NUL);
  assertEquals(await bytesOf(own, "/file", NUL), NUL);
});

claim("the longest argument and variable that the kernel takes pass, one byte more is refused", async () => {
  await using own = await serving(CHANNELS);
  const longest = 131_071;
  const asked = async (path: string, length: number) => {
    const { status, text } = await own.ask(path, { method: "POST", body: "x".repeat(length) });
    return status === 200 ? text.length : [status, JSON.parse(text).detail];
  };
  assertEquals(await asked("/cmdline", longest), longest + "<first><>".length);
  const refusal = (length: number) => [413, `an argument or variable holds at most ${longest} bytes, not ${length}`];
  assertEquals(await asked("/cmdline", longest + 1), refusal(longest + 1));
  assertEquals(await asked("/env", longest - "PAYLOAD=".length), longest - "PAYLOAD=".length + 1);
  assertEquals(await asked("/env", longest - "PAYLOAD=".length + 1), refusal(longest + 1));
  assertEquals(await asked("/cmdline", 200 * 1024), refusal(200 * 1024));
  for (const path of ["/stdin", "/file"]) assertEquals(await asked(path, 200 * 1024), 200 * 1024);
});

claim("what is too much for all arguments together is the client's fault, too", async () => {
  const many = Array.from({ length: 60 }, () => "{{jsonpayload}}");
  await using own = await serving({ "POST /": POST({ cmd: ["echo", ...many] }) });
  const { status, text } = await own.ask("/", { method: "POST", body: "x".repeat(131_000) });
  assertEquals([status, JSON.parse(text).detail], [413, "the arguments and variables together are too long"]);
});

claim("bodies up to the limit pass, those beyond are refused before they are read", async () => {
  await using own = await serving({
    "POST /small": POST({ cmd: ["cat"], channel: "stdin" }, { limits: { body: 10 } }),
    "POST /large": POST({ cmd: ["sh", "-c", "wc -c"], channel: "stdin" }, { limits: { body: "50 MiB" } }),
    "POST /file": POST({ cmd: ["sh", "-c", "wc -c <&3"], channel: "file" }, { limits: { body: "50 MiB" } }),
    "POST /deaf": POST({ cmd: ["echo", "done"], channel: "stdin" }, { limits: { body: "50 MiB" } }),
  });
  const large = new Uint8Array(50 * 1024 * 1024).fill(97);
  for (const path of ["/large", "/file"]) {
    assertEquals((await own.ask(path, { method: "POST", body: large })).text, `${large.length}\n`);
  }
  // Nobody waits for a program that never reads.
  assertEquals((await own.ask("/deaf", { method: "POST", body: large.subarray(0, 5_000_000) })).text, "done\n");
  assertEquals((await own.ask("/small", { method: "POST", body: "0123456789" })).text, "0123456789");
  for (const body of ["0123456789a", large]) {
    const { status, text } = await own.ask("/small", { method: "POST", body });
    assertEquals([status, JSON.parse(text).detail], [413, "the body has more than 10 bytes"]);
  }
  // A body of unknown length is refused as soon as it is too long, while it is still being sent.
  using connection = await own.connect();
  await connection.send("POST /small HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nb\r\n0123456789a\r\n");
  assertEquals((await connection.until("\r\n")).split(" ")[1], "413");
});

claim("a client that asks whether to send its body is not told to when it is too long", async () => {
  await using own = await serving({
    "POST /": POST({ cmd: ["cat"], channel: "stdin" }, { limits: { body: 10 } }),
  });
  const head = (length: number) =>
    `POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: ${length}\r\n\r\n`;
  using good = await own.connect();
  await good.send(head(4));
  assertEquals((await good.until("\r\n\r\n")).split(" ")[1], "100");
  await good.send("body");
  assertEquals((await good.until("body")).split(" ")[1], "200");
  using bad = await own.connect();
  await bad.send(head(11));
  assertEquals((await bad.until("\r\n\r\n")).split(" ")[1], "413");
});

claim("the payload is appended to the command line exactly once, unless it stands there already", async () => {
  await using own = await serving({
    "POST /appended": POST({ cmd: ARGUMENTS, channel: "cmdline" }),
    "POST /there": POST({ cmd: [...ARGUMENTS, "{{jsonpayload}}", "x{{jsonpayload}}y", "last"], channel: "cmdline" }),
    "POST /split": POST({ cmd: "printf <%s> {{jsonpayload}} last" }),
    "POST /variable": POST({ cmd: ["printenv", "COPY"], env: ["COPY=<{{jsonpayload}}>"] }),
  });
  const asked = async (path: string, body: string) => (await own.ask(path, { method: "POST", body })).text;
  for (const body of ["", "a b", "{ }", "'", "a\nb"]) {
    assertEquals(await asked("/appended", body), `<first><${body}>`);
    assertEquals(await asked("/there", body), `<first><${body}><x${body}y><last>`);
    assertEquals(await asked("/split", body), `<${body}><last>`);
    assertEquals(await asked("/variable", body), `<${body}>\n`);
  }
});

claim("the payload can be read by another user", async () => {
  await using own = await serving({
    "POST /": POST({ cmd: ["sh", "-c", 'id -u; cat "$PAYLOAD_FILE"'], channel: "file", user: "nobody" }),
    "POST /stdin": POST({ cmd: ["sh", "-c", "cat /dev/stdin"], channel: "stdin", user: "nobody" }),
  });
  assertEquals((await own.ask("/", { method: "POST", body: "body" })).text, "65534\nbody");
  assertEquals((await own.ask("/stdin", { method: "POST", body: "body" })).text, "body");
}, { skip: Deno.uid() !== 0 && "needs root" });

claim("nobody can change the payload", async () => {
  await using own = await serving({
    "POST /": POST({ cmd: ["sh", "-c", 'echo more >>"$PAYLOAD_FILE" || cat "$PAYLOAD_FILE"'], channel: "file" }),
  });
  assertEquals((await own.ask("/", { method: "POST", body: "body" })).text, "body");
});

claim("bodies are made into what the encoding says", async () => {
  await using own = await serving({
    "POST /json": POST({ cmd: ["cat"], channel: "stdin", encoding: "json" }),
    "POST /form": POST({ cmd: ["cat"], channel: "stdin", encoding: "form" }),
    "POST /raw": POST({ cmd: ["cat"], channel: "stdin", encoding: "raw" }),
  });
  const form = "application/x-www-form-urlencoded";
  const asked = async (path: string, body: string, type: string) => {
    const { status, text } = await own.ask(path, { method: "POST", body, headers: { "content-type": type } });
    return status === 200 ? text : `${status} ${JSON.parse(text).detail}`;
  };
  assertEquals(await asked("/json", ' {"a": 1}\n', "application/json"), ' {"a": 1}\n');
  assertEquals(await asked("/json", "a=1&b=x+y&b=%C3%A9", `${form}; charset=utf-8`), '{"a":"1","b":["x y","é"]}');
  assertEquals(await asked("/json", "{", "application/json"), "400 the body is no JSON");
  assertEquals(await asked("/json", "", "application/json"), "");
  assertEquals(await asked("/form", '{"a":1,"b":["x y","é"],"c":null}', "application/json"), "a=1&b=x+y&b=%C3%A9&c=");
  assertEquals(await asked("/form", "a=1", form), "a=1");
  assertEquals(await asked("/form", "[1]", "application/json"), "400 only a JSON object can be made into a form");
  assertEquals(await asked("/raw", "{", "application/json"), "{");
  assertEquals(await asked("/raw", "a=1", form), "a=1");
});
