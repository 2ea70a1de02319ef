/**
 * A broker, two processes that know nothing of each other but a key, and the
 * private socket that they are given: `deno task demo`.
 *
 * @module
 */

const program = decodeURIComponent(new URL("../cli.ts", import.meta.url).pathname);

/** The command line of `ipcx`, as run from source. */
function ipcx(...args: string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", program, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Passes a process's lines on with its name, and returns them. */
async function show(name: string, lines: ReadableStream<Uint8Array>): Promise<string[]> {
  const seen: string[] = [];
  for await (const text of lines.pipeThrough(new TextDecoderStream())) {
    for (const line of text.split("\n").filter((one) => one !== "")) {
      seen.push(line);
      console.log(`  ${name.padEnd(8)}| ${line}`);
    }
  }
  return seen;
}

/** Says something to a process and then that nothing more follows. */
async function say(process: Deno.ChildProcess, text: string): Promise<void> {
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
}

const folder = Deno.makeTempDirSync({ prefix: "ipcx-demo-" });
const socket = `${folder}/one.socket`;
try {
  console.log(`1. A broker starts and listens at ${socket}`);
  const broker = ipcx("broker", "--socket", socket, "--log-level", "debug", "--log-format", "text").spawn();
  await broker.stdin.close();
  const [first, rest] = broker.stderr.tee();
  const brokerLog = show("broker", rest);
  let serves = false;
  for await (const text of first.pipeThrough(new TextDecoderStream())) {
    serves = text.includes("serving");
    if (serves) break;
  }
  if (!serves) {
    await brokerLog;
    console.log("\nThe broker did not start; what it said is above.");
    Deno.removeSync(folder, { recursive: true });
    Deno.exit(1);
  }

  console.log("\n2. Two processes ask it for a socket, both with the key 'lunch'");
  const alice = ipcx("pair", "lunch", "--server", "--socket", socket).spawn();
  const bob = ipcx("pair", "lunch", "--client", "--socket", socket).spawn();
  console.log(`   ipcx pair lunch --server   (process ${alice.pid}, alice)`);
  console.log(`   ipcx pair lunch --client   (process ${bob.pid}, bob)`);

  console.log("\n3. The broker hands each one end of a private socket and steps aside; they talk");
  const heard = Promise.all([
    show("alice", alice.stdout),
    show("bob", bob.stdout),
    show("alice", alice.stderr),
    show("bob", bob.stderr),
  ]);
  await Promise.all([say(alice, "Hello bob, this is alice.\n"), say(bob, "Hello alice, bob here.\n")]);
  const [byAlice, byBob] = await heard;
  const statuses = await Promise.all([alice.status, bob.status]);

  console.log("\n4. Both have said goodbye; the broker is told to stop");
  broker.kill("SIGTERM");
  const brokerStatus = await broker.status;
  await Promise.all([brokerLog, broker.stdout.cancel()]);

  const talked = byAlice.includes("Hello alice, bob here.") && byBob.includes("Hello bob, this is alice.");
  const ended = [...statuses, brokerStatus].every(({ success }) => success);
  const clean = Array.from(Deno.readDirSync(folder)).length === 0;
  console.log(`\nWhat alice heard, bob said: ${talked}. All ended well: ${ended}. No socket file left: ${clean}.`);
  if (!talked || !ended || !clean) Deno.exitCode = 1;
} finally {
  Deno.removeSync(folder, { recursive: true });
}
