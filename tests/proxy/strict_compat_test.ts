import { assertEquals } from "@std/assert";
import { compatibleReply } from "../../src/proxy/reply.ts";
import { claim } from "../claim.ts";
import { type Serving, serving } from "./gateway.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Answers with what the client has sent, and sends what it was told to a second request's program. */
const ECHO = {
  inject: {
    cmd: ["sh", "-c", 'curl -s --unix-socket "$REPLY_SOCKET" http://localhost/urhttp/$REQUEST_ID --data-binary @-'],
    channel: "stdin",
    timeout: 20_000,
  },
};

async function compatible(): Promise<Serving> {
  return await serving({ "POST /echo": ECHO, "GET /echo": { inject: { cmd: ["true"] } } }, { strict_compat: true });
}

/** The body of an answer, read to the end of the connection. */
function split(text: string): { status: string; body: string } {
  return { status: text.split("\r\n", 1)[0], body: text.slice(text.indexOf("\r\n\r\n") + 4) };
}

async function replied(own: Serving, path: string): Promise<{ status: string; body: string }> {
  return split(
    await own.rawReply(`POST ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}`),
  );
}

claim("what has no route is an Internal Error, as with the first URocket", async () => {
  await using own = await compatible();
  for (const target of ["/else", "/", "/echo/x"]) {
    const got = split(await own.raw(`GET ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`));
    assertEquals(got, { status: "HTTP/1.1 500 Internal Server Error", body: "Internal Error" });
  }
  assertEquals((await own.ask("/echo", { method: "PUT" })).text, "Internal Error");
});

claim("JSON is written anew, anything else becomes 500 false", async () => {
  await using own = await compatible();
  const asked = async (body: string) => {
    const { status, text, headers } = await own.ask("/echo", { method: "POST", body });
    return [status, text, headers.get("content-type")];
  };
  assertEquals(await asked(' { "a" : [ 1 , "é" ] }\n'), [200, '{"a":[1,"é"]}', "application/json"]);
  assertEquals(await asked("text"), [500, "false", "application/json"]);
  assertEquals(await asked(""), [500, "false", "application/json"]);
});

claim("the reply socket answers 200 whatever it is told, in the words of the first URocket", async () => {
  await using own = await compatible();
  const ok = "HTTP/1.1 200 OK";
  assertEquals(await replied(own, `/urhttp/${crypto.randomUUID()}`), {
    status: ok,
    body: "Does not match any response\n",
  });
  assertEquals(await replied(own, "/urhttp/x"), { status: ok, body: "Does not match any response\n" });
  for (const path of ["/", "/else", "/else/where"]) {
    assertEquals(await replied(own, path), { status: ok, body: "not handled\n" });
  }
});

claim("an answer is confirmed with ok, a second one matches nothing", async () => {
  const script = 'for i in 1 2; do curl -s --unix-socket "$REPLY_SOCKET" "$REPLY_URL" -d "{}"; done >"$OUT"';
  await using own = await serving(
    { "GET /": { inject: { cmd: ["sh", "-c", script], env: ["OUT={{header.out}}"], timeout: 20_000 } } },
    { strict_compat: true },
  );
  const out = own.directory.file("out");
  assertEquals((await own.ask("/", { headers: { out } })).text, "{}");
  await own.isIdle();
  assertEquals(Deno.readTextFileSync(out), "ok\nDoes not match any response\n");
});

claim("re-written JSON has the same values, and what cannot be followed is no JSON", () => {
  const made = (text: string) => {
    const { status, body } = compatibleReply(encoder.encode(text));
    return [status, decoder.decode(body)];
  };
  assertEquals(made('[12345678901234567890, 1.0, "\\u00e9"]'), [200, '[12345678901234567890,1.0,"é"]']);
  assertEquals(made('{"__proto__": 1}'), [200, '{"__proto__":1}']);
  assertEquals(made("[".repeat(400_000) + "]".repeat(400_000)), [500, "false"]);
  assertEquals(decoder.decode(compatibleReply(new Uint8Array([0x22, 0xff, 0x22])).body), "false");
});
