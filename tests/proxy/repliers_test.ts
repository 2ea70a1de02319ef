import { assert, assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { until } from "../cli/program.ts";
import { serving } from "./gateway.ts";

const REPLY = 'curl -sS --unix-socket "$REPLY_SOCKET" "$REPLY_URL" -d "$1"';

const starts = (script: string, more: Record<string, unknown> = {}, inject: Record<string, unknown> = {}) => ({
  inject: { cmd: ["sh", "-c", script], timeout: 30_000, grace: 100, ...inject },
  ...more,
});

claim("a grandchild answers after its parent has ended", async () => {
  await using own = await serving({
    "GET /": starts(`(sleep 0.3; set -- grandchild; ${REPLY}) >/dev/null 2>&1 &`),
  });
  assertEquals((await own.ask("/")).text, "grandchild");
});

claim("a process that has left its session answers as long as it holds an output", async () => {
  await using own = await serving({
    "GET /": starts(`setsid sh -c 'sleep 0.5; set -- stray; ${REPLY}' >/dev/null & exit 0`),
    "GET /out": starts(`setsid sh -c 'sleep 0.5; set -- stray; ${REPLY}' 2>/dev/null & exit 0`),
  });
  assertEquals((await own.ask("/")).text, "stray");
  assertEquals((await own.ask("/out")).text, "stray");
  await own.isIdle();
});

claim("a process that has left and holds no output is not waited for", async () => {
  await using own = await serving({
    "GET /": starts("setsid sleep 5 <&- >/dev/null 2>&1 & exit 0"),
  });
  const { status, text } = await own.ask("/");
  assertEquals([status, JSON.parse(text).detail], [502, "the program exited with 0 without an answer"]);
});

claim("a process that has left, and says nothing, is waited for until the time is over", async () => {
  await using own = await serving({ "GET /": starts("setsid sleep 3 & exit 0", {}, { timeout: 500 }) });
  assertEquals((await own.ask("/")).status, 504);
  await own.isIdle();
});

claim("with reply_from: descendants no stranger may answer, but whoever came of the process", async () => {
  await using own = await serving({
    "GET /child": starts(`set -- child; ${REPLY}`, { reply_from: "descendants" }),
    "GET /self": starts(`set -- self; exec ${REPLY}`, { reply_from: "descendants" }),
    "GET /grandchild": starts(`(sleep 0.3; set -- grandchild; ${REPLY}) & exit 0`, { reply_from: "descendants" }),
    "GET /session": starts(`setsid sh -c 'set -- session; ${REPLY}'`, { reply_from: "descendants" }),
    "GET /waits": starts('echo $REQUEST_ID >"$NOTE"; exec sleep 60', { reply_from: "descendants" }, {
      env: ["NOTE={{header.note}}"],
    }),
  });
  for (const name of ["child", "self", "grandchild", "session"]) assertEquals((await own.ask(`/${name}`)).text, name);
  const note = own.directory.file("note");
  const client = new AbortController();
  const asked = own.fetch("/waits", { headers: { note }, signal: client.signal }).catch(() => {});
  let id = "";
  await until(() => (id = Deno.readTextFileSync(note).trim()) !== "", "the program does not start");
  const stranger = await own.rawReply(
    `POST /${id} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx`,
  );
  assert(stranger.startsWith("HTTP/1.1 403 Forbidden\r\n"), stranger);
  assert(stranger.includes("only the process of the request, and what came of it, may answer"));
  // It waits on, since that was no answer.
  assertEquals(own.proxy.status.routes.find(({ path }) => path === "/waits")!.running, 1);
  client.abort();
  await asked;
  await own.isIdle();
});

claim("a program that ends without an answer is a 502 at once", async () => {
  await using own = await serving({
    "GET /quiet": starts("exit 0"),
    "GET /failed": starts("echo secret >&2; exit 7"),
    "GET /killed": starts("kill -SEGV $$"),
    "GET /printed": starts("echo no answer"),
  });
  const detail = async (path: string) => {
    const { status, text } = await own.ask(path);
    return `${status} ${JSON.parse(text).detail}`;
  };
  assertEquals(await detail("/quiet"), "502 the program exited with 0 without an answer");
  assertEquals(await detail("/failed"), "502 the program exited with 7");
  assertEquals(await detail("/killed"), "502 the program was ended by SIGSEGV");
  assertEquals(await detail("/printed"), "502 the program exited with 0 without an answer");
});

claim("an answer counts although its program fails afterwards, or does not wait until it is confirmed", async () => {
  const send = `
import os, socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(os.environ["REPLY_SOCKET"])
connection.sendall(("POST /%s HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 4\\r\\n\\r\\nsent" % os.environ["REQUEST_ID"]).encode())
os._exit(3)
`;
  await using own = await serving(
    {
      "GET /": starts(`set -- answered; ${REPLY}; exit 1`),
      "GET /sent": { inject: { cmd: ["python3", "send.py"], wd: ".", timeout: 30_000 } },
    },
    {},
    { "send.py": send },
  );
  assertEquals((await own.ask("/")).text, "answered");
  assertEquals((await own.ask("/sent")).text, "sent");
});

claim("a program that goes missing is a 502 without its path", async () => {
  await using own = await serving({ "GET /": { inject: { cmd: ["./program"], wd: "." } } }, {}, {
    program: "#!/bin/sh\n",
  });
  Deno.removeSync(own.directory.file("program"));
  const { status, text } = await own.ask("/");
  assertEquals([status, JSON.parse(text).detail], [502, "the program could not be started (ENOENT)"]);
  assert(!text.includes(own.directory.path));
  Deno.writeTextFileSync(own.directory.file("program"), "#!/bin/sh\n", { mode: 0o644 });
  assertEquals(JSON.parse((await own.ask("/")).text).detail, "the program could not be started (EACCES)");
  await own.isIdle();
});
