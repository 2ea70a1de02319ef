import { assert, assertEquals } from "@std/assert";
import { describeFd, type FdDescription, fdText, printable } from "../../src/core/fd_description.ts";
import { check } from "../../src/core/errors.ts";
import { Fd } from "../../src/core/fd.ts";
import { OPEN } from "../../src/core/linux.ts";
import { native } from "../../src/core/native.ts";
import { openPath } from "../../src/core/reach.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";

function assertIs(fd: Fd, description: FdDescription, text: string): void {
  assertEquals(describeFd(fd), description);
  assertEquals(fdText(description), text);
}

claim("files, directories and devices have their path", () => {
  using directory = new OwnDirectory();
  const path = directory.file("f");
  Deno.writeTextFileSync(path, "");
  using file = openPath(path, OPEN.READ | OPEN.WRITE);
  assertIs(file, { kind: "file", path, access: "both" }, `file ${path}`);
  using place = openPath(directory.path, OPEN.DIRECTORY);
  assertIs(place, { kind: "directory", path: directory.path, access: "none" }, `directory ${directory.path}`);
  using device = openPath("/dev/null", OPEN.WRITE);
  assertIs(device, { kind: "device", path: "/dev/null", access: "write" }, "device /dev/null");
});

claim("what has a path that is no text, or longer than the kernel tells, is described without it", () => {
  using directory = new OwnDirectory();
  const bytes = new TextEncoder().encode(`${directory.file("x")}\0`);
  bytes[bytes.length - 2] = 0xff;
  using odd = new Fd(check(native.ipcx_open_path(bytes, OPEN.WRITE | OPEN.CREATE), "open"));
  assertIs(odd, { kind: "file", access: "write" }, "file");

  using stack = new DisposableStack();
  const below = (fd: Fd): string => `/proc/self/fd/${fd.number}/${"d".repeat(250)}`;
  let deep = openPath(directory.path, OPEN.DIRECTORY);
  for (let depth = 0; depth < 17; depth++) {
    stack.use(deep);
    Deno.mkdirSync(below(deep));
    deep = openPath(below(deep), OPEN.DIRECTORY);
  }
  assertIs(stack.use(deep), { kind: "directory", access: "none" }, "directory");
  using file = openPath(below(deep), OPEN.READ | OPEN.WRITE | OPEN.CREATE);
  assertIs(file, { kind: "file", access: "both" }, "file");
});

claim("what cannot be looked at any more is described all the same", async () => {
  const child = new Deno.Command("sleep", { args: ["60"] }).spawn();
  using gone = openPath(`/proc/${child.pid}/fd`, OPEN.READ);
  child.kill("SIGKILL");
  await child.status;
  const { kind, access } = describeFd(gone);
  assertEquals({ kind, access }, { kind: "other", access: "read" });
});

claim("pipes have one if they have a name", () => {
  const ends = new Int32Array(2);
  check(native.ipcx_pipe(ends), "pipe2");
  using reader = new Fd(ends[0]), writer = new Fd(ends[1]);
  assertIs(reader, { kind: "pipe", access: "read" }, "pipe");
  assertIs(writer, { kind: "pipe", access: "write" }, "pipe");
  using directory = new OwnDirectory();
  const path = directory.file("fifo");
  new Deno.Command("mkfifo", { args: [path] }).outputSync();
  using named = openPath(path, OPEN.READ | OPEN.WRITE);
  assertIs(named, { kind: "pipe", path, access: "both" }, `pipe ${path}`);
});

claim("sockets have their family and type, and listeners are told apart", () => {
  const [left, right] = UnixSocket.pair("dgram");
  assertIs(left.fd, { kind: "socket", family: "unix", type: "dgram", access: "both" }, "unix dgram socket");
  left.close();
  right.close();
  using listener = UnixListener.listen(ownName(), { type: "seqpacket" });
  const listening: FdDescription = { kind: "socket", family: "unix", type: "seqpacket", listens: true, access: "both" };
  assertIs(listener.fd, listening, "unix seqpacket listener");
});

claim("memory has its name, and what has no file what the kernel calls it", () => {
  using memory = new Fd(check(native.ipcx_memory_create(new TextEncoder().encode("a name\0"), 10, 0), "memfd_create"));
  assertIs(memory, { kind: "memory", path: "a name", access: "both" }, "memory a name");
  using epoll = new Fd(check(native.ipcx_epoll_create(), "epoll_create1"));
  assertIs(epoll, { kind: "other", path: "anon_inode:[eventpoll]", access: "both" }, "other anon_inode:[eventpoll]");
});

claim("what a terminal would take for a command is written as bytes", () => {
  assertEquals(
    printable("ä b\\\x1b[1m\x9b\n\u2028\u202e\ud83d\ude00"),
    [
      "ä b\\\\",
      "\\x1b[1m",
      "\\xc2\\x9b",
      "\\x0a",
      "\\xe2\\x80\\xa8",
      "\\xe2\\x80\\xae",
      "\ud83d\ude00",
    ].join(""),
  );
});

claim("a payload of nothing but control characters is written out about as fast as it can be looked through", () => {
  const text = "\0".repeat(1 << 20);
  // The quickest of three: what others do on the machine meanwhile does not count.
  const timed = (write: () => string): number =>
    Math.min(...[1, 2, 3].map(() => {
      const start = performance.now();
      assertEquals(write().length, 4 * text.length);
      return performance.now() - start;
    }));
  const least = timed(() => text.replaceAll(/[\p{C}\p{Zl}\p{Zp}\\]/gu, () => "\\x00"));
  const took = timed(() => printable(text));
  // It was 25 times: whoever sent 16 MiB of them kept all others waiting for 20 seconds.
  assert(took < 12 * least, `${took} ms, and ${least} at least`);
});
