import { assert, assertEquals, assertMatch } from "@std/assert";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { inodeOf } from "../sockets/own_sockets.ts";
import { IPCX, ipcx, Process, type Result, runProgram, startIpcx } from "./program.ts";
import { PYTHON } from "./spawning.ts";

const HEADINGS = ["TYPE", "STATE", "RECV-Q", "SEND-Q", "USER", "INODE", "ADDRESS", "PEER", "PROCESSES"];
const AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

/** Nobody else's sockets are looked at: others come and go meanwhile. */
async function listed(...args: string[]): Promise<Result> {
  const result = await ipcx(["sockets", ...args]);
  assertEquals([result.status, result.err], [0, ""], result.out);
  return result;
}

function cells(line: string): string[] {
  return line.split(/ {2,}/);
}

async function rows(...args: string[]): Promise<string[][]> {
  const { out } = await listed(...args);
  const [headings, ...lines] = out.trimEnd().split("\n");
  assertEquals(cells(headings), HEADINGS);
  return lines.map(cells);
}

// deno-lint-ignore no-explicit-any
async function json(...args: string[]): Promise<any[]> {
  const { out } = await listed("--json", ...args);
  return out.trimEnd().split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** Who this process is, as the table has it. */
const self = `${Deno.readTextFileSync("/proc/self/comm").trim()}[${Deno.pid}]`;
const user = (): string =>
  /^([^:]*):[^:]*:(\d+):/gm[Symbol.matchAll](Deno.readTextFileSync("/etc/passwd"))
    .find(([, , id]) => Number(id) === Deno.uid())?.[1] ?? `${Deno.uid()}`;

claim("a listener, who waits there and who was accepted are rows of a table", async () => {
  const address = ownName();
  using listener = UnixListener.listen(address, { backlog: 9 });
  using accepted = await UnixSocket.connect(address);
  using server = await listener.accept();
  using waiting = await UnixSocket.connect(address);
  await accepted.send("12345");
  const [fd, near, far] = [listener, accepted, server].map((socket) => socket.fd.number);
  assertEquals(await rows(address), [
    ["stream", "listening", "1", "9", user(), `${inodeOf(listener)}`, address, "(none)", `${self}:${fd}`],
    ["stream", "connected", "5", "0", user(), `${inodeOf(server)}`, address, `${self}:${near}`, `${self}:${far}`],
  ]);
  const [row] = (await rows("--pid", `${Deno.pid}`, "--state=pending")).filter((row) =>
    row[5] === `${inodeOf(waiting)}`
  );
  const { number } = waiting.fd;
  assertEquals(row.slice(6), ["(unnamed)", `${address} ${self}:${fd}`, `${self}:${number}`]);
});

claim("each column is aligned, and no line ends in blanks", async () => {
  const [short, long] = [ownName(), `${ownName()}-and-more`];
  using _one = UnixListener.listen(short);
  using _other = UnixListener.listen(long, { type: "seqpacket" });
  const { out } = await listed(short, long);
  const lines = out.trimEnd().split("\n");
  assertEquals(lines.length, 3);
  for (const line of lines) assertEquals(line, line.trimEnd());
  const at = lines.map((line) => line.search(/ADDRESS|@/));
  assertEquals(new Set(at).size, 1);
});

claim("--no-header leaves out the headings", async () => {
  const address = ownName();
  using _listener = UnixListener.listen(address);
  const { out } = await listed("--no-header", address);
  assertMatch(out, /^stream {2}listening .*\n$/);
  assertEquals((await listed("-H", "--name", `${address}-none`)).out, "");
});

claim("--json prints a line with all that is known of each socket", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("s");
  using listener = UnixListener.listen(path, { backlog: 9 });
  using client = await UnixSocket.connect(path);
  using server = await listener.accept();
  const holder = (socket: UnixListener | UnixSocket): unknown[] => {
    const [, command, pid] = /^(.*)\[(\d+)\]$/.exec(self)!;
    return [{ pid: Number(pid), command, fd: socket.fd.number }];
  };
  const network = Deno.statSync("/proc/self/ns/net").ino!;
  const [first, second, ...others] = await json(path);
  const known = {
    type: "stream",
    kind: "path",
    address: path,
    file: "present",
    uid: Deno.uid(),
    user: user(),
    network,
  };
  assertEquals(others, []);
  const { id, ...listening } = first;
  assertMatch(id, new RegExp(`^${inodeOf(listener)}-[0-9a-f]+$`));
  assertEquals(listening, {
    ...known,
    state: "listening",
    inode: inodeOf(listener),
    pending: 0,
    backlog: 9,
    isFull: false,
    processes: holder(listener),
  });
  assertEquals({ ...second, id: undefined }, {
    ...known,
    id: undefined,
    state: "connected",
    inode: inodeOf(server),
    receiveQueue: 0,
    sendQueue: 0,
    sendBuffer: server.getOption("sendBuffer"),
    isFull: false,
    peer: { inode: inodeOf(client), processes: holder(client) },
    processes: holder(server),
  });
});

claim("names keep every byte, and no terminal obeys them", async () => {
  using directory = new OwnDirectory();
  const name = `${ownName()}\\x00\\x1b[31m\\xff`;
  const path = directory.file("a\x1b[31m\nb\u202e");
  using _byName = UnixListener.listen(name);
  using _byPath = UnixListener.listen(path);
  const text = await rows(name, path);
  assertEquals(text.map((row) => row[6]), [`${directory.path}/a\\x1b[31m\\x0ab\\xe2\\x80\\xae`, name]);
  const { out } = await listed("--json", name, path);
  // deno-lint-ignore no-control-regex
  assert(!/[\x00-\x09\x0b-\x1f\u202e]/.test(out));
  assertEquals(out.trimEnd().split("\n").map((line) => JSON.parse(line).address), [path, name]);
});

const BIND_BYTES = `
import os, socket, sys
one = socket.socket(socket.AF_UNIX)
one.bind(os.fsencode(sys.argv[1]) + b"\\xfe")
print("bound", file=sys.stderr)
sys.stdin.read()
`;

claim("a path that is no UTF-8 is printed as bytes, and is in JSON in Base64, too", async () => {
  using directory = new OwnDirectory();
  await using holder = new Process([...PYTHON, BIND_BYTES, directory.file("s")], { input: "open" });
  await holder.says("bound");
  const pattern = `${directory.file("s")}\\xfe`;
  assertEquals((await rows("--name", pattern)).map((row) => row[6]), [pattern]);
  const [{ address, addressBase64, kind }] = await json("--name", pattern);
  assertEquals([kind, address], ["path", `${directory.file("s")}\ufffd`]);
  assertEquals(Uint8Array.fromBase64(addressBase64).at(-1), 0xfe);
});

claim("a file that is gone or replaced is told behind its path, and --stale finds it", async () => {
  using directory = new OwnDirectory();
  const paths = ["a", "b", "c"].map((name) => directory.file(name));
  using _first = UnixListener.listen(paths[0]);
  using _second = UnixListener.listen(paths[1]);
  using _third = UnixListener.listen(paths[2]);
  Deno.removeSync(paths[0]);
  Deno.removeSync(paths[1]);
  Deno.writeTextFileSync(paths[1], "");
  const all = `${directory.path}/*`;
  const shown = [`${paths[0]} (gone)`, `${paths[1]} (replaced)`];
  assertEquals((await rows("--name", all)).map((row) => row[6]), [...shown, paths[2]]);
  assertEquals((await rows("--name", all, "--stale")).map((row) => row[6]), shown);
});

claim("who is full is told in the state, and --full finds it", async () => {
  const address = ownName();
  using _listener = UnixListener.listen(address, { backlog: 0 });
  using _client = await UnixSocket.connect(address);
  const [row] = await rows("--full", address);
  assertEquals(row.slice(1, 4), ["listening(full)", "1", "0"]);
});

claim("each option leaves what fits it", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("s"), name = ownName();
  using byPath = UnixListener.listen(path);
  using byName = UnixListener.listen(name, { type: "seqpacket" });
  using client = await UnixSocket.connect(path);
  using _pending = await UnixSocket.connect(path);
  using server = await byPath.accept();
  const all = { byPath, byName, client, server };
  const fitting = async (...args: string[]): Promise<string[]> => {
    const found = new Set((await json("--pid", `${Deno.pid}`, ...args)).map(({ inode }) => inode));
    return Object.entries(all).filter(([, socket]) => found.has(inodeOf(socket))).map(([key]) => key);
  };
  const everything = ["byPath", "byName", "client", "server"];
  assertEquals(await fitting(), everything);
  assertEquals(await fitting("--type=seqpacket"), ["byName"]);
  assertEquals(await fitting("-t", "seqpacket", "-t", "stream"), everything);
  assertEquals(await fitting("--listening"), ["byPath", "byName"]);
  assertEquals(await fitting("-l", "--path"), ["byPath"]);
  assertEquals(await fitting("--connected"), ["client", "server"]);
  assertEquals(await fitting("-c", "--unnamed"), ["client"]);
  assertEquals(await fitting("-s", "listening", "--connected"), everything);
  assertEquals(await fitting("--abstract"), ["byName"]);
  assertEquals(await fitting("-a", "--path", "--unnamed"), everything);
  assertEquals(await fitting("--name", `${directory.path}/*`), ["byPath", "server"]);
  assertEquals(await fitting("--uid", `${Deno.uid()}`, "-l"), ["byPath", "byName"]);
  assertEquals(await fitting("-u", "4000000000"), []);
  assertEquals(await fitting("-u", user(), "-u", "4000000000"), everything);
  assertEquals(await fitting("-p", "1"), everything);
  assertEquals(await fitting("-f"), []);
  assertEquals(await fitting("--net", `${Deno.pid}`), everything);
  assertEquals(await fitting(path), ["byPath", "server"]);
});

claim("--sort puts the fullest first, or counts inodes", async () => {
  const names = [ownName(), ownName()].sort();
  using first = UnixListener.listen(names[0]);
  using _second = UnixListener.listen(names[1]);
  using _client = await UnixSocket.connect(names[1]);
  const [left, right] = UnixSocket.pair();
  using _left = left, _right = right;
  await left.send(new Uint8Array(100));
  const order = async (...args: string[]): Promise<string[]> => (await rows(...names, ...args)).map((row) => row[6]);
  assertEquals(await order(), names);
  assertEquals(await order("--sort=recv"), names.toReversed());
  assertEquals(await order("--sort=send"), names);
  const inodes = (await json("--sort=inode", "--pid", `${Deno.pid}`)).map(({ inode }) => inode);
  assertEquals(inodes, inodes.toSorted((one, other) => one - other));
  assert(inodes.includes(inodeOf(first)));
  const sent = (await json("--sort=send", "--pid", `${Deno.pid}`)).map(({ sendQueue }) => sendQueue ?? 0);
  assertEquals(sent, sent.toSorted((one, other) => other - one));
  assert(sent[0] > 0);
});

claim("an address that no socket has is told, and the status is 1; the others are listed", async () => {
  const address = ownName();
  using _listener = UnixListener.listen(address);
  const none = `${address}-none`;
  const { status, out, err } = await ipcx(["sockets", "-H", address, none, "/no/such/file"]);
  assertEquals(status, 1);
  assertEquals(out.trimEnd().split("\n").length, 1);
  assertEquals(
    err,
    [none, "/no/such/file"].map((one) => `ipcx sockets: ${one}: there is no such socket in this network namespace\n`)
      .join(""),
  );
  assertEquals((await ipcx(["sockets", "--connected", address])).status, 1);
});

claim("a stale file can be told from one that somebody has", async () => {
  using directory = new OwnDirectory();
  UnixSocket.bound(directory.file("left")).release().close();
  using _listener = UnixListener.listen(directory.file("live"));
  const { out } = await runProgram([
    "sh",
    "-c",
    `find "$0" -type s | sort | xargs "$@" 2>&1 >/dev/null`,
    directory.path,
    ...IPCX,
    "sockets",
  ]);
  assertEquals(out, `ipcx sockets: ${directory.file("left")}: there is no such socket in this network namespace\n`);
});

claim("ipcx's own sockets are left out, those that it was given are not", async () => {
  await using running = startIpcx(["sockets", "--json"]);
  const { out, status } = await running.ended();
  const own = out.trimEnd().split("\n").flatMap((line) => JSON.parse(line).processes ?? [])
    .filter(({ pid }) => pid === running.child.pid);
  assertEquals([status, own.filter(({ fd }) => fd > 2)], [0, []]);
  const script = [
    "import os, socket, subprocess, sys",
    "one, other = socket.socketpair()",
    "done = subprocess.run(sys.argv[1:], pass_fds=[one.fileno()], stdout=subprocess.PIPE, text=True)",
    "print(os.fstat(one.fileno()).st_ino, done.stdout)",
  ].join("\n");
  const result = await runProgram([...PYTHON, script, ...IPCX, "sockets", "--json", "--unnamed"]);
  const [inode, ...lines] = result.out.trimEnd().split(/[ \n]/s);
  const given = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line)).find((one) =>
    `${one.inode}` === inode
  );
  assertEquals(given.processes.length, 2);
});

claim("a socket that many have open shows some of them, and how many more there are", async () => {
  const script = [
    "import os, socket, sys",
    "one = socket.socket(socket.AF_UNIX)",
    "one.bind(sys.argv[1].replace('@', chr(0)))",
    "fds = [os.dup(one.fileno()) for _ in range(6)]",
    "children = [os.fork() for _ in range(1)]",
    "if children == [0]: sys.stdin.read(); os._exit(0)",
    "print('held', *sorted([one.fileno(), *fds]), file=sys.stderr)",
    "sys.stdin.read()",
  ].join("\n");
  const address = ownName();
  await using holder = new Process([...PYTHON, script, address], { input: "open" });
  await holder.says("held ");
  await holder.says("\n");
  const fds = holder.err.trim().split(" ").slice(1);
  const [row] = await rows(address);
  assertMatch(
    row[8],
    new RegExp(`^python3\\[${holder.child.pid}\\]:${fds.slice(0, 4).join(",")},\\+3 python3\\[\\d+\\]:`),
  );
});

claim("--no-processes says nothing of processes and files", async () => {
  using directory = new OwnDirectory();
  using _listener = UnixListener.listen(directory.file("s"));
  const [row] = await rows("--no-processes", directory.file("s"));
  assertEquals(row.slice(6), [directory.file("s"), "(none)", "-"]);
  const [{ processes, file }] = await json("--no-processes", directory.file("s"));
  assertEquals([processes, file], [undefined, undefined]);
});

claim("without rights, what cannot be seen is a dash", async () => {
  const address = ownName();
  using listener = UnixListener.listen(address);
  using client = await UnixSocket.connect(address);
  using _server = await listener.accept();
  const { status, out, err } = await runProgram([...IPCX, "sockets", "-H", address], { through: AS_NOBODY });
  assertEquals([status, err], [0, ""]);
  const [listening, accepted] = out.trimEnd().split("\n").map(cells);
  assertEquals(listening.slice(6), [address, "(none)", "-"]);
  assertEquals(accepted.slice(6), [address, `inode ${inodeOf(client)}`, "-"]);
}, { skip: NEEDS_ROOT });

claim("--net looks into another network namespace, --all-nets into all, with a column for them", async () => {
  const address = ownName();
  const script = [
    "import os, socket, sys",
    "one = socket.socket(socket.AF_UNIX)",
    "one.bind(sys.argv[1].replace('@', chr(0)))",
    "print('held', file=sys.stderr)",
    "sys.stdin.read()",
  ].join("\n");
  await using holder = new Process([...PYTHON, script, address], { input: "open", through: ["unshare", "--net"] });
  await holder.says("held");
  const network = Deno.statSync(`/proc/${holder.child.pid}/ns/net`).ino;
  assertEquals((await ipcx(["sockets", address])).status, 1);
  for (const where of [`${holder.child.pid}`, `/proc/${holder.child.pid}/ns/net`]) {
    const [row] = await rows("--net", where, address);
    assertEquals([row[6], row[8]], [address, `python3[${holder.child.pid}]:3`]);
  }
  const { out } = await listed("--all-nets", address);
  const [headings, row] = out.trimEnd().split("\n").map(cells);
  assertEquals(headings, [...HEADINGS.slice(0, 5), "NET", ...HEADINGS.slice(5)]);
  assertEquals([row[5], row[7]], [`${network}`, address]);
  const missing = await ipcx(["sockets", "--all-nets", `${address}-none`]);
  assertEquals([missing.status, missing.err], [1, `ipcx sockets: ${address}-none: there is no such socket\n`]);
}, { skip: NEEDS_ROOT });

claim("who has rights only inside looks from there, through ipcx spawn", async () => {
  const script = [
    "import socket, sys",
    "one = socket.socket(socket.AF_UNIX)",
    "one.bind(sys.argv[1].replace('@', chr(0)))",
    "print('held', file=sys.stderr)",
    "sys.stdin.read()",
  ].join("\n");
  const address = ownName();
  const through = [...AS_NOBODY, "unshare", "--user", "--map-root-user", "--net"];
  await using holder = new Process([...PYTHON, script, address], { input: "open", through });
  await holder.says("held");
  const pid = `${holder.child.pid}`;
  const refused = await runProgram([...IPCX, "sockets", "--net", pid], { through: AS_NOBODY });
  assertEquals(refused.status, 1);
  assertMatch(refused.err, /^ipcx sockets: setns \/proc\/\d+\/ns\/net \(net namespace\): .*EPERM/);
  // The runtime may be in a directory that only root can enter.
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o755);
  const runtime = directory.file("deno");
  Deno.copyFileSync(IPCX[0], runtime);
  const there = [runtime, ...IPCX.slice(1)];
  const inside = ["spawn", "--target", pid, "--user", "--net", "--", ...there, "sockets", "-H", address];
  const { out, err } = await runProgram([...IPCX, ...inside], { through: AS_NOBODY });
  assertEquals([out.trimEnd().split(/ {2,}/).slice(6), err], [[address, "(none)", `python3[${pid}]:3`], ""]);
}, { skip: NEEDS_ROOT || withoutUserNamespaces() });

/** Why somebody without rights can have no namespaces of his own, or `false`. */
function withoutUserNamespaces(): string | false {
  const [program, ...args] = [...AS_NOBODY, "unshare", "--user", "--map-root-user", "--net", "true"];
  const { success, stderr } = new Deno.Command(program, { args, stdin: "null" }).outputSync();
  return success ? false : `user namespaces are for root only here: ${new TextDecoder().decode(stderr).trim()}`;
}

claim("a network namespace that is not there is a failure", async () => {
  const { status, out, err } = await ipcx(["sockets", "--net", "no-such-name"]);
  assertEquals([status, out], [1, ""]);
  assertEquals(err, "ipcx sockets: open /run/netns/no-such-name (net namespace): No such file or directory (ENOENT)\n");
});

claim("what does not go together, and what is no name, is a usage error", async () => {
  const cases: [string[], string][] = [
    [["--net=1", "--all-nets"], "--net and --all-nets exclude each other"],
    [["bare"], "ADDR: 'bare' is no name: write ./bare for a file, or @bare for an abstract name"],
    [[""], "ADDR: an address cannot be empty: write /path, ./path, @name or fd:N"],
    [["fd:3"], "ADDR: 'fd:3': a descriptor is no name; --pid tells what a process has open"],
  ];
  for (const [args, message] of cases) {
    const { status, out, err } = await ipcx(["sockets", ...args]);
    assertEquals([status, out, err.split("\n")[0]], [2, "", `ipcx sockets: ${message}`]);
  }
});

claim("whoever reads no more is no failure to speak of", async () => {
  const script = '"$@" | head -c 1; echo " ${PIPESTATUS[0]}"';
  using stack = new DisposableStack();
  const name = `${ownName()}${"x".repeat(50)}`;
  // More than fits into a pipe that nobody reads.
  for (let at = 0; at < 600; at++) stack.use(UnixSocket.bound(`${name}${at}`));
  const { out, err } = await runProgram([
    "bash",
    "-c",
    script,
    "bash",
    ...IPCX,
    "sockets",
    "--json",
    "--name",
    `${name}*`,
  ]);
  assertEquals([out, err], ["{ 141\n", ""]);
});
