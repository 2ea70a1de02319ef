import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SystemError } from "../../src/core/errors.ts";
import { UnixListener } from "../../src/core/listener.ts";
import type { ManagedProcess } from "../../src/spawn/mod.ts";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { NEEDS_PYTHON, OwnManager, python, script } from "./managed.ts";

const skip = NEEDS_PYTHON;

/** A server that answers every connection with the same word, by Python. */
const GREETER = `
import socket, sys
listener = socket.socket(fileno=3)
while True:
    connection = listener.accept()[0]
    connection.sendall(b"hello")
    connection.close()
`;

async function startServer(own: OwnManager, identifier = "server"): Promise<ManagedProcess> {
  const process = own.manager.start(
    python("http_server.py", [], { identifier, withSocket: true, ready: { line: "listening" } }),
  );
  await process.ready;
  return process;
}

async function assertRefused(process: ManagedProcess): Promise<void> {
  const error = await assertRejects(() => process.connect(), SystemError);
  assertEquals([error.code, error.syscall, error.address], ["ECONNREFUSED", "connect", `${process.address}`]);
}

claim("withSocket passes a listener at 3 whose calls wait, named after the identifier", async () => {
  await using own = new OwnManager();
  const process = await startServer(own, "greeter");
  assertEquals(`${process.address}`, `@${own.prefix}greeter`);
  assertEquals(own.texts, ["listening, and its calls wait: True"]);
  using connection = await process.connect();
  await connection.send("GET /plain HTTP/1.0\r\n\r\n");
  let answer = "";
  for await (const message of connection) answer += message.text;
  assertEquals(JSON.parse(answer.split("\r\n\r\n")[1]).path, "/plain");
}, { skip });

claim("the prefix of the names is ipcx- unless the manager says otherwise", async () => {
  await using own = new OwnManager({ socketPrefix: undefined });
  const process = own.manager.start(script("exec sleep 100", { withSocket: true }));
  assertEquals(`${process.address}`, `@ipcx-${process.uuid}`);
});

claim("a process can listen for packets", async () => {
  await using own = new OwnManager();
  const process = own.manager.start({
    command: "/usr/bin/python3",
    args: ["-c", GREETER],
    withSocket: { type: "seqpacket", backlog: 1 },
  });
  using connection = await process.connect();
  assertEquals(connection.type, "seqpacket");
  assertEquals((await connection.receive())!.text, "hello");
  const error = await assertRejects(() => process.fetch("/"), TypeError);
  assertEquals(error.message, `HTTP takes a stream: ${process.address} is a seqpacket socket`);
}, { skip });

claim("no copy of the listener is left here: a dead process refuses connections at once", async () => {
  await using own = new OwnManager();
  const process = await startServer(own);
  using _before = await process.connect();
  process.kill("SIGKILL");
  // Not waiting for its end to be seen here: only the kernel's word counts.
  while (true) {
    try {
      using _connection = await process.connect();
    } catch (error) {
      assertEquals((error as SystemError).code, "ECONNREFUSED");
      break;
    }
  }
  await process.status;
  await assertRefused(process);
  await assertRejects(() => process.fetch("/"), SystemError, "ECONNREFUSED");
}, { skip });

claim("a name that somebody else has taken after the end is not dialled", async () => {
  await using own = new OwnManager();
  const process = await startServer(own);
  await process.stop();
  using other = UnixListener.listen(process.address);
  await assertRefused(process);
  assertEquals(other.tryAccept(), undefined);
}, { skip });

claim("a listener of another user is not taken for the process", async () => {
  await using own = new OwnManager();
  const process = own.manager.start(script("exec 3>&-; echo closed; exec sleep 100", { withSocket: true }));
  await own.says("closed");
  const squat = `
import socket, os
os.setuid(65534)
s = socket.socket(socket.AF_UNIX)
s.bind("\\0" + ${JSON.stringify(`${process.address}`.slice(1))})
s.listen()
print("taken", flush=True)
s.accept()
`;
  own.manager.start({ command: "/usr/bin/python3", args: ["-c", squat] });
  await own.says("taken");
  const error = await assertRejects(() => process.connect(), SystemError);
  assertEquals([error.code, error.address], ["ECONNREFUSED", `${process.address} (it is user 65534's by now)`]);
}, { skip: NEEDS_ROOT || skip });

claim("fetch speaks HTTP over the socket: methods, bodies, one request after the other", async () => {
  await using own = new OwnManager();
  const process = await startServer(own);
  for (const [path, init] of [["/?a=b", {}], ["/there", { method: "POST", body: "what" }], ["/", undefined]] as const) {
    const answer = await process.fetch(path, init);
    assertEquals(answer.status, 200);
    assertEquals(await answer.json(), {
      pid: process.pid,
      method: init !== undefined && "method" in init ? init.method : "GET",
      path,
      body: init !== undefined && "body" in init ? init.body : "",
    });
  }
  await assertRejects(() => process.fetch("there"), TypeError, "'there' is no path: it begins with a slash");
}, { skip });

claim("what the process answers and how it ends shows in the answer", async () => {
  await using own = new OwnManager();
  const server = `
import socket
listener = socket.socket(fileno=3)
for answer in (
    b"HTTP/1.1 302 Found\\r\\nlocation: http://192.0.2.1/\\r\\nset-cookie: a=1\\r\\nset-cookie: b=2\\r\\ncontent-length: 0\\r\\n\\r\\n",
    b"HTTP/1.1 204 No Content\\r\\n\\r\\n",
    b"HTTP/1.1 200 OK\\r\\ncontent-length: 10\\r\\n\\r\\nhalf",
    b"HTTP/1.1 200 OK\\r\\ntransfer-encoding: chunked\\r\\n\\r\\n3\\r\\none\\r\\n0\\r\\n\\r\\n",
    b"something else\\r\\n\\r\\n",
    b"",
):
    connection = listener.accept()[0]
    connection.recv(4096)
    connection.sendall(answer)
    connection.close()
`;
  const process = own.manager.start({ command: "/usr/bin/python3", args: ["-c", server], withSocket: true });
  const moved = await process.fetch("/");
  assertEquals([moved.status, moved.headers.get("location"), moved.headers.getSetCookie()], [
    302,
    "http://192.0.2.1/",
    ["a=1", "b=2"],
  ]);
  assertEquals(await moved.text(), "");
  assertEquals((await process.fetch("/")).body, null);
  const half = await process.fetch("/");
  await assertRejects(() => half.text());
  assertEquals(await (await process.fetch("/")).text(), "one");
  await assertRejects(() => process.fetch("/"), Error);
  await assertRejects(() => process.fetch("/"), Error, "socket hang up");
}, { skip });

claim("a request can be given up, before the answer and in the middle of it", async () => {
  await using own = new OwnManager();
  const server = `
import socket
listener = socket.socket(fileno=3)
held = []
for answer in (b"", b"HTTP/1.1 200 OK\\r\\ncontent-length: 9\\r\\n\\r\\nhalf"):
    held.append(listener.accept()[0])
    held[-1].recv(4096)
    held[-1].sendall(answer)
    print("answered", flush=True)
    held[-1].recv(1)
`;
  const process = own.manager.start({ command: "/usr/bin/python3", args: ["-c", server], withSocket: true });
  const early = new AbortController();
  const asking = process.fetch("/", { signal: early.signal });
  await own.says("answered");
  early.abort(new Error("too long"));
  await assertRejects(() => asking, Error, "too long");
  const late = new AbortController();
  const answer = await process.fetch("/", { signal: late.signal });
  const reading = answer.text();
  late.abort(new Error("enough"));
  await assertRejects(() => reading);
  await assertRejects(() => process.fetch("/", { signal: late.signal }), Error, "enough");
}, { skip });

claim("a body may be a stream, and one that is not read can be cancelled", async () => {
  await using own = new OwnManager();
  const process = await startServer(own);
  const text = "x".repeat(200_000);
  const answer = await process.fetch("/", { method: "POST", body: text, headers: { "x-y": "z" } });
  assertEquals((await answer.json()).body.length, 200_000);
  const large = await process.fetch("/", { method: "POST", body: text });
  await large.body!.cancel();
  const stream = new Blob(["a stream, ", text]).stream();
  const streamed = await process.fetch("/", { method: "POST", body: stream });
  assertEquals((await streamed.json()).body, `a stream, ${text}`);
}, { skip });

claim("without a socket there is nothing to dial", async () => {
  await using own = new OwnManager();
  const process = own.manager.start(script("exec sleep 100", { identifier: "one" }));
  const message = "'one' has no socket: start it withSocket";
  await assertRejects(() => process.connect(), TypeError, message);
  await assertRejects(() => process.fetch("/"), TypeError, message);
  assertThrows(() => process.address, TypeError, message);
  assert(process.state === "running");
});
