import { assertEquals, assertMatch } from "@std/assert";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { Elsewhere } from "../spawn/elsewhere.ts";
import { IPCX, runProgram } from "./program.ts";
import { spawned, told } from "./spawning.ts";

claim("it ends with the status of CMD, with and without --exec", async () => {
  for (const status of [0, 1, 7, 127, 255]) {
    for (const how of [[], ["--exec"]]) {
      assertEquals(await spawned([...how, "sh", "-c", `exit ${status}`]), { status, signal: null, out: "", err: "" });
    }
  }
});

claim("it dies of the signal that ended CMD", async () => {
  for (const [signal, number] of [["SIGTERM", 15], ["SIGKILL", 9], ["SIGSEGV", 11], ["SIGHUP", 1]] as const) {
    const { status, signal: died } = await spawned(["sh", "-c", `kill -${number} $$`]);
    assertEquals([status, died], [128 + number, signal]);
  }
  const told = await runProgram(["bash", "-c", '"$@"; echo $?', "bash", ...IPCX, "spawn", "sh", "-c", "kill -40 $$"]);
  assertEquals(told.out, `${128 + 40}\n`);
});

claim("a core is left by CMD alone", async () => {
  using directory = new OwnDirectory();
  const through = ["sh", "-c", 'ulimit -c unlimited; exec "$@"', "sh"];
  const { signal } = await spawned(["sh", "-c", "ulimit -c 0; kill -ABRT $$"], { through, cwd: directory.path });
  assertEquals([signal, Array.from(Deno.readDirSync(directory.path))], ["SIGABRT", []]);
});

claim("a CMD that is not there has status 127, one that cannot be run 126", async () => {
  using directory = new OwnDirectory();
  const plain = directory.file("plain");
  Deno.writeTextFileSync(plain, "echo");
  const lost = directory.file("lost");
  Deno.writeTextFileSync(lost, "#!/nowhere/sh\n", { mode: 0o755 });
  const broken = directory.file("broken");
  Deno.writeTextFileSync(broken, "\x7fELF", { mode: 0o755 });
  const cases: [string, number, string][] = [
    ["ipcx-no-such-program", 127, "No such file or directory (ENOENT)"],
    ["/nowhere/program", 127, "No such file or directory (ENOENT)"],
    ["", 127, "No such file or directory (ENOENT)"],
    [lost, 127, "No such file or directory (ENOENT)"],
    [plain, 126, "Permission denied (EACCES)"],
    [directory.path, 126, "Permission denied (EACCES)"],
    [broken, 126, "Exec format error (ENOEXEC)"],
  ];
  for (const [command, wanted, message] of cases) {
    for (const how of [[], ["--exec"]]) {
      const { status, out, err } = await spawned([...how, command, "x"]);
      assertEquals([status, out], [wanted, ""], err);
      assertMatch(err, new RegExp(`^ipcx spawn: execve ${command}: ${message.replace(/[()]/g, "\\$&")}.*\n$`));
    }
  }
});

claim("a CMD that is not there in the other mount namespace has status 127", async () => {
  await using there = await Elsewhere.start(["mnt", "net"]);
  for (const how of [[], ["--exec"]]) {
    const { status, err } = await spawned([...how, `--mnt=${there.target.pid}`, "cat", "/etc/hostname"]);
    assertEquals(status, 127);
    assertMatch(err, /^ipcx spawn: execve cat: No such file or directory \(ENOENT\)/);
  }
}, { skip: NEEDS_ROOT });

claim("standard input, output and error are CMD's", async () => {
  const { status, out, err } = await spawned(["sh", "-c", "cat; echo aside >&2"], { input: "hello" });
  assertEquals({ status, out, err }, { status: 0, out: "hello", err: "aside\n" });
});

claim("an argument as long as the kernel takes it is no longer to the waiter", async () => {
  const bytes = '"$(head -c 100000 /dev/zero | tr "\\0" "\\377")"';
  const through = ["bash", "-c", `exec "$@" ${bytes}`, "bash"];
  assertEquals(await told(["sh", "-c", 'printf %s "$1" | wc -c', "sh"], { through }), "100000");
});

claim("arguments reach CMD byte by byte, also those that are not UTF-8", async () => {
  const script = `"$@" sh -c 'printf "<%s>" "$@"' sh "" "a b" --help -- "$(printf '\\377\\200x')" "\ufffd" é`;
  for (const how of [[], ["--exec"]]) {
    const command = ["bash", "-c", `${script} | od -An -v -tx1 | tr -d ' \\n'`, "bash", ...IPCX, "spawn", ...how];
    const { out, err } = await runProgram(command);
    const text = new TextEncoder();
    const bytes = [..."<><a b><--help><-->"].map((letter) => letter.charCodeAt(0));
    bytes.push(0x3c, 0xff, 0x80, 0x78, 0x3e, ...text.encode("<\ufffd><é>"));
    assertEquals([out, err], [bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(""), ""]);
  }
});

claim("the caller's variables reach CMD byte by byte, whatever --env adds", async () => {
  for (const how of [[], ["--exec"], ["--env", "OTHER=\ufffd"]]) {
    const script = `export ODD="$(printf 'a\\377b')"; "$@" sh -c 'printf %s "$ODD"' | od -An -v -tx1`;
    const { out } = await runProgram(["bash", "-c", script, "bash", ...IPCX, "spawn", ...how]);
    assertEquals(out, " 61 ff 62\n");
  }
});

claim("a program is looked up in the PATH that it will have", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("ipcx-mine"), "#!/bin/sh\necho mine\n", { mode: 0o755 });
  for (const how of [[], ["--exec"]]) {
    assertEquals(await told([...how, "--env", `PATH=/nowhere:${directory.path}`, "ipcx-mine"]), "mine");
  }
  assertEquals(await told(["ipcx-mine"], { env: { PATH: `${directory.path}:${Deno.env.get("PATH")}` } }), "mine");
});
