import { assertEquals, assertMatch } from "@std/assert";
import { claim, OwnDirectory } from "../claim.ts";
import { ipcx, runProgram, startBroker, stateOf, until } from "./program.ts";

/** The id of a process that has ended and been waited for. */
async function deadPid(): Promise<string> {
  return (await runProgram(["sh", "-c", "echo $$"])).out.trim();
}

claim("--pidfile holds the process id, may be read by all, and is gone in the end", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("pid");
  await using broker = await startBroker(["-s", directory.file("s"), "--pidfile", file]);
  assertEquals(Deno.readTextFileSync(file), `${broker.child.pid}\n`);
  assertEquals(Deno.statSync(file).mode! & 0o777, 0o644);
  assertEquals((await broker.stop()).status, 0);
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});

claim("a pid file of a process that is gone is replaced, and so is an empty one", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("pid");
  for (const stale of [`${await deadPid()}\n`, ""]) {
    Deno.writeTextFileSync(file, stale);
    await using broker = await startBroker(["-s", directory.file("s"), "--pidfile", file]);
    assertEquals(Deno.readTextFileSync(file), `${broker.child.pid}\n`);
    await broker.stop();
  }
});

claim(
  "so is one of a process that nobody has waited for: the first process of a container may never do that",
  async () => {
    using directory = new OwnDirectory();
    const file = directory.file("pid");
    // A shell might wait for it before it becomes a program that does not.
    const forget = "import os, signal, sys; pid = os.fork() or os._exit(0); " +
      "open(sys.argv[1], 'w').write(str(pid)); signal.pause()";
    const parent = new Deno.Command("python3", { args: ["-c", forget, file] }).spawn();
    try {
      await until(() => stateOf(Number(Deno.readTextFileSync(file))) === "Z", "it has not ended");
      await using broker = await startBroker(["-s", directory.file("s"), "--pidfile", file]);
      assertEquals(Deno.readTextFileSync(file), `${broker.child.pid}\n`);
      await broker.stop();
    } finally {
      parent.kill();
      await parent.status;
    }
  },
);

claim("a pid file of a living process is an error that names it; file and process stay, no socket does", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("pid");
  Deno.writeTextFileSync(file, `${Deno.pid}\n`);
  const { status, err } = await ipcx(["broker", "-s", directory.file("s"), "--pidfile", file]);
  assertEquals({ status, err }, {
    status: 1,
    err: `ipcx broker: ${file} names process ${Deno.pid}, which is running: stop it or choose another pid file\n`,
  });
  assertEquals(Array.from(Deno.readDirSync(directory.path), ({ name }) => name), ["pid"]);
  assertEquals(Deno.readTextFileSync(file), `${Deno.pid}\n`);
});

claim("a file that is no pid file is left alone", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("pid");
  for (const text of ["root:x:0:0\n", "12 34\n", "-1\n", "99999999999\n"]) {
    Deno.writeTextFileSync(file, text);
    const { status, err } = await ipcx(["broker", "-s", directory.file("s"), "--pidfile", file]);
    assertEquals({ status, err }, {
      status: 1,
      err: `ipcx broker: ${file} exists and is no pid file: it holds '${text.trim()}'\n`,
    });
    assertEquals(Deno.readTextFileSync(file), text);
  }
});

claim("a pid file that cannot be written is an error with its path, and no socket is left", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("no/pid");
  const { status, err } = await ipcx(["broker", "-s", directory.file("s"), "--pidfile", file]);
  assertEquals(status, 1);
  assertMatch(err, /^ipcx broker: No such file or directory \(os error 2\): .*\/no\/pid(\.\d+)?'\n$/);
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});

claim("a pid file that is another's by now is not removed", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("pid");
  await using broker = await startBroker(["-s", directory.file("s"), "--pidfile", file]);
  Deno.writeTextFileSync(file, `${Deno.pid}\n`);
  await broker.stop();
  assertEquals(Deno.readTextFileSync(file), `${Deno.pid}\n`);
});
