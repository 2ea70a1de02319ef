import { assertEquals, assertMatch } from "@std/assert";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { look, PYTHON, spawned, told, withOpen } from "./spawning.ts";

/** Files whose content is their name. */
function files(directory: OwnDirectory, ...names: string[]): string[] {
  return names.map((name) => {
    Deno.writeTextFileSync(directory.file(name), name);
    return directory.file(name);
  });
}

/** What CMD reads from descriptors, then all that are open in it. */
async function read(args: readonly string[], numbers: readonly number[], through: readonly string[]): Promise<string> {
  const script = "import os, sys\n" +
    "print(*[os.pread(int(n), 9, 0).decode() for n in sys.argv[1:]], end=': ')\n" +
    "print(*sorted(int(n) for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{n}')))";
  return await told([...args, ...PYTHON, script, ...numbers.map(String)], { through });
}

const WAYS: readonly (readonly string[])[] = [[], ["--exec"]];

claim("nothing is open in CMD but the standard streams, whatever ipcx was started with", async () => {
  using directory = new OwnDirectory();
  const [a] = files(directory, "a");
  for (const way of WAYS) {
    assertEquals((await look(way, { through: withOpen({ 3: a, 7: a, 200: a }) })).fds, "0 1 2");
  }
});

claim("--keep-fd passes a descriptor on under its number", async () => {
  using directory = new OwnDirectory();
  const [a, b] = files(directory, "a", "b");
  const through = withOpen({ 3: a, 4: b, 200: b });
  for (const way of WAYS) {
    assertEquals(await read([...way, "--keep-fd=3", "-k", "200"], [3, 200], through), "a b: 0 1 2 3 200");
  }
});

claim("--keep-fd N=M passes it on under another one; numbers can change places", async () => {
  using directory = new OwnDirectory();
  const [a, b, c] = files(directory, "a", "b", "c");
  const through = withOpen({ 3: a, 4: b, 5: c });
  for (const way of WAYS) {
    assertEquals(await read([...way, "-k", "3=9"], [9], through), "a: 0 1 2 9");
    assertEquals(await read([...way, "-k", "3=4", "-k", "4=3"], [3, 4], through), "b a: 0 1 2 3 4");
    const circle = ["-k3=4", "-k4=5", "-k5=3"];
    assertEquals(await read([...way, ...circle], [3, 4, 5], through), "c a b: 0 1 2 3 4 5");
    assertEquals(await read([...way, "-k3=6", "-k3=7", "-k", "5=0"], [6, 7, 0], through), "a a c: 0 1 2 6 7");
    // Where the runtime's own are.
    const many = Array.from({ length: 30 }, (_, at) => 3 + at);
    const all = many.flatMap((number) => ["-k", `${3 + number % 3}=${number}`]);
    const names = many.map((number) => "abc"[number % 3]).join(" ");
    assertEquals(await read([...way, ...all], many, through), `${names}: 0 1 2 ${many.join(" ")}`);
  }
});

claim("a number that is not open, or the runtime's own, is refused before CMD runs", async () => {
  using directory = new OwnDirectory();
  const through = withOpen({});
  for (const way of WAYS) {
    for (const [number, what] of [[3, " (the runtime's own)"], [5, " (the runtime's own)"], [500, ""]] as const) {
      const command = [...way, "-k", `${number}=3`, "touch", directory.file("x")];
      const { status, out, err } = await spawned(command, { through });
      assertEquals([status, out, err], [1, "", `ipcx spawn: fcntl fd:${number}${what}: Bad file descriptor (EBADF)\n`]);
    }
  }
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});

claim("a standard stream that is closed is /dev/null in CMD, and not one of the others", async () => {
  using directory = new OwnDirectory();
  const [a] = files(directory, "a");
  for (const way of WAYS) {
    const through = [...withOpen({ 7: a }), "sh", "-c", 'exec 0<&-; exec "$@"', "sh"];
    const { out, err } = await spawned([...way, "-k7", "readlink", "/proc/self/fd/0", "/proc/self/fd/7"], { through });
    assertEquals([out, err], [`/dev/null\n${Deno.realPathSync(a)}\n`, ""]);
  }
});

claim("--listen-fds announces what is passed from 3 on, by CMD's own pid", async () => {
  using directory = new OwnDirectory();
  const [a] = files(directory, "a");
  const script = 'echo "$LISTEN_FDS $LISTEN_FDNAMES $((LISTEN_PID == $$))"';
  const env = { LISTEN_FDS: "9", LISTEN_PID: "1", LISTEN_FDNAMES: "old" };
  for (const way of WAYS) {
    const through = withOpen({ 4: a });
    const passed = [...way, "--listen", `3=${ownName()}`, "--keep-fd=4", "-k4=0"];
    assertEquals(
      await told([...passed, "--listen-fds=http:extra", "sh", "-c", script], { through, env }),
      "2 http:extra 1",
    );
    assertEquals(await told([...passed, "--listen-fds", "sh", "-c", script], { through, env }), "2 unknown:unknown 1");
  }
});

claim("what LISTEN_FDS said to ipcx is not said to CMD unless it is asked for", async () => {
  const env = { LISTEN_FDS: "1", LISTEN_PID: "1" };
  assertMatch(await told(["env"], { env }), /^LISTEN_FDS=1$/m);
});
