import { assert, assertEquals, assertMatch } from "@std/assert";
import { claim } from "../claim.ts";
import { GatewayLog, type Serving, serving } from "./gateway.ts";

const cgi = (script: string, more: Record<string, unknown> = {}) => ({
  answer: "stdout",
  output: "cgi",
  inject: { cmd: ["sh", "-c", script], timeout: 30_000, grace: 100 },
  ...more,
});

function prints(text: string, after = ""): Record<string, unknown> {
  return cgi(`printf '%b' '${text}'${after}`);
}

function rawGet(own: Serving, path: string): Promise<string> {
  return own.raw(`GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
}

claim("a CGI program sets status and fields, its body follows", async () => {
  await using own = await serving({
    "GET /": prints("Status: 201 Made\\r\\nContent-Type: text/html\\r\\nX-One: 1\\r\\n\\r\\nbody"),
    "GET /newlines": prints("Content-Type: text/html\\n\\nbody\\n\\nmore"),
    "GET /typeless": prints("X-One: 1\\n\\nbody"),
    "GET /location": prints("Location: /elsewhere\\n\\n"),
    "GET /empty": prints("\\n"),
    "GET /error": prints("Status: 503 Down\\n\\nsorry"),
  });
  const first = await own.ask("/");
  assertEquals([first.status, first.text, first.headers.get("content-type")], [201, "body", "text/html"]);
  assertEquals([first.headers.get("x-one"), first.headers.get("status")], ["1", null]);
  assertEquals((await own.ask("/newlines")).text, "body\n\nmore");
  const typeless = await own.ask("/typeless");
  assertEquals([typeless.status, typeless.headers.get("content-type")], [200, "text/plain; charset=utf-8"]);
  const location = await own.ask("/location");
  assertEquals([location.status, location.headers.get("location")], [302, "/elsewhere"]);
  assertEquals(location.headers.get("content-type"), null);
  assertEquals((await own.ask("/empty")).status, 200);
  const error = await own.ask("/error");
  assertEquals([error.status, error.text], [503, "sorry"]);
});

claim("a field that is given twice is sent twice, with the bytes that it has", async () => {
  await using own = await serving({
    "GET /": prints("Set-Cookie: a=1\\nSet-Cookie: b=2\\nX: caf\\303\\234\\351\\n\\nbody"),
    "GET /flowing": cgi(
      "printf 'Set-Cookie: a=1\\nSet-Cookie: b=2\\nX: caf\\303\\234\\351\\n\\n'; head -c 100000 /dev/zero",
    ),
  });
  for (const path of ["/", "/flowing"]) {
    const text = await rawGet(own, path);
    const fields = text.slice(0, text.indexOf("\r\n\r\n")).split("\r\n");
    assertEquals(fields.filter((one) => /^set-cookie/i.test(one)).map((one) => one.split(": ")[1]), ["a=1", "b=2"]);
    assertEquals(fields.find((one) => /^x:/i.test(one))?.split(": ")[1], "caf\xc3\x9c\xe9");
  }
});

claim("what the gateway decides about the connection is not the program's", async () => {
  await using own = await serving({
    "GET /": prints("Content-Length: 1\\nTransfer-Encoding: chunked\\nConnection: x\\nKeep-Alive: 1\\n\\nbody"),
  });
  const text = await rawGet(own, "/");
  assertMatch(text, /\r\ncontent-length: 4\r\n/i);
  assertEquals(text.match(/transfer-encoding|keep-alive|connection: x/gi), null);
  assert(text.endsWith("\r\n\r\nbody"));
});

claim("answers that have no body have none, whatever is printed", async () => {
  await using own = await serving({
    "GET /204": prints("Status: 204\\n\\nbody"),
    "GET /304": prints("Status: 304\\nETag: x\\n\\nbody"),
    "GET /flowing": cgi("printf 'Status: 204\\n\\n'; head -c 100000 /dev/zero"),
    "GET /205": prints("Status: 205\\n\\nbody"),
    "GET /flowing205": cgi("printf 'Status: 205\\n\\n'; head -c 100000 /dev/zero"),
    "HEAD /head": prints("Status: 200\\n\\nbody"),
  });
  for (const [path, status] of [["/204", 204], ["/304", 304], ["/flowing", 204]] as const) {
    const text = await rawGet(own, path);
    assertMatch(text, new RegExp(`^HTTP/1.1 ${status} [^]*?\r\n\r\n$`));
    assertEquals(text.match(/content-length|transfer-encoding/gi), null);
  }
  // One that resets a form has a length, of nothing (RFC 9110, 15.3.6).
  for (const path of ["/205", "/flowing205"]) {
    const text = await rawGet(own, path);
    assertMatch(text, /^HTTP\/1.1 205 [^]*?content-length: 0\r\n[^]*?\r\n\r\n$/i);
  }
  const head = await own.raw("HEAD /head HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  assertMatch(head, /^HTTP\/1.1 200 [^]*content-length: 4\r\n[^]*?\r\n\r\n$/i);
});

claim("a head may come in pieces, and the body flows after it", async () => {
  const script = 'printf "Status: 2"; cat "$0"; printf "X: 1\\n\\nfirst"; cat "$0"; printf last';
  await using own = await serving({
    "POST /": cgi("", { inject: { cmd: ["sh", "-c", script, "{{jsonpayload}}"], timeout: 30_000 } }),
  });
  const gate = own.directory.file("gate");
  await new Deno.Command("mkfifo", { args: [gate] }).output();
  const write = async (text: string): Promise<void> => {
    using writer = await Deno.open(gate, { write: true });
    await writer.write(new TextEncoder().encode(text));
  };
  const responding = own.fetch("/", { method: "POST", body: gate });
  await write("01\n");
  const response = await responding;
  assertEquals([response.status, response.headers.get("x")], [201, "1"]);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await reader.read()).value, "first");
  await write("second");
  let text = "";
  for (let part; !(part = await reader.read()).done;) text += part.value;
  assertEquals(text, "secondlast");
});

claim("a head that is none is refused", async () => {
  await using own = await serving({
    "GET /text": prints("no head at all\\n\\n"),
    "GET /endless": prints("X-One: 1\\n"),
    "GET /nothing": prints(""),
    "GET /status": prints("Status: OK\\n\\n"),
    "GET /informal": prints("Status: 100\\n\\n"),
    "GET /folded": prints("X: 1\\n  2\\n\\n"),
    "GET /name": prints("X Y: 1\\n\\n"),
    "GET /control": prints("X: a\\001b\\n\\n"),
    "GET /long": cgi("head -c 70000 /dev/zero | tr '\\0' x; sleep 60"),
    "GET /later": cgi("printf 'X: 1\\n'; for i in $(seq 3000); do echo 'Name: 012345678901234567890'; done; echo"),
  });
  const detail = async (path: string) => {
    const { status, text } = await own.ask(path);
    assertEquals(status, 502);
    return JSON.parse(text).detail.replace("the program's output is no answer: ", "");
  };
  const noLine = "a line of the head is no 'Name: value'";
  assertEquals(await detail("/text"), noLine);
  assertEquals(await detail("/endless"), "the output has no empty line after its head");
  assertEquals(await detail("/nothing"), "the output has no empty line after its head");
  assertEquals(await detail("/status"), "'Status' does not begin with a number from 200 to 599");
  assertEquals(await detail("/informal"), "'Status' does not begin with a number from 200 to 599");
  for (const path of ["/folded", "/name", "/control"]) assertEquals(await detail(path), noLine);
  assertEquals(await detail("/long"), "the head has more than 65536 bytes");
  assertEquals(await detail("/later"), "the head has more than 65536 bytes");
  // Nobody waits for the rest of such an answer.
  await own.isIdle();
});

claim("the exit status of a CGI program is no matter if it has answered; if not, it is told", async () => {
  const log = new GatewayLog();
  await using own = await serving({
    "GET /answered": prints("Status: 200\\n\\nbody", "; exit 3"),
    "GET /failed": cgi("echo the reason >&2; exit 3"),
    // With stats nothing is sent before the end, however long that takes here.
    "GET /killed": cgi("printf 'Status: 200\\n\\nbody'; kill -KILL $$", { stats: true }),
  });
  assertEquals((await own.ask("/answered")).text, "body");
  const failed = await own.ask("/failed");
  assertEquals([failed.status, JSON.parse(failed.text).detail], [502, "the program exited with 3"]);
  assertEquals(log.of("request").at(-1)!.reason, "the program exited with 3; it printed: the reason");
  const killed = await own.ask("/killed");
  assertEquals([killed.status, JSON.parse(killed.text).detail], [502, "the program was ended by SIGKILL"]);
});
