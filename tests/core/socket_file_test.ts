import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SystemError } from "../../src/core/errors.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { SocketFile } from "../../src/core/socket_file.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { countOpen } from "./open_descriptors.ts";
import { asNobody, result, run, Running } from "./programs/run.ts";

function leaveStale(path: string): void {
  UnixListener.listen(path).release().close();
}

function names(directory: OwnDirectory): string[] {
  return Array.from(Deno.readDirSync(directory.path), ({ name }) => name).sort();
}

claim("a socket file has exactly the mode that was asked for, whatever the umask", () => {
  using directory = new OwnDirectory();
  const before = Deno.umask();
  try {
    for (const umask of [0, 0o022, 0o077, 0o777]) {
      for (const mode of [undefined, 0o600, 0o660, 0o666, 0o000, 0o777]) {
        Deno.umask(umask);
        using _listener = UnixListener.listen(directory.file("one"), { mode });
        assertEquals(Deno.lstatSync(directory.file("one")).mode! & 0o7777, mode ?? 0o600, `umask ${umask.toString(8)}`);
      }
    }
  } finally {
    Deno.umask(before);
  }
});

claim("a socket file has the owner that was asked for, and this process's otherwise", () => {
  using directory = new OwnDirectory();
  for (const [uid, gid] of [[undefined, undefined], [65534, undefined], [undefined, 1234], [65534, 1234]]) {
    using _listener = UnixListener.listen(directory.file("one"), { uid, gid, mode: 0o660 });
    const info = Deno.lstatSync(directory.file("one"));
    assertEquals([info.uid, info.gid, info.mode! & 0o7777], [uid ?? Deno.uid(), gid ?? Deno.gid(), 0o660]);
  }
}, { skip: NEEDS_ROOT });

claim("an owner that cannot be given is an error, and leaves nothing behind", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o777);
  const told = await result<{ error: string }>(
    "listen_once.ts",
    [directory.file("one"), "0"],
    asNobody(directory.path),
  );
  assertEquals(told.error, "EPERM");
  assert(!names(directory).includes("one"));
}, { skip: NEEDS_ROOT });

claim("a file that is removed unless it is served stays as long as anybody has its socket open", () => {
  using directory = new OwnDirectory();
  const path = directory.file("one");
  const fileOf = (path: string): SocketFile => {
    const { dev, ino } = Deno.lstatSync(path);
    return new SocketFile(path, { dev, ino: ino! });
  };
  const fd = UnixListener.listen(path).release();
  const copy = fd.duplicate();
  const [file, later] = [fileOf(path), fileOf(path)];
  fd.close();
  file.removeUnlessServed();
  assertEquals(names(directory), ["one"]);
  copy.close();
  later.removeUnlessServed();
  assertEquals(names(directory), []);
});

claim("a directory that is not there or may not be written to is told as such", async () => {
  using directory = new OwnDirectory();
  const error = assertThrows(() => UnixListener.listen(directory.file("none/one")), SystemError);
  assertEquals([error.code, error.syscall], ["ENOENT", "bind"]);
  assert(error.message.includes("the directory does not exist"));
  if (NEEDS_ROOT) return;
  Deno.chmodSync(directory.path, 0o777);
  Deno.mkdirSync(directory.file("closed"), { mode: 0o755 });
  const told = await result<{ error: string }>(
    "listen_once.ts",
    [directory.file("closed/one")],
    asNobody(directory.path),
  );
  assertEquals(told.error, "EACCES");
});

claim("a stale file is replaced, of whatever type its listener was", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("one");
  for (const type of ["stream", "seqpacket"] as const) {
    leaveStale(path);
    using listener = UnixListener.listen(path, { type });
    using _client = await UnixSocket.connect(path, { type });
    using _server = await listener.accept();
    assertEquals(names(directory), ["one"]);
  }
  UnixSocket.bound(path).release().close();
  UnixListener.listen(path).close();
  leaveStale(path);
  UnixSocket.bound(path).close();
  assertEquals(names(directory), []);
});

claim("whatever else is at the path is an error, and untouched", () => {
  using directory = new OwnDirectory();
  leaveStale(directory.file("stale"));
  Deno.writeTextFileSync(directory.file("file"), "precious");
  Deno.mkdirSync(directory.file("folder"));
  Deno.symlinkSync("file", directory.file("link"));
  Deno.symlinkSync("stale", directory.file("link-to-socket"));
  Deno.symlinkSync("nowhere", directory.file("dangling"));
  const before = names(directory);
  const open = countOpen();
  for (const name of ["file", "folder", "link", "link-to-socket", "dangling"]) {
    const path = directory.file(name);
    const error = assertThrows(() => UnixListener.listen(path), SystemError);
    assertEquals([error.code, error.syscall], ["EADDRINUSE", "bind"]);
    assert(error.message.startsWith(`bind ${path} (a file that is no socket): `), error.message);
  }
  assertEquals(names(directory), before);
  assertEquals(Deno.readTextFileSync(directory.file("file")), "precious");
  assertEquals(countOpen(), open);
});

claim("a file is removed on close only if it is still the listener's own", () => {
  using directory = new OwnDirectory();
  const path = directory.file("one");
  const first = UnixListener.listen(path);
  Deno.removeSync(path);
  using second = UnixListener.listen(path);
  first.close();
  assertEquals(names(directory), ["one"]);
  Deno.renameSync(path, directory.file("moved"));
  Deno.writeTextFileSync(path, "somebody else's");
  second.close();
  assertEquals(Deno.readTextFileSync(path), "somebody else's");
  const third = UnixListener.listen(directory.file("third"));
  Deno.removeSync(directory.file("third"));
  third.close();
});

claim("a file is removed although the working directory has changed", async () => {
  using directory = new OwnDirectory();
  const { code, err } = await run("listen_and_move.ts", [], { cwd: directory.path });
  assertEquals([code, err], [0, ""]);
  assertEquals(names(directory), []);
});

claim("a file is removed before its listener is closed, so that its name never looks dead", async () => {
  using directory = new OwnDirectory();
  const listener = UnixListener.listen(directory.file("one"));
  listener.close();
  const error = await assertRejects(() => UnixSocket.connect(directory.file("one")), SystemError);
  assertEquals(error.code, "ENOENT");
});

claim("a socket file knows whether it is in place", () => {
  using directory = new OwnDirectory();
  leaveStale(directory.file("one"));
  const { dev, ino } = Deno.lstatSync(directory.file("one"));
  const file = new SocketFile(directory.file("one"), { dev, ino: ino! });
  assert(file.isInPlace);
  Deno.renameSync(directory.file("one"), directory.file("other"));
  assert(!file.isInPlace);
  file.remove();
  assertEquals(names(directory), ["other"]);
});

for (const starters of [2, 8]) {
  claim(`of ${starters} who start at once on a stale file exactly one listens`, async () => {
    using directory = new OwnDirectory();
    const programs = Array.from({ length: starters }, () => new Running("start_at_once.ts"));
    for (const program of programs) assertEquals(await program.line(), "ready");
    for (let round = 0; round < 60; round++) {
      const path = directory.file(`${round}`);
      leaveStale(path);
      // The time at which all of them start: a moment later, so that all are told in time.
      const start = Date.now() + 4;
      await Promise.all(programs.map((program) => program.say(`${start} ${path}`)));
      const told = await Promise.all(programs.map((program) => program.line()));
      const listening = told.filter((line) => line === "listens");
      assertEquals(told.filter((line) => line !== "listens" && line !== "EADDRINUSE"), []);
      assertEquals(listening.length, 1, `round ${round}: ${told.join(", ")}`);
      (await UnixSocket.connect(path)).close();
      assertEquals(names(directory), [`${round}`]);
      await Promise.all(programs.map((program) => program.say("close")));
      for (const program of programs) assertEquals(await program.line(), "closed");
      assertEquals(names(directory), []);
    }
    for (const program of programs) await program.end();
  });
}
