import { assert, assertEquals, assertThrows } from "@std/assert";
import { ClosedError } from "../../src/core/errors.ts";
import type { Fd } from "../../src/core/fd.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { openPath } from "../../src/core/reach.ts";
import { spawn, type SpawnOptions } from "../../src/spawn/mod.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { openNumbers } from "../core/open_descriptors.ts";
import { compiled } from "./compiled.ts";
import { look, refusal, told } from "./output.ts";
import { Target } from "./target.ts";

const READ = 4;

/** Files whose content is their name, open. */
class Files implements Disposable {
  readonly #stack = new DisposableStack();
  readonly #directory = this.#stack.use(new OwnDirectory());

  open(name: string): Fd {
    Deno.writeTextFileSync(this.#directory.file(name), name);
    return this.#stack.use(openPath(this.#directory.file(name), READ));
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

/** What a process reads from descriptors, and which are open in it. */
async function read(numbers: readonly number[], options: Partial<SpawnOptions>): Promise<string[]> {
  const script = "import os, sys\n" +
    "for n in sys.argv[1:]: print(os.pread(int(n), 100, 0).decode())\n" +
    "print(*sorted(int(n) for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{n}')))";
  const args = ["-Sc", script, ...numbers.map(String)];
  return (await told({ command: "/usr/bin/python3", args, ...options })).split("\n");
}

claim("descriptors arrive under any number, low and high, and nothing else is open", async () => {
  using files = new Files();
  const [a, b] = [files.open("a"), files.open("b")];
  const fds = { 3: a, 4: b, 100: a, 5000: b, 19_999: a };
  assertEquals(await read([3, 4, 100, 5000, 19_999], { fds }), ["a", "b", "a", "b", "a", "0 1 2 3 4 100 5000 19999"]);
  assertEquals(await read([], {}), ["0 1 2"]);
  assertEquals([a.isOpen, b.isOpen], [true, true]);
});

claim("descriptors change places, in circles and with the standard streams", async () => {
  using files = new Files();
  const [a, b, c] = ["a", "b", "c"].map((name) => files.open(name));
  const [x, y, z] = [a.number, b.number, c.number];
  assertEquals(await read([x, y], { fds: { [x]: b, [y]: a } }), ["b", "a", `0 1 2 ${x} ${y}`]);
  const circle = { [x]: b, [y]: c, [z]: a };
  assertEquals(await read([x, y, z], { fds: circle }), ["b", "c", "a", `0 1 2 ${x} ${y} ${z}`]);
  const same = { [x]: a, [y]: a, [z]: c };
  assertEquals(await read([x, y, z], { fds: same }), ["a", "a", "c", `0 1 2 ${x} ${y} ${z}`]);
  // Every number that is close to what is open here, which is where collisions are.
  const numbers = Array.from({ length: 40 }, (_, at) => 3 + at);
  const fds = Object.fromEntries(numbers.map((number) => [number, [a, b, c][number % 3]]));
  const names = await read(numbers, { fds });
  assertEquals(names.slice(0, -1), numbers.map((number) => "abc"[number % 3]));
  assertEquals(names.at(-1), [0, 1, 2, ...numbers].join(" "));
  assertEquals(await read([0, 3], { stdin: a, fds: { 3: b } }), ["a", "b", "0 1 2 3"]);
});

claim("what is inherited by its number is what this process was started with", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("given"), "given");
  const program = `${import.meta.dirname}/programs/pass_on.ts`;
  const run = `exec "$0" run --quiet --allow-all --no-lock "$1" 7<"$2"`;
  const args = ["-c", run, Deno.execPath(), program, directory.file("given")];
  assertEquals(JSON.parse(await told({ command: "sh", args })), {
    given: "given",
    moved: "given",
    closed: "fcntl fd:9: Bad file descriptor (EBADF)",
    runtimes: "fcntl fd:N (the runtime's own): Bad file descriptor (EBADF)",
  });
});

claim("a number that is not open, or the runtime's own, is refused before anything is started", () => {
  const open = openNumbers();
  const closed = Math.max(...open) + 100;
  const absent = refusal({ command: "true", fds: { 3: closed } });
  assertEquals(absent.message, `fcntl fd:${closed}: Bad file descriptor (EBADF)`);
  const own = open.find((number) => number > 2)!;
  const message = `fcntl fd:${own} (the runtime's own): Bad file descriptor (EBADF)`;
  assertEquals(refusal({ command: "true", fds: { 3: own } }).message, message);
  assertEquals(refusal({ command: "true", fds: { 3: -1 } }).code, "EBADF");
  const fd = openPath("/", READ);
  fd.close();
  assertThrows(() => spawn({ command: "true", fds: { 3: fd } }), ClosedError);
  assertThrows(() => spawn({ command: "true", stdin: fd }), ClosedError);
});

claim("a number that cannot be one is refused", () => {
  using fd = openPath("/", READ);
  assertEquals(refusal({ command: "true", fds: { [2_000_000_000]: fd } }).code, "EBADF");
  for (const number of [-1, 1.5, NaN]) {
    const error = assertThrows(() => spawn({ command: "true", fds: { [number]: fd } }), TypeError);
    assertEquals(error.message, `'${number}' is no number for a descriptor`);
  }
});

claim("what is passed stays here and is shared: its position moves for both", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("x"), "one\ntwo\n");
  using fd = openPath(directory.file("x"), READ);
  assertEquals(await told({ command: "head", args: ["-c", "4"], stdin: fd }), "one");
  assertEquals(await told({ command: "cat", stdin: fd }), "two");
});

claim("LISTEN_FDS, LISTEN_FDNAMES and the child's own LISTEN_PID are set", async () => {
  await using target = Deno.uid() === 0 ? await Target.start(["pid"]) : undefined;
  using listener = UnixListener.listen(ownName());
  using other = UnixListener.listen(ownName());
  const fds = { 3: listener.fd, 4: other.fd };
  const command = compiled("look.c");
  for (const namespaces of [{}, ...(target ? [{ pid: target.pid }] : [])]) {
    const seen = await look({ command, fds, listenFdNames: ["main", "side"], namespaces });
    assertEquals(seen["listen-pid"], seen.pid);
    assertEquals(seen.fds, "0 1 2 3 4");
  }
  const env = { LISTEN_PID: "1", LISTEN_FDS: "77" };
  const args = ["LISTEN_FDS", "LISTEN_FDNAMES"];
  assertEquals(
    await told({ command: "printenv", args, fds, listenFdNames: ["main", "side"], env, clearEnv: false }),
    "2\nmain:side",
  );
});

claim("LISTEN_PID is right for the caller's program in another mount namespace, and for a script", async () => {
  await using target = await Target.start(["mnt", "pid"]);
  using listener = UnixListener.listen(ownName());
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("script"), '#!/bin/sh\necho "$$ $LISTEN_PID"\n', { mode: 0o755 });
  const options = { fds: { 3: listener.fd }, listenFdNames: ["one"], namespaces: { target: target.pid, all: true } };
  const seen = await look({ command: compiled("look.c"), local: true, ...options });
  assertEquals(seen["listen-pid"], seen.pid);
  const [pid, announced] = (await told({ command: directory.file("script"), local: true, ...options })).split(" ");
  assertEquals(announced, pid);
}, { skip: NEEDS_ROOT });

claim("a gap in what LISTEN_FDS announces is refused", () => {
  using fd = openPath("/", READ);
  const gaps: Record<number, Fd>[] = [{}, { 4: fd }, { 3: fd, 5: fd }];
  for (const fds of gaps) {
    const { message } = assertThrows(() => spawn({ command: "true", fds, listenFdNames: ["a", "b"] }), TypeError);
    assert(message.startsWith("LISTEN_FDS counts from 3 on without a gap: there is no descriptor "), message);
  }
});
