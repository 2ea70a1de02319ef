import { assert, assertEquals, assertMatch } from "@std/assert";
import { claim } from "../claim.ts";
import { serving } from "./gateway.ts";

/** A variable of the gateway for as long as a block goes on. */
class Variable implements Disposable {
  readonly #before: string | undefined;

  constructor(readonly name: string, value: string | undefined) {
    this.#before = Deno.env.get(name);
    this.#set(value);
  }

  #set(value: string | undefined): void {
    if (value === undefined) Deno.env.delete(this.name);
    else Deno.env.set(this.name, value);
  }

  [Symbol.dispose](): void {
    this.#set(this.#before);
  }
}

/** Prints which descriptors a shell has; a listing would count its own. */
const OPEN = "i=0; while [ $i -lt 256 ]; do if [ -e /proc/$$/fd/$i ]; then echo $i; fi; i=$((i+1)); done";

/** Prints the environment as the kernel has it: no shell adds to it. */
const ENVIRONMENT = ["cat", "/proc/self/environ"];

function variablesIn(text: string): Record<string, string> {
  return Object.fromEntries(text.split("\0").filter(Boolean).map((one) => one.split(/=(.*)/s).slice(0, 2)));
}

claim(
  "a process has the variables of a list, those of its route, and those of its request: nothing leaks",
  async () => {
    using _secret = new Variable("DATABASE_PASSWORD", "secret");
    using _user = new Variable("USER", "somebody");
    using _language = new Variable("LANG", undefined);
    using _temporary = new Variable("TMPDIR", "/tmp");
    await using own = await serving({
      "GET /env/{x}": { answer: "stdout", inject: { cmd: ENVIRONMENT, env: ["A=1", "B={{path.x}} b", "EMPTY="] } },
    });
    const { text } = await own.ask("/env/a%20b?c=d");
    const { REQUEST_ID, ...rest } = variablesIn(text);
    assertMatch(REQUEST_ID, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assertEquals(rest, {
      PATH: Deno.env.get("PATH")!,
      HOME: Deno.env.get("HOME")!,
      USER: "somebody",
      TMPDIR: "/tmp",
      A: "1",
      B: "a b b",
      EMPTY: "",
      URIPATH: "/env/a%20b",
      REPLY_SOCKET: own.socket,
      REPLY_URL: `http://localhost/urhttp/${REQUEST_ID}`,
    });
  },
);

claim("pass_env passes on what it names, as far as it is there; a route's own variables go before", async () => {
  using _passed = new Variable("IPCX_PASSED", "passed");
  using _replaced = new Variable("IPCX_REPLACED", "the gateway's");
  await using own = await serving(
    {
      "GET /": { answer: "stdout", inject: { cmd: ENVIRONMENT, env: { IPCX_REPLACED: "the route's", PATH: "/bin" } } },
    },
    { pass_env: ["IPCX_PASSED", "IPCX_REPLACED", "IPCX_ABSENT"] },
  );
  const found = variablesIn((await own.ask("/")).text);
  assertEquals(found.IPCX_PASSED, "passed");
  assertEquals(found.IPCX_REPLACED, "the route's");
  assertEquals(found.PATH, "/bin");
  assert(!("IPCX_ABSENT" in found));
});

claim("without a reply socket nothing is said of one", async () => {
  const route = { answer: "stdout", inject: { cmd: ENVIRONMENT } };
  await using own = await serving({ "GET /": route }, { socketpath: undefined });
  const names = Object.keys(variablesIn((await own.ask("/")).text));
  assertEquals(names.filter((name) => name.startsWith("REPLY_")), []);
});

claim("the address for the answer is that of outtake, if it is given", async () => {
  await using own = await serving({
    "GET /": {
      outtake: "usocket://one/{req_id}/two",
      inject: {
        cmd: ["sh", "-c", 'curl -s --unix-socket "$REPLY_SOCKET" "$REPLY_URL" -d "$REPLY_URL"'],
        timeout: 10_000,
      },
    },
  });
  assertMatch((await own.ask("/")).text, /^http:\/\/localhost\/one\/[0-9a-f-]{36}\/two$/);
});

claim("a process has its own session, the directory of its route, and no descriptors but its own", async () => {
  await using own = await serving({
    "GET /": { answer: "stdout", inject: { cmd: ["sh", "-c", "pwd; cut -d' ' -f1,5,6 /proc/$$/stat"], wd: "/usr" } },
    "POST /fds": { answer: "stdout", inject: { cmd: ["sh", "-c", OPEN], channel: "stdin" } },
    "POST /file": { answer: "stdout", inject: { cmd: ["sh", "-c", OPEN], channel: "file" } },
    "GET /stdin": { answer: "stdout", inject: { cmd: ["readlink", "/proc/self/fd/0"] } },
  });
  const [directory, pid] = (await own.ask("/")).text.split("\n");
  assertEquals(directory, "/usr");
  const [self, group, session] = pid.split(" ");
  assertEquals([group, session], [self, self]);
  const fdsOf = async (path: string) => (await own.ask(path, { method: "POST", body: "x" })).text.trim().split("\n");
  assertEquals(await fdsOf("/fds"), ["0", "1", "2"]);
  assertEquals(await fdsOf("/file"), ["0", "1", "2", "3"]);
  assertEquals((await own.ask("/stdin")).text, "/dev/null\n");
});
