/**
 * A daemon talks to a server of its own inside a container, over a socket that
 * the container's network does not know: `deno run -A examples/rpc_in_namespaces.ts`.
 *
 * The container is made by unshare(1), the server is compiled from rpc_server.c:
 * that takes root and a C compiler.
 *
 * @module
 */

import { type LogLine, ProcessManager, SystemError } from "ipcx";

const source = decodeURIComponent(new URL("rpc_server.c", import.meta.url).pathname);

/** The first process of the container: it mounts a file system that nobody else sees, and stays. */
const CONTAINER = `
mount -t tmpfs none /mnt && echo 'a file of the container' > /mnt/some
echo ready
exec sleep infinity
`;

function compile(output: string): void {
  const { success, stderr } = new Deno.Command("cc", { args: ["-O2", "-static", "-o", output, source] }).outputSync();
  if (!success) throw new Error(`cc: ${new TextDecoder().decode(stderr)}`);
}

function show({ identifier, text }: LogLine): void {
  if (text !== "ready") console.log(`   ${identifier} | ${text}`);
}

/** What connecting leads to, in words. */
async function outcomeOf(connecting: Promise<Disposable>): Promise<string> {
  try {
    using _connection = await connecting;
    return "somebody listens";
  } catch (error) {
    if (error instanceof SystemError) return error.message;
    throw error;
  }
}

if (Deno.uid() !== 0) {
  console.error("this example makes namespaces and joins them: run it as root");
  Deno.exit(1);
}
const folder = Deno.makeTempDirSync({ prefix: "ipcx-rpc-" });
try {
  const program = `${folder}/server`;
  compile(program);
  await using manager = new ProcessManager({ socketPrefix: `ipcx-rpc-${Deno.pid}-`, grace: 0, onLine: show });

  const unshare = manager.start({
    identifier: "container",
    command: "unshare",
    args: ["--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc", "sh", "-c", CONTAINER],
    ready: { line: "ready" },
  });
  await unshare.ready;
  const target = Number(Deno.readTextFileSync(`/proc/${unshare.pid}/task/${unshare.pid}/children`));
  console.log(`1. A container: process ${target}, with mount, pid and network namespaces of its own`);

  console.log("\n2. A server starts in there; its program is ours, and so is the listener that it has as descriptor 3");
  const server = manager.start({
    identifier: "server",
    command: program,
    namespaces: { target, mnt: true, pid: true, net: true },
    local: true,
    withSocket: true,
    ready: "connect",
  });
  await server.ready;
  console.log(`   process ${server.pid} here, process ${server.ownPid} there`);

  console.log(`\n3. It answers HTTP at ${server.address}`);
  const answer = await (await server.fetch("/mnt/some")).text();
  for (const line of answer.trimEnd().split("\n")) console.log(`   ${line}`);

  console.log("\n4. It is killed, and connecting is refused at once");
  server.kill("SIGKILL");
  await server.status;
  const outcome = await outcomeOf(server.connect());
  console.log(`   ${outcome}`);

  const isElsewhere = !answer.includes(Deno.readLinkSync("/proc/self/ns/net"));
  const isUnknown = answer.includes("name Connection refused");
  const hasRead = answer.includes("a file of the container");
  const isRefused = outcome.includes("ECONNREFUSED");
  console.log(
    `\nIts network is another one: ${isElsewhere}. The name is unknown there: ${isUnknown}. ` +
      `It has read the container's file: ${hasRead}. Nobody listens any more: ${isRefused}.`,
  );
  if (!isElsewhere || !isUnknown || !hasRead || !isRefused) Deno.exitCode = 1;
} finally {
  Deno.removeSync(folder, { recursive: true });
}
