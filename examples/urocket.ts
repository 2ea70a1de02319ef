/**
 * The flow of URocket, step by step: a client, the gateway, the process that it
 * starts, and the answer that comes back through the reply socket.
 *
 *     deno run -A examples/urocket.ts
 *
 * @module
 */

const program = decodeURIComponent(new URL("../cli.ts", import.meta.url).pathname);

/** As the first URocket has it: a program that only prints, and one that answers at the socket. */
const CONFIG = `servicename: mynastyphpport
port: "0"
socketpath: ./urocket.sock
paths:
  /get/pets:
    get:
      inject:
        cmd: !ToSplit "/usr/bin/echo {{jsonpayload}}"
      logstdout: true
  /get/cats:
    post:
      validatein: false
      inject:
        cmd: !Splitted ["/bin/sh", "-c", "./answer.sh \\"$1\\"", "sh", "{{jsonpayload}}"]
        wd: .
        timeout: "10000"
      logstdout: true
      outtake: usocket://uri/{req_id}
`;

/** The internal process: it sends its answer under the id of the request, and tries a second time. */
const ANSWER = `#!/bin/sh
echo "got $1 for request $REQUEST_ID from $URIPATH"
reply() { curl -s -o /dev/null -w '%{http_code}' --unix-socket "$REPLY_SOCKET" -d "$1" "$REPLY_URL"; }
echo "first answer: $(reply '{"cats": ["Tom"]}')"
echo "second answer: $(reply '{"cats": []}')"
`;

interface LogLine {
  readonly message: string;
  readonly front?: string;
  readonly id?: string;
  readonly stream?: string;
}

/** Reads the gateway's log, line by line. */
async function* readLog(stderr: ReadableStream<Uint8Array>): AsyncGenerator<LogLine> {
  let rest = "";
  for await (const text of stderr.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line) as LogLine;
  }
}

/** Takes log lines up to one, and shows what processes have printed. */
async function showUntil(log: AsyncGenerator<LogLine>, isLast: (line: LogLine) => boolean): Promise<LogLine> {
  for (;;) {
    const { value, done } = await log.next();
    if (done) throw new Error("the gateway has ended");
    if (value.stream) console.log(`   process | ${value.message}`);
    if (isLast(value)) return value;
  }
}

const folder = Deno.makeTempDirSync({ prefix: "ipcx-urocket-" });
try {
  Deno.writeTextFileSync(`${folder}/urocket-service.yaml`, CONFIG);
  Deno.writeTextFileSync(`${folder}/answer.sh`, ANSWER, { mode: 0o755 });

  console.log("1. The gateway starts: it serves HTTP in front, and a Unix socket at its back");
  const gateway = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", program, "proxy", "--config", `${folder}/urocket-service.yaml`],
    stderr: "piped",
  }).spawn();
  const log = readLog(gateway.stderr);
  const { front } = await showUntil(log, ({ message }) => message === "serving");

  console.log("\n2. A client writes a payload: POST /get/cats");
  console.log("3. The gateway starts the process with the payload and a request id; it answers at the socket, once");
  const cats = await fetch(`${front}/get/cats`, { method: "POST", body: '{"colour": "black"}' });
  const payback = await cats.text();
  await showUntil(log, ({ message }) => message.startsWith("second answer"));
  console.log("4. The id matches, and the client has its payback");
  console.log(`   ${cats.status} ${payback}`);

  console.log("\n5. A process that answers nobody: the client is told at once");
  const pets = await fetch(`${front}/get/pets`);
  const problem = await pets.json();
  await showUntil(log, ({ message }) => message === "request");
  console.log(`   ${pets.status} ${problem.detail}`);

  console.log("\n6. The gateway is told to stop");
  gateway.kill("SIGTERM");
  const { success } = await gateway.status;
  for await (const _ of log);
  const left = Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) => name.endsWith(".sock"));
  const answered = cats.status === 200 && payback === '{"cats": ["Tom"]}' && pets.status === 502;
  console.log(
    `\nAnswered as it should: ${answered}. Ended well: ${success}. No socket file left: ${left.length === 0}.`,
  );
  if (!answered || !success || left.length > 0) Deno.exitCode = 1;
} finally {
  Deno.removeSync(folder, { recursive: true });
}
