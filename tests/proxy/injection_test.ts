import { assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { type Serving, serving } from "./gateway.ts";

/** What would do harm if anybody split, expanded or interpreted it. */
const HOSTILE = [
  "; touch INJECTED",
  "$(touch INJECTED)",
  "`touch INJECTED`",
  "' || touch INJECTED '",
  '" || touch INJECTED "',
  "a b\tc",
  "a\nb\r\nX-Injected: yes",
  "--option=x",
  "-n",
  "*",
  "~root",
  "\\x41\\",
  "%s%n%d",
  "{{path.x}}{{req_id}}{{jsonpayload}}",
  "{{'{{'}}",
  "$1 ${PATH} !! #",
  "&& || | > < &",
  "grüße 😀 \u202e \u2028",
  "\x01\x1b[31m\x7f",
  "../../etc/passwd",
  "..",
  "%2e%2e",
  "constructor",
  "__proto__",
];

/** Prints its arguments between angle brackets, and nothing else: what is printed is what was passed. */
const PRINT = ["printf", "<%s>"];

async function asked(own: Serving, path: string, init: RequestInit = {}): Promise<string> {
  const { status, text } = await own.ask(path, init);
  return status === 200 ? text : `${status} ${JSON.parse(text).detail}`;
}

claim("whatever stands for a placeholder, it stays one argument as it came", async () => {
  const get = (word: string) => ({ answer: "stdout", inject: { cmd: [...PRINT, "a", word, "z"], timeout: 10_000 } });
  await using own = await serving({
    "GET /path/{x}": get("{{path.x}}"),
    "GET /query": get("{{query.x}}"),
    "GET /header": get("{{header.x}}"),
    "POST /payload": get("{{jsonpayload}}"),
    "GET /around/{x}": get("({{path.x}}{{path.x}})"),
  });
  for (const value of HOSTILE) {
    const encoded = encodeURIComponent(value);
    if (!/^\.\.?$/.test(value)) {
      assertEquals(await asked(own, `/path/${encoded}`), `<a><${value}><z>`);
      assertEquals(await asked(own, `/around/${encoded}`), `<a><(${value}${value})><z>`);
    }
    assertEquals(await asked(own, `/query?y=1&x=${encoded}&x=other`), `<a><${value}><z>`);
    assertEquals(await asked(own, "/payload", { method: "POST", body: value }), `<a><${value}><z>`);
    if (/^[\t\x20-\x7e]*$/.test(value)) {
      assertEquals(await asked(own, "/header", { headers: { "X": value } }), `<a><${value}><z>`);
    }
  }
  assertEquals([...Deno.readDirSync(own.directory.path)].some(({ name }) => name === "INJECTED"), false);
  assertEquals([...Deno.readDirSync(".")].some(({ name }) => name === "INJECTED"), false);
});

claim("variables hold what came, too, and a shell that reads them expands nothing in it", async () => {
  await using own = await serving({
    "GET /env/{x}": {
      answer: "stdout",
      inject: {
        cmd: ["sh", "-c", 'printf "<%s>" "$P" "$Q" "$H"'],
        env: ["P={{path.x}}", "Q={{query.x}}", "H={{header.x}}"],
        timeout: 10_000,
      },
    },
  });
  for (const value of HOSTILE.filter((one) => !/^\.\.?$/.test(one))) {
    const encoded = encodeURIComponent(value);
    const header = /^[\t\x20-\x7e]*$/.test(value) ? value : "plain";
    const text = await asked(own, `/env/${encoded}?x=${encoded}`, { headers: { x: header } });
    assertEquals(text, `<${value}><${value}><${header}>`);
  }
});

claim("bytes of a header arrive as they were sent", async () => {
  await using own = await serving({
    "GET /": { answer: "stdout", inject: { cmd: [...PRINT, "{{header.x}}"] } },
  });
  const encoder = new TextEncoder();
  for (const bytes of [encoder.encode("grüße 😀"), new Uint8Array([0x61, 0xe9, 0x62])]) {
    const head = encoder.encode("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx: ");
    const text = await own.raw(new Uint8Array([...head, ...bytes, ...encoder.encode("\r\n\r\n")]));
    const body = Uint8Array.from(text.slice(text.indexOf("\r\n\r\n") + 4), (unit) => unit.charCodeAt(0));
    assertEquals(body, new Uint8Array([0x3c, ...bytes, 0x3e]));
  }
});

claim("a query is read as forms are, bytes included, and its path is told as it was sent", async () => {
  await using own = await serving({
    "GET /{p}": {
      answer: "stdout",
      inject: { cmd: ["sh", "-c", 'printf "%s|%s" "$Q" "$URIPATH"'], env: ["Q={{query.q}}"] },
    },
  });
  const body = async (target: string): Promise<string> => {
    const text = await own.raw(`GET ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
    return text.slice(text.indexOf("\r\n\r\n") + 4);
  };
  assertEquals(await body("/a?q=a+b%20c%2B"), "a b c+|/a");
  assertEquals(await body("/a?q"), "|/a");
  assertEquals(await body("/a?Q=x"), "|/a");
  assertEquals(await body("/a?%71=x"), "x|/a");
  assertEquals(await body("/%41?q=%E9"), "\xe9|/%41");
  assertEquals(await body("/a?q=%"), "%|/a");
});

claim("a NUL in any part of a request is refused", async () => {
  const route = (word: string) => ({ answer: "stdout", inject: { cmd: [...PRINT, word] } });
  await using own = await serving({ "GET /path/{x}": route("{{path.x}}"), "GET /query": route("{{query.x}}") });
  const refusal = "400 a NUL byte cannot be passed on a command line or in a variable";
  assertEquals(await asked(own, "/path/a%00b"), refusal);
  assertEquals(await asked(own, "/query?x=a%00b"), refusal);
});

claim("names of parameters that every object has are names like others", async () => {
  const names = ["constructor", "__proto__", "toString", "hasOwnProperty"];
  const paths = names.map((name) => `{{path.${name}}}`);
  await using own = await serving({
    "GET /path/{constructor}/{__proto__}/{toString}/{hasOwnProperty}": {
      answer: "stdout",
      inject: { cmd: [...PRINT, ...paths] },
    },
    "GET /query": { answer: "stdout", inject: { cmd: [...PRINT, ...names.map((name) => `{{query.${name}}}`)] } },
    "GET /header": { answer: "stdout", inject: { cmd: [...PRINT, ...names.map((name) => `{{header.${name}}}`)] } },
  });
  assertEquals(await asked(own, "/path/1/2/3/4"), "<1><2><3><4>");
  assertEquals(await asked(own, "/query"), "<><><><>");
  assertEquals(await asked(own, "/query?__proto__=1&constructor=2"), "<2><1><><>");
  assertEquals(await asked(own, "/header"), "<><><><>");
  const given = names.map((name) => `${name}: ${name}\r\n`).join("");
  const text = await own.raw(`GET /header HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${given}\r\n`);
  assertEquals(text.slice(text.indexOf("\r\n\r\n") + 4), names.map((name) => `<${name}>`).join(""));
});

claim("the id of a request is the same wherever it stands", async () => {
  await using own = await serving({
    "GET /": {
      answer: "stdout",
      inject: { cmd: ["sh", "-c", 'echo "$0" "$COPY" "$REQUEST_ID"', "{{req_id}}"], env: ["COPY={{ req_id }}"] },
    },
  });
  const [first, copy, own_] = (await own.ask("/")).text.trim().split(" ");
  assertEquals([copy, own_], [first, first]);
});
