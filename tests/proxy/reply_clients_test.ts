import { assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { serving } from "./gateway.ts";

/** Whether a command ends well here. */
function works(command: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(command, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

const NEEDS_PHP = works("php", "-r", "exit(function_exists('curl_init') ? 0 : 1);")
  ? false
  : "PHP with libcurl is not installed";

const INJECT = { channel: "stdin", timeout: 20_000 };

const CURL = `#!/bin/sh
curl -sS --unix-socket "$REPLY_SOCKET" "$REPLY_URL" --data-binary @- -H "Urocket-Status: 201" -H "Urocket-Header-By: curl"
`;

/** As PHP's documentation has it, and the seed. */
const PHP = `<?php
$payload = stream_get_contents(STDIN);
$ch = curl_init("http://localhost/" . getenv("REQUEST_ID"));
curl_setopt($ch, CURLOPT_UNIX_SOCKET_PATH, getenv("REPLY_SOCKET"));
curl_setopt($ch, CURLOPT_POST, 1);
curl_setopt($ch, CURLOPT_POSTFIELDS, $payload);
curl_setopt($ch, CURLOPT_RETURNTRANSFER, 1);
curl_setopt($ch, CURLOPT_HTTPHEADER, array("Content-Type: application/json"));
$result = curl_exec($ch);
curl_close($ch);
exit($result === "ok\\n" ? 0 : 1);
`;

const PYTHON = `
import http.client, os, socket, sys

class UnixConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(os.environ["REPLY_SOCKET"])

connection = UnixConnection("localhost")
body = sys.stdin.buffer.read()
path = "/urhttp/" + os.environ["REQUEST_ID"]
# The first is refused; the second comes on the same connection, in chunks.
connection.request("PUT", path, body=b"x", headers={"Urocket-Status": "0"})
refused = connection.getresponse()
refused.read()
connection.request("PUT", path, body=iter([body, b"!"]), encode_chunked=True,
                   headers={"Transfer-Encoding": "chunked", "Content-Type": "text/plain"})
sys.exit(0 if refused.status == 400 and connection.getresponse().read() == b"ok\\n" else 1)
`;

/** Nothing but a socket, and the end of its request is the end of what it sends. */
const SOCKET = `
import os, socket, sys

connection = socket.socket(socket.AF_UNIX)
connection.connect(os.environ["REPLY_SOCKET"])
body = sys.stdin.buffer.read()
head = "POST /%s HTTP/1.0\\r\\nContent-Length: %d\\r\\n\\r\\n" % (os.environ["REQUEST_ID"], len(body))
connection.sendall(head.encode() + body)
connection.shutdown(socket.SHUT_WR)
answer = b""
while part := connection.recv(4096):
    answer += part
sys.exit(0 if answer.endswith(b"ok\\n") else 1)
`;

claim("curl answers, whatever it sends", async () => {
  await using own = await serving({ "POST /": { inject: { cmd: ["sh", "-c", CURL], ...INJECT } } });
  for (const body of ['{"a": 1}', "text", "", "x".repeat(1_000_000)]) {
    const { status, text, headers } = await own.ask("/", { method: "POST", body });
    assertEquals([status, text, headers.get("by")], [201, body, "curl"]);
  }
});

claim("curl sends files and forms of its own", async () => {
  const script = 'printf one >"$F"; curl -sS --unix-socket "$REPLY_SOCKET" "$REPLY_URL" -T "$F"';
  await using own = await serving({
    "GET /": { inject: { cmd: ["sh", "-c", script], env: ["F={{header.f}}"], timeout: 20_000 } },
  });
  assertEquals((await own.ask("/", { headers: { f: own.directory.file("f") } })).text, "one");
});

claim("PHP answers through its libcurl", async () => {
  await using own = await serving({ "POST /": { inject: { cmd: ["php", "answer.php"], wd: ".", ...INJECT } } }, {}, {
    "answer.php": PHP,
  });
  const { status, text, headers } = await own.ask("/", { method: "POST", body: '{"handler": "pricechange"}' });
  assertEquals([status, text, headers.get("content-type")], [200, '{"handler": "pricechange"}', "application/json"]);
  await own.isIdle();
}, { skip: NEEDS_PHP });

claim("python answers through http.client, and through a bare socket", async () => {
  await using own = await serving(
    {
      "POST /client": { inject: { cmd: ["python3", "client.py"], wd: ".", ...INJECT } },
      "POST /socket": { inject: { cmd: ["python3", "socket_only.py"], wd: ".", ...INJECT } },
    },
    {},
    { "client.py": PYTHON, "socket_only.py": SOCKET },
  );
  const asked = async (path: string) => {
    const { status, text } = await own.ask(path, { method: "POST", body: "grüße" });
    return [status, text];
  };
  assertEquals(await asked("/client"), [200, "grüße!"]);
  assertEquals(await asked("/socket"), [200, "grüße"]);
});

claim("the reply socket may have an abstract name", async () => {
  const name = `ipcx-test-${crypto.randomUUID()}`;
  const script = `curl -sS --abstract-unix-socket "\${REPLY_SOCKET#@}" "$REPLY_URL" --data-raw "$REPLY_SOCKET"`;
  await using own = await serving(
    { "GET /": { inject: { cmd: ["sh", "-c", script], timeout: 20_000 } } },
    { socketpath: `@${name}` },
  );
  assertEquals((await own.ask("/")).text, `@${name}`);
});
