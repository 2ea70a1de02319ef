/**
 * Sockets in directories that others may write to, too; they do their worst meanwhile.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { SystemError } from "../../src/core/errors.ts";
import { type ListenOptions, UnixListener } from "../../src/core/listener.ts";
import { openPath } from "../../src/core/reach.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { asNobody, result, Running } from "./programs/run.ts";

const skip = NEEDS_ROOT;
const NOBODY = 65534;
const STRANGER = 65533;
const ROUNDS = 150;

/** A directory that everybody may write to; with the sticky bit, nobody removes what is another's. */
function shared(mode: number): OwnDirectory {
  const directory = new OwnDirectory();
  Deno.chmodSync(directory.path, mode);
  return directory;
}

/** Attacks as the user nobody until `meanwhile` is done; tells what was seen. */
async function attacked(
  words: string[],
  meanwhile: () => void | Promise<void>,
): Promise<{ count: number; seen: string[] }> {
  await using attacker = new Running("attack_directory.py", words, { through: asNobody("/").through });
  assertEquals(await attacker.line(), "ready");
  await meanwhile();
  const told = attacker.line();
  await attacker.closeInput();
  return JSON.parse((await told)!);
}

/** Listens for a moment; tells how that went. */
function listenOnce(path: string, options: ListenOptions): string {
  try {
    UnixListener.listen(path, options).close();
    return "listened";
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return error.code;
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function identity(path: string): { dev: number; ino: number | null } {
  const { dev, ino } = Deno.lstatSync(path);
  return { dev, ino };
}

for (
  const [what, options] of [
    ["opened to others", { mode: 0o666 }],
    ["given away", { uid: NOBODY, mode: 0o600 }],
  ] as const
) {
  claim(`somebody who swaps another socket of ours for the new one does not get it ${what}`, async () => {
    using directory = shared(0o777);
    Deno.mkdirSync(directory.file("closed"), { mode: 0o700 });
    const [vault, one] = [directory.file("vault"), directory.file("one")];
    await attacked(["swap", vault, one], () => {
      for (let round = 0; round < ROUNDS; round++) {
        // Bound where nobody can touch it.
        using _vault = UnixListener.listen(directory.file("closed/vault"));
        using held = openPath(directory.file("closed/vault"));
        Deno.renameSync(directory.file("closed/vault"), vault);
        listenOnce(one, options);
        const { uid, mode } = Deno.statSync(`/proc/self/fd/${held.number}`);
        assertEquals([uid, mode! & 0o777], [0, 0o600], `round ${round}`);
        for (const left of [vault, one]) removeIfThere(left);
      }
    });
  }, { skip });

  claim(`somebody who turns a link to the directory does not get another socket of ours ${what}`, async () => {
    using directory = shared(0o777);
    const [one, other] = ["one", "other"].map((name) => {
      Deno.mkdirSync(directory.file(name));
      return directory.file(name);
    });
    using vault = UnixListener.listen(`${other}/socket`);
    const file = identity(`${other}/socket`);
    Deno.symlinkSync(one, directory.file("link"));
    await attacked(["turn", directory.file("link"), one, other], () => {
      for (let round = 0; round < ROUNDS; round++) {
        listenOnce(directory.file("link/socket"), options);
        const { uid, mode, ino } = Deno.lstatSync(`${other}/socket`);
        assertEquals([uid, mode! & 0o777, ino], [0, 0o600, file.ino], `round ${round}`);
      }
    });
    assert(vault.fd.isOpen);
  }, { skip });
}

claim("the mode that was asked for is the only one that anybody sees, and nobody else gets in", async () => {
  using directory = shared(0o1777);
  const path = directory.file("one");
  const before = Deno.umask(0);
  try {
    for (const umask of [0, 0o077]) {
      const told = await attacked(["watch", path], () => {
        Deno.umask(umask);
        for (let round = 0; round < ROUNDS; round++) assertEquals(listenOnce(path, { mode: 0o660 }), "listened");
      });
      assertEquals(told.seen.filter((seen) => seen !== "(0, 0, 432)"), []);
    }
  } finally {
    Deno.umask(before);
  }
}, { skip });

claim("a file that is given to another owner has no permissions before", async () => {
  using directory = shared(0o1777);
  const path = directory.file("one");
  const told = await attacked(["watch", path], () => {
    for (let round = 0; round < ROUNDS; round++) {
      assertEquals(listenOnce(path, { mode: 0o660, uid: STRANGER, gid: STRANGER }), "listened");
    }
  });
  const given = `(${STRANGER}, ${STRANGER}, ${0o660})`;
  assertEquals(told.seen.filter((seen) => !seen.endsWith(", 0)") && seen !== given), []);
}, { skip });

claim("whoever gets a file is let in as soon as it has its mode", async () => {
  using directory = shared(0o1777);
  const path = directory.file("one");
  const told = await attacked(["watch", path], async () => {
    using listener = UnixListener.listen(path, { uid: NOBODY });
    using _server = await listener.accept();
  });
  assert(told.seen.includes("connected"));
}, { skip });

claim(
  "in a directory with the sticky bit a listener is at its name, or it is told that the name is taken",
  async () => {
    using directory = shared(0o1777);
    const [path, precious] = [directory.file("one"), directory.file("precious")];
    Deno.writeTextFileSync(precious, "precious", { mode: 0o600 });
    // What was moved aside keeps that name if the attacker has taken its own meanwhile, which is told.
    const leftAside: string[] = [];
    await attacked(["take", path, precious], async () => {
      for (let round = 0; round < ROUNDS; round++) {
        let listener: UnixListener;
        try {
          listener = UnixListener.listen(path, { mode: 0o666 });
        } catch (error) {
          assert(error instanceof SystemError && error.code === "EADDRINUSE", String(error));
          const [, aside] = /what was there is called (\.ipcx-[\w-]+) now/.exec(error.message) ?? [];
          if (aside !== undefined) leftAside.push(aside);
          continue;
        }
        using _listener = listener;
        using client = await UnixSocket.connect(path);
        assertEquals(client.peerCredentials.pid, Deno.pid);
      }
    });
    const { uid, mode } = Deno.lstatSync(precious);
    assertEquals([Deno.readTextFileSync(precious), uid, mode! & 0o7777], ["precious", 0, 0o600]);
    const names = Array.from(Deno.readDirSync(directory.path), ({ name }) => name);
    assertEquals(names.sort(), [...leftAside, "precious"].sort());
  },
  { skip },
);

claim("what somebody else has put at the name is an error, and stays", async () => {
  using directory = shared(0o1777);
  const make = [
    "import os, socket, sys",
    "os.chdir(sys.argv[1])",
    "os.symlink('/etc/passwd', 'link')",
    "os.symlink('loop', 'loop')",
    "os.mkfifo('fifo')",
    "os.mkdir('folder')",
    "open('file', 'w').close()",
    "def bind(name):",
    "    it = socket.socket(socket.AF_UNIX)",
    "    it.bind(name)",
    "    return it",
    "bind('dead').close()",
    "os.chmod('dead', 0o777)",
    "live = bind('live')",
    "live.listen()",
    "print('made', flush=True)",
    "sys.stdin.read()",
  ].join("\n");
  const [command, ...args] = [...asNobody("/").through!, "/usr/bin/python3", "-c", make, directory.path];
  const other = new Deno.Command(command, { args, stdin: "piped", stdout: "piped" }).spawn();
  const lines = other.stdout.getReader();
  await lines.read();
  for (const name of ["link", "loop", "fifo", "folder", "file"]) {
    const error = assertThrows(() => UnixListener.listen(directory.file(name)), SystemError);
    assertEquals(error.address, `${directory.file(name)} (a file that is no socket)`);
    assertEquals(Deno.lstatSync(directory.file(name)).uid, NOBODY);
  }
  assertEquals(assertThrows(() => UnixListener.listen(directory.file("live")), SystemError).code, "EADDRINUSE");
  const stranger = { through: ["setpriv", `--reuid=${STRANGER}`, `--regid=${STRANGER}`, "--clear-groups"] };
  const cache = { DENO_DIR: directory.file("deno"), HOME: directory.path };
  const refused = await result<{ error: string; message: string }>("listen_once.ts", [directory.file("dead")], {
    ...stranger,
    env: cache,
  });
  assertEquals(refused.error, "EADDRINUSE");
  assertMatch(refused.message, /dead \(nobody listens, but only user 65534 may remove it\): Address already in use/);
  assertEquals(Deno.lstatSync(directory.file("dead")).uid, NOBODY);
  // Root may.
  using _listener = UnixListener.listen(directory.file("dead"));
  assertEquals(Deno.lstatSync(directory.file("dead")).uid, 0);
  await lines.cancel();
  await other.stdin.close();
  await other.status;
}, { skip });

claim("a listener's file is removed where it was made, and a namesake elsewhere is not", () => {
  using directory = new OwnDirectory();
  for (const name of ["one", "other"]) Deno.mkdirSync(directory.file(name));
  Deno.symlinkSync("one", directory.file("link"));
  const listener = UnixListener.listen(directory.file("link/socket"));
  using _namesake = UnixListener.listen(directory.file("other/socket"));
  Deno.removeSync(directory.file("link"));
  Deno.symlinkSync("other", directory.file("link"));
  listener.close();
  assert(Deno.lstatSync(directory.file("other/socket")).isSocket);
  assertEquals(Array.from(Deno.readDirSync(directory.file("one"))), []);
});

claim(
  "while somebody else holds the lock of the directory, at most one of those who start at once listens",
  async () => {
    using directory = shared(0o1777);
    const hold =
      "import fcntl, os, sys; fd = os.open(sys.argv[1], 0); fcntl.flock(fd, 2); print(1, flush=True); sys.stdin.read()";
    const [command, ...args] = [...asNobody("/").through!, "/usr/bin/python3", "-c", hold, directory.path];
    const holder = new Deno.Command(command, { args, stdin: "piped", stdout: "piped" }).spawn();
    const lines = holder.stdout.getReader();
    await lines.read();
    await using one = new Running("start_at_once.ts");
    await using other = new Running("start_at_once.ts");
    const programs = [one, other];
    for (const program of programs) assertEquals(await program.line(), "ready");
    for (let round = 0; round < 5; round++) {
      const path = directory.file(`${round}`);
      UnixListener.listen(path).release().close();
      const start = Date.now() + 4;
      for (const program of programs) await program.say(`${start} ${path}`);
      const told = await Promise.all(programs.map((program) => program.line()));
      assertEquals(told.filter((line) => line !== "listens" && line !== "EADDRINUSE"), []);
      const listening = told.filter((line) => line === "listens").length;
      assert(listening <= 1, `round ${round}: ${told.join(", ")}`);
      if (listening === 1) (await UnixSocket.connect(path)).close();
      for (const program of programs) {
        await program.say("close");
        assertEquals(await program.line(), "closed");
      }
    }
    await lines.cancel();
    await holder.stdin.close();
    await holder.status;
  },
  { skip },
);

/** An access control list as the kernel has it: who (0x01 owner, 0x04 group, 0x20 others) may do what. */
function defaultList(entries: [number, number][]): string {
  return `import os, struct, sys; os.setxattr(sys.argv[1], "system.posix_acl_default", struct.pack("<I", 2) + ${
    entries.map(([who, what]) => `struct.pack("<HHI", ${who}, ${what}, 0xffffffff)`).join(" + ")
  })`;
}

claim("a default access control list of the directory may take from the mode, and adds nothing to it", () => {
  using directory = new OwnDirectory();
  const args = ["-c", defaultList([[0x01, 6], [0x04, 4], [0x20, 0]]), directory.path];
  const { success } = new Deno.Command("/usr/bin/python3", { args, stderr: "null" }).outputSync();
  // Not every file system has such lists.
  if (!success) return;
  for (const [mode, made] of [[0o666, 0o640], [0o600, 0o600], [0o660, 0o640]]) {
    using _listener = UnixListener.listen(directory.file("one"), { mode });
    assertEquals(Deno.lstatSync(directory.file("one")).mode! & 0o777, made);
  }
  using _given = UnixListener.listen(directory.file("one"), { mode: 0o666, gid: Deno.gid()! });
  assertEquals(Deno.lstatSync(directory.file("one")).mode! & 0o777, 0o666);
});
