import { assertEquals, assertMatch } from "@std/assert";
import { Broker } from "../../src/broker/broker.ts";
import { requestPair } from "../../src/broker/request_pair.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { type ProcessOptions, type Result, startIpcx, within } from "./program.ts";

/** Lets a command have one end and gives what the other end, in this process, is sent. */
async function become(options: readonly string[], command: readonly string[], how: ProcessOptions = {}): Promise<
  Result & { heard: string }
> {
  const address = ownName();
  using broker = new Broker();
  broker.listen(UnixListener.listen(address));
  await using pair = startIpcx(["pair", "-s", address, "k", ...options, "--", ...command], how);
  using peer = await within(requestPair({ address, key: "k" }), "no peer");
  let heard = "";
  for await (const message of peer) heard += message.text;
  return { ...await pair.ended(), heard };
}

claim("CMD finds the socket at descriptor 3", async () => {
  const { status, heard } = await become([], ["sh", "-c", "echo hello >&3"]);
  assertEquals({ status, heard }, { status: 0, heard: "hello\n" });
});

claim("--fd says where else: 5, or standard input", async () => {
  const five = await become(["--fd", "5"], ["sh", "-c", "echo hello >&5; ls -l /proc/self/fd/3"]);
  assertEquals(five.heard, "hello\n");
  assertMatch(five.err, /No such file/);
  const zero = await become(["--fd", "0"], ["sh", "-c", "echo hello >&0"]);
  assertEquals(zero.heard, "hello\n");
});

claim("the socket blocks, as programs expect of what they inherit", async () => {
  const { out } = await become([], ["python3", "-c", "import os; print(os.get_blocking(3))"]);
  assertEquals(out, "True\n");
});

claim("it is CMD that has the process id and gives the exit status", async () => {
  const address = ownName();
  using broker = new Broker();
  broker.listen(UnixListener.listen(address));
  await using pair = startIpcx(["pair", "-s", address, "k", "--", "sh", "-c", "echo $$; exit 42"]);
  using peer = await within(requestPair({ address, key: "k" }), "no peer");
  assertEquals(await peer.receive(), null);
  assertEquals(await pair.ended(), { status: 42, signal: null, out: `${pair.child.pid}\n`, err: "" });
});

claim("the environment and the working directory are CMD's as well", async () => {
  using directory = new OwnDirectory();
  const how = { env: { FLAVOUR: "two words" }, cwd: directory.path };
  const { out } = await become([], ["sh", "-c", 'echo "$FLAVOUR"; pwd -P'], how);
  assertEquals(out, `two words\n${Deno.realPathSync(directory.path)}\n`);
});

claim("a variable that is not UTF-8 is CMD's byte by byte", async () => {
  const through = ["bash", "-c", `export FLAVOUR=$'a\\xff=\\xfe\\n'; exec "$@"`, "-"];
  const { out } = await become([], ["sh", "-c", 'printf %s "$FLAVOUR" | od -An -tx1'], { through });
  assertEquals(out, " 61 ff 3d fe 0a\n");
});

claim("other descriptors that ipcx was started with are CMD's, and none of the runtime's", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("seven"), "lucky\n");
  // Whatever the test itself was started with stands in nobody's way.
  const close = 'for fd in /proc/self/fd/*; do fd=${fd##*/}; [ "$fd" -gt 2 ] && eval "exec $fd>&-"; done; ';
  const through = ["bash", "-c", `${close} exec 7< "$0"; exec "$@"`, directory.file("seven")];
  const list =
    "import os; print(*sorted(int(fd) for fd in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{fd}')))";
  const { out, err } = await become([], ["sh", "-c", `cat <&7; exec python3 -c "${list}"`], { through });
  assertEquals({ out, err }, { out: "lucky\n0 1 2 3 7\n", err: "" });
});

claim("signals are neither ignored nor blocked in CMD", async () => {
  const { out } = await become([], ["grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status"]);
  const sets = out.trimEnd().split("\n").map((line) => BigInt(`0x${line.split("\t")[1]}`));
  // Those from 32 on are the C library's own and the applications'; the runtime touches none of them.
  assertEquals(sets.map((set) => set & 0x7fffffffn), [0n, 0n]);
});

claim("arguments reach CMD word for word", async () => {
  const words = ["", "a b", "--help", "-n", "--", "$HOME", "é\n"];
  const { out } = await become([], ["python3", "-c", "import sys; print(sys.argv[1:])", ...words]);
  assertEquals(out, "['', 'a b', '--help', '-n', '--', '$HOME', 'é\\n']\n");
});

claim("a CMD that is not there has status 127, and the peer sees the end", async () => {
  for (const command of ["no-such-command", "/nonexistent/command"]) {
    const { status, heard, err } = await become([], [command]);
    assertEquals({ status, heard }, { status: 127, heard: "" });
    assertMatch(err, new RegExp(`^ipcx pair: execve ${command}: .*\\(ENOENT\\); there is no such program`));
  }
});

claim("a CMD that may not be run has status 126", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("plain"), "echo", { mode: 0o644 });
  for (const command of [directory.file("plain"), directory.path]) {
    const { status, err } = await become([], [command]);
    assertEquals(status, 126);
    assertMatch(err, /\(EACCES\); the file is not executable\n$/);
  }
});
