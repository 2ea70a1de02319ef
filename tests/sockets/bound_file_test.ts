import { assert, assertEquals } from "@std/assert";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import type { SocketEntry } from "../../src/sockets/entry.ts";
import { listSockets } from "../../src/sockets/list_sockets.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { Process } from "../cli/program.ts";
import { PYTHON } from "../cli/spawning.ts";
import { entryOf, inodeOf } from "./own_sockets.ts";

/** Binds to a path, with what comes before and after, and tells the inode of the socket. */
const BIND = `
import os, socket, sys
path, before, after = sys.argv[1:]
exec(before)
one = socket.socket(socket.AF_UNIX)
one.bind(path)
one.listen()
exec(after)
print("inode", os.fstat(one.fileno()).st_ino, file=sys.stderr)
sys.stdin.read()
`;

/** A process that has bound a socket. */
class Binder implements AsyncDisposable {
  readonly process: Process;
  readonly inode: number;

  private constructor(process: Process) {
    this.process = process;
    this.inode = Number(/^inode (\d+)$/m.exec(process.err)![1]);
  }

  static async start(path: string, { before = "", after = "", through = [] as string[] } = {}): Promise<Binder> {
    const process = new Process([...PYTHON, BIND, path, before, after], { input: "open", through });
    await process.says("inode ");
    await process.says("\n");
    return new Binder(process);
  }

  get entry(): SocketEntry {
    const entry = listSockets().find(({ inode }) => inode === this.inode);
    assert(entry);
    return entry;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}

claim("a file that is there is present, one that was removed is gone, and another one has replaced it", () => {
  using directory = new OwnDirectory();
  const path = directory.file("s");
  using listener = UnixListener.listen(path);
  assertEquals(entryOf(listener).file, "present");
  Deno.renameSync(path, directory.file("moved"));
  assertEquals(entryOf(listener).file, "gone");
  using other = UnixListener.listen(path);
  assertEquals([entryOf(listener).file, entryOf(other).file], ["replaced", "present"]);
  assertEquals(listSockets({ stale: true, name: `${directory.path}/*` }).map(({ inode }) => inode), [
    inodeOf(listener),
  ]);
  Deno.removeSync(path);
  Deno.mkdirSync(path);
  assertEquals(entryOf(listener).file, "replaced");
  Deno.removeSync(path);
  Deno.renameSync(directory.file("moved"), path);
  assertEquals(entryOf(listener).file, "present");
});

claim("a directory that is gone, or is none any more, takes the file along", () => {
  using directory = new OwnDirectory();
  Deno.mkdirSync(directory.file("d"));
  using listener = UnixListener.listen(directory.file("d/s"));
  Deno.renameSync(directory.file("d"), directory.file("e"));
  assertEquals(entryOf(listener).file, "gone");
  Deno.writeTextFileSync(directory.file("d"), "");
  assertEquals(entryOf(listener).file, "gone");
});

claim("a connection that was accepted is as stale as its listener", async () => {
  using directory = new OwnDirectory();
  using listener = UnixListener.listen(directory.file("s"));
  using _client = await UnixSocket.connect(directory.file("s"));
  using server = await listener.accept();
  assertEquals(entryOf(server).file, "present");
  Deno.removeSync(directory.file("s"));
  assertEquals(entryOf(server).file, "gone");
});

claim("a symbolic link in the way is followed, one in place of the file is another file", () => {
  using directory = new OwnDirectory();
  Deno.mkdirSync(directory.file("real"));
  Deno.symlinkSync("real", directory.file("link"));
  using listener = UnixListener.listen(directory.file("link/s"));
  assertEquals(entryOf(listener).file, "present");
  Deno.renameSync(directory.file("real/s"), directory.file("real/t"));
  Deno.symlinkSync("t", directory.file("real/s"));
  assertEquals(entryOf(listener).file, "replaced");
});

claim("a path finds the socket that is bound to its file, whatever that was called then", () => {
  using directory = new OwnDirectory();
  const long = directory.file("a".repeat(100));
  Deno.mkdirSync(long);
  using listener = UnixListener.listen(`${long}/s`);
  Deno.symlinkSync(`${long}/s`, directory.file("link"));
  Deno.linkSync(`${long}/s`, directory.file("hard"));
  for (const path of [`${long}/s`, directory.file("link"), directory.file("hard")]) {
    assertEquals(listSockets({ addresses: [path] }).map(({ inode }) => inode), [inodeOf(listener)], path);
  }
  Deno.writeTextFileSync(directory.file("other"), "");
  assertEquals(listSockets({ addresses: [directory.file("other"), directory.file("none")] }), []);
});

claim("a relative path is looked at from where its process is; if it has gone elsewhere, nobody knows", async () => {
  using directory = new OwnDirectory();
  const before = `os.chdir(${JSON.stringify(directory.path)})`;
  await using there = await Binder.start("s", { before });
  assertEquals([`${there.entry.address}`, there.entry.file], ["./s", "present"]);
  await using elsewhere = await Binder.start("t", { before, after: "os.chdir('/')" });
  assertEquals(elsewhere.entry.file, "unknown");
  Deno.removeSync(directory.file("s"));
  assertEquals(there.entry.file, "unknown");
});

claim("a path that is no UTF-8 is found, and its bytes are told", async () => {
  using directory = new OwnDirectory();
  const before = `path = os.fsencode(path) + b"\\xff\\n"`;
  await using bound = await Binder.start(directory.file("s"), { before });
  assertEquals([bound.entry.file, bound.entry.address.bytes.at(-2)], ["present", 0xff]);
  await using gone = await Binder.start(directory.file("t"), { before, after: "os.unlink(path)" });
  assertEquals(gone.entry.file, "gone");
});

claim("a path is followed in the mount namespace of who has it open", async () => {
  using directory = new OwnDirectory();
  const through = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"', directory.path];
  const path = directory.file("s");
  await using inside = await Binder.start(path, { through });
  assertEquals([`${inside.entry.address}`, inside.entry.file], [path, "present"]);
  using outside = UnixListener.listen(path);
  assertEquals([inside.entry.file, entryOf(outside).file], ["present", "present"]);
  assertEquals(listSockets({ addresses: [path] }).length, 2, "both have that name");
  await using gone = await Binder.start(path, { through, after: "os.unlink(path)" });
  assertEquals(gone.entry.file, "gone");
}, { skip: NEEDS_ROOT });

claim("a path is followed in the root directory of who has it open", async () => {
  using directory = new OwnDirectory();
  await using inside = await Binder.start("/s", {
    before: `os.chroot(${JSON.stringify(directory.path)}); os.chdir("/")`,
  });
  assertEquals([`${inside.entry.address}`, inside.entry.file], ["/s", "present"]);
  Deno.removeSync(directory.file("s"));
  assertEquals(inside.entry.file, "gone");
}, { skip: NEEDS_ROOT });

claim("files of an overlay are known, although stat tells another device of them", async () => {
  using directory = new OwnDirectory();
  const mount = [
    'mount -t tmpfs none "$0" && cd "$0" && mkdir low high m && mount -t tmpfs none high && mkdir high/u high/w',
    'mount -t overlay none -o lowerdir=low,upperdir=high/u,workdir=high/w m && cd / && exec "$@"',
  ].join(" && ");
  const through = ["unshare", "--mount", "sh", "-c", mount, directory.path];
  await using bound = await Binder.start(directory.file("m/s"), { through });
  assertEquals(bound.entry.file, "present");
  await using gone = await Binder.start(directory.file("m/s"), { through, after: "os.unlink(path)" });
  assertEquals(gone.entry.file, "gone");
}, { skip: NEEDS_ROOT || overlayIsMissing() });

function overlayIsMissing(): string | false {
  return !/\boverlay$/m.test(Deno.readTextFileSync("/proc/filesystems")) && "there is no overlay file system";
}

claim("where processes are not looked at, nothing is said of files", () => {
  using directory = new OwnDirectory();
  using listener = UnixListener.listen(directory.file("s"));
  assertEquals(entryOf(listener, { processes: false }).file, undefined);
  Deno.removeSync(directory.file("s"));
  assertEquals(listSockets({ stale: true, processes: false }).some(({ inode }) => inode === inodeOf(listener)), true);
});
