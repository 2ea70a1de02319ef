import { assert, assertEquals } from "@std/assert";
import { type ChildProcess, spawn, type SpawnOptions } from "../../src/spawn/mod.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { until } from "../cli/program.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { compiled, missing } from "./compiled.ts";
import { Elsewhere, MARKER } from "./elsewhere.ts";
import { look, outputOf, told } from "./output.ts";

const skip = NEEDS_ROOT;

/** The caller's program in the target's mount namespace. */
function local({ target }: Elsewhere): Pick<SpawnOptions, "local" | "namespaces"> {
  return { local: true, namespaces: { mnt: target.pid } };
}

function program(flags: readonly string[] = []): string {
  return compiled("look.c", ...flags, `-DKIND="${flags[0] ?? "dynamic"}"`);
}

/** Scripts that say what is in /marker, by what they begin with. */
const SCRIPTS: Readonly<Record<string, string>> = {
  "#!/bin/sh": 'read marker </marker; echo "$marker"',
  "#!/bin/sh -e": 'read marker </marker || echo "$marker"',
  "#!/bin/bash": "echo $(</marker)",
  "#!/usr/bin/python3": "print(open('/marker').read())",
  "#!/usr/bin/perl": 'open(my $file, "<", "/marker") or die $!; print <$file>;',
  "#!/usr/bin/awk -f": 'BEGIN { getline marker < "/marker"; print marker }',
  "#!/usr/bin/env sh": 'read marker </marker; echo "$marker"',
  "#!/usr/bin/env -S /usr/bin/python3 -u": "import sys; print(open('/marker').read())",
  "#! /usr/bin/env perl": 'open(my $file, "<", "/marker") or die $!; print <$file>;',
};

for (const flags of [[], ["-static"], ["-static-pie"], ["-no-pie"], ["-O2", "-Wl,-z,now"]]) {
  claim(`a program of the caller's runs in an empty root: ${flags.join(" ") || "dynamic"}`, async () => {
    await using there = await Elsewhere.start();
    const seen = await look({ command: program(flags), ...local(there) });
    assertEquals([seen.kind, seen.marker], [flags[0] ?? "dynamic", MARKER]);
  }, { skip });
}

claim("a Go program of the caller's runs in an empty root", async () => {
  await using there = await Elsewhere.start();
  const seen = await look({ command: compiled("look.go"), ...local(there) });
  assertEquals([seen.kind, seen.marker], ["go", MARKER]);
}, { skip: skip || missing("go") });

for (const [first, rest] of Object.entries(SCRIPTS)) {
  const interpreter = first.slice(2).trim().split(" ")[0];
  claim(`a script of the caller's runs in an empty root: ${first}`, async () => {
    await using there = await Elsewhere.start();
    using directory = new OwnDirectory();
    Deno.writeTextFileSync(directory.file("script"), `${first}\n${rest}\n`, { mode: 0o755 });
    assertEquals((await told({ command: directory.file("script"), ...local(there) })).trim(), MARKER);
  }, { skip: skip || missing(interpreter) });
}

claim("a script as small as an archive's last part, or smaller, runs like any other", async () => {
  await using there = await Elsewhere.start();
  using directory = new OwnDirectory();
  const command = directory.file("script");
  const write = (text: string): void => Deno.writeTextFileSync(command, text, { mode: 0o755 });
  write("#!/bin/sh\necho /*");
  assertEquals(await told({ command, ...local(there) }), "/marker /proc /sub");
  write("#!/bin/sh\n");
  assertEquals(await told({ command, ...local(there) }), "");
  if (missing("/usr/bin/python3")) return;
  write("#!/bin/python3\nexit(7)");
  assertEquals(Deno.statSync(command).size, 22);
  assertEquals((await outputOf({ command, ...local(there) })).status.code, 7);
  write("#!/bin/python3\n0/0");
  assert((await outputOf({ command, ...local(there) })).err.includes("ZeroDivisionError"));
}, { skip });

claim("an interpreter may start other processes first, which live on", async () => {
  await using there = await Elsewhere.start();
  using directory = new OwnDirectory();
  const write = (name: string, text: string): void =>
    Deno.writeTextFileSync(directory.file(name), text, { mode: 0o755 });
  const begin = `sleep 1000 >/dev/null 2>&1 & echo $! >${directory.file("pid")}; found=$(uname | cat; echo $(echo))`;
  write("interpreter", `#!/bin/bash\n${begin}\nexec /bin/sh "$@"\n`);
  write("script", `#!${directory.file("interpreter")}\nread marker </marker || echo "$marker"\n`);
  assertEquals(await told({ command: directory.file("script"), ...local(there) }), MARKER);
  const other = Number(Deno.readTextFileSync(directory.file("pid")));
  await until(() => /^State:\tS/m.test(Deno.readTextFileSync(`/proc/${other}/status`)), "it does not go on");
  assert(/^TracerPid:\t0$/m.test(Deno.readTextFileSync(`/proc/${other}/status`)));
  Deno.kill(other, "SIGKILL");
}, { skip });

claim("a script finds its arguments, its name and its environment", async () => {
  await using there = await Elsewhere.start();
  using directory = new OwnDirectory();
  const command = directory.file("script");
  Deno.writeTextFileSync(command, '#!/bin/sh\nprintf "%s|" "$0" "$@" "$VARIABLE"', { mode: 0o755 });
  const args = ["one two", "", "*"];
  assertEquals(
    await told({ command, args, env: { VARIABLE: "value" }, ...local(there) }),
    `${command}|one two||*|value|`,
  );
}, { skip });

claim("a program runs on a read-only root, and cannot write there", async () => {
  await using there = await Elsewhere.start(["mnt"], { setting: ["seal", "/"] });
  const command = "sh";
  for (const way of [{ command }, { command: program() }]) {
    const args = way.command === command ? ["-c", "echo x >/x; read m </marker; echo marker=$m"] : ["touch", "/x"];
    const { out } = await outputOf({ ...way, args, ...local(there) });
    assert(out.includes(`marker=${MARKER}\n`), out);
  }
  assertEquals(Array.from(Deno.readDirSync(there.root), ({ name }) => name).sort(), ["marker", "proc", "sub"]);
}, { skip });

claim("a program of the caller's runs in the target's pid namespace, too", async () => {
  await using there = await Elsewhere.start(["mnt", "pid", "net"]);
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("script"), "#!/bin/sh\necho marker=$(echo /m*)\necho pid=$$", { mode: 0o755 });
  const namespaces = { target: there.target.pid, all: true };
  for (const command of [program(), program(["-static"]), directory.file("script")]) {
    const child = spawn({ command, namespaces, local: true, stdout: "piped" });
    const out = await new Response(child.stdout).text();
    assertEquals((await child.status).code, 0);
    assert(/^marker=(elsewhere|\/marker)$/m.test(out), out);
    assertEquals(/^pid=(\d+)$/m.exec(out)?.[1], `${child.ownPid}`);
    assert(child.ownPid < child.pid);
  }
}, { skip });

claim("a program of the caller's runs in all namespaces of the target", async () => {
  const kinds = ["mnt", "pid", "net", "ipc", "uts", "user", "cgroup", "time"] as const;
  await using there = await Elsewhere.start(kinds, { proc: true });
  const files = kinds.map((kind) => `/proc/self/ns/${kind}`);
  const namespaces = { target: there.target.pid, all: true };
  const seen = await told({ command: "readlink", args: files, namespaces, local: true });
  assertEquals(seen.split("\n"), kinds.map((kind) => there.target.namespace(kind)));
}, { skip });

claim("a chrooted target's root is used for the caller's program, too", async () => {
  await using there = await Elsewhere.start(["mnt"], { setting: ["chroot", "/sub"] });
  Deno.writeTextFileSync(`${there.root}/sub/marker`, "deeper");
  assertEquals((await look({ command: program(), ...local(there) })).marker, "deeper");
  const namespaces = { mnt: there.target.file("mnt") };
  assertEquals((await look({ command: program(), local: true, namespaces })).marker, MARKER);
}, { skip });

claim("user, groups, capabilities and privileges are changed for the caller's program", async () => {
  await using there = await Elsewhere.start(["mnt", "pid"], { proc: true });
  const identity: Partial<SpawnOptions> = {
    uid: 12345,
    gid: 23456,
    groups: [7, 8],
    noNewPrivileges: true,
    dropCapabilities: ["ALL"],
  };
  const namespaces = { target: there.target.pid, all: true };
  const status = await told({ command: "cat", args: ["/proc/self/status"], namespaces, local: true, ...identity });
  const value = (name: string): string => new RegExp(`^${name}:\\s+(.*?)\\s*$`, "m").exec(status)![1];
  assertEquals(value("Uid").split(/\s+/), ["12345", "12345", "12345", "12345"]);
  assertEquals(value("Gid").split(/\s+/), ["23456", "23456", "23456", "23456"]);
  assertEquals([value("Groups"), value("NoNewPrivs")], ["7 8", "1"]);
  for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) assertEquals(value(set), "0".repeat(16), set);
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o755);
  const command = directory.file("script");
  Deno.writeTextFileSync(
    command,
    "#!/bin/sh\nread m </marker; read u </proc/self/loginuid; umask 0; >/sub/x; echo $m\n",
  );
  Deno.chmodSync(command, 0o755);
  Deno.chmodSync(`${there.root}/sub`, 0o777);
  const { out } = await outputOf({ command, namespaces, local: true, ...identity });
  assertEquals(out, `${MARKER}\n`);
  const { uid, gid } = Deno.statSync(`${there.root}/sub/x`);
  assertEquals([uid, gid], [12345, 23456]);
}, { skip });

claim("the working directory and the root of the caller's program are chosen", async () => {
  await using there = await Elsewhere.start();
  const sub = `/proc/${there.target.pid}/root/sub`;
  Deno.writeTextFileSync(`${there.root}/sub/marker`, "deeper");
  const at = async (options: Partial<SpawnOptions>): Promise<string[]> => {
    const { cwd, marker } = await look({ command: program(), ...local(there), ...options });
    return [cwd, marker];
  };
  assertEquals(await at({}), ["/", MARKER]);
  assertEquals(await at({ wdns: "/sub" }), ["/sub", MARKER]);
  assertEquals(await at({ wd: sub }), ["/sub", MARKER]);
  assertEquals(await at({ wd: sub, wdns: "../proc" }), ["/proc", MARKER]);
  assertEquals(await at({ root: sub }), ["/", "deeper"]);
  const namespaces = {};
  assertEquals(await at({ namespaces, root: there.root }), ["/", MARKER]);
  assertEquals(await at({ namespaces, root: there.root, wdns: "sub" }), ["/sub", MARKER]);
}, { skip });

claim("a shell that runs a script of the caller's knows where it is", async () => {
  await using there = await Elsewhere.start();
  using directory = new OwnDirectory();
  Deno.mkdirSync(`${there.root}/${directory.path.slice(1)}`, { recursive: true });
  Deno.writeTextFileSync(directory.file("script"), "#!/bin/sh\npwd\n", { mode: 0o755 });
  const options = { command: directory.file("script"), ...local(there) };
  assertEquals(await told(options), "/");
  assertEquals(await told({ ...options, wdns: directory.path }), directory.path);
  assertEquals(await told({ ...options, wd: directory.path }), directory.path);
}, { skip });

claim("a program of the caller's is found by a path from where the caller is", async () => {
  await using there = await Elsewhere.start();
  const before = Deno.cwd();
  const path = program(["-static"]);
  Deno.chdir(path.slice(0, path.lastIndexOf("/")));
  try {
    const seen = await look({ command: `./${path.slice(path.lastIndexOf("/") + 1)}`, ...local(there) });
    assertEquals(seen.marker, MARKER);
  } finally {
    Deno.chdir(before);
  }
}, { skip });

claim("the caller's program has the descriptors it is given, and no other", async () => {
  await using there = await Elsewhere.start();
  const [left, right] = UnixSocket.pair();
  const fds = { 3: right.fd, 4: left.fd.setBlocking(), 7: right.fd };
  const wd = `${there.root}/sub`;
  for (const more of [{}, { wd }, { root: `/proc/${there.target.pid}/root/sub`, wd }]) {
    const seen = await look({ command: program(), fds, ...local(there), ...more });
    assertEquals(seen.fds, "0 1 2 3 4 7", JSON.stringify(more));
  }
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("script"), "#!/bin/sh\nread line <&4; echo $line >&7\n", { mode: 0o755 });
  const child: ChildProcess = spawn({ command: directory.file("script"), fds, ...local(there) });
  await right.send("to and fro\n");
  assertEquals((await child.status).code, 0);
  left.close();
  right.close();
}, { skip });
