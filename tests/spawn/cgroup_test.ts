import { assertEquals, assertThrows } from "@std/assert";
import { SystemError } from "../../src/core/errors.ts";
import { cgroupDirectory, cgroupMount, isEmptyCgroup, killCgroup, openCgroup } from "../../src/spawn/cgroup.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { until } from "../cli/program.ts";
import { isCloseOnExec, targetOf } from "../core/open_descriptors.ts";
import { NEEDS_CGROUP, OwnCgroup } from "./own_cgroup.ts";

claim("a path with a leading slash is the directory itself", () => {
  for (const path of ["/", "/sys/fs/cgroup/x", "//x/../y"]) assertEquals(cgroupDirectory(path), path);
});

claim("any other path is below the mount", () => {
  const mount = cgroupMount();
  if (mount === undefined) {
    assertThrows(() => cgroupDirectory("a/b"), Error, "cgroup v2 is mounted nowhere on this host");
  } else {
    assertEquals(cgroupDirectory("a/b"), `${mount}/a/b`);
    assertEquals(Deno.statSync(`${mount}/cgroup.procs`).isFile, true);
  }
});

claim("a mount at an odd place is found", () => {
  using directory = new OwnDirectory();
  const place = directory.file('a b\\c\t"d"');
  Deno.mkdirSync(place);
  const module = new URL("../../src/spawn/cgroup.ts", import.meta.url).href;
  const code = `import { cgroupMount } from ${JSON.stringify(module)}; console.log(JSON.stringify(cgroupMount()));`;
  const script = 'umount -a -t cgroup2; mount -t cgroup2 none "$1"; exec "$2" eval --quiet --no-lock "$3"';
  const args = ["--mount", "sh", "-c", script, "sh", place, Deno.execPath(), code];
  const { stdout, stderr } = new Deno.Command("unshare", { args, stdin: "null" }).outputSync();
  assertEquals(new TextDecoder().decode(stdout), `${JSON.stringify(place)}\n`, new TextDecoder().decode(stderr));
}, { skip: NEEDS_CGROUP });

claim("a group is opened as its directory, close-on-exec", async () => {
  await using group = new OwnCgroup();
  using fd = openCgroup(cgroupDirectory(group.name));
  assertEquals([targetOf(fd.number), isCloseOnExec(fd.number)], [group.path, true]);
}, { skip: NEEDS_CGROUP });

claim("what is no directory is not opened", () => {
  using directory = new OwnDirectory();
  assertEquals(assertThrows(() => openCgroup(directory.file("none")), SystemError).code, "ENOENT");
  assertEquals(assertThrows(() => openCgroup("/dev/null"), SystemError).code, "ENOTDIR");
});

claim("killing a group ends all who are in it, and no others", async () => {
  await using group = new OwnCgroup();
  const line = 'echo $$ > "$0"; sleep 1000 & exec sleep 1000';
  const args = ["-c", line, `${group.path}/cgroup.procs`];
  const member = new Deno.Command("sh", { args, stdin: "null", stdout: "null" }).spawn();
  const other = new Deno.Command("sleep", { args: ["1000"], stdin: "null" }).spawn();
  await until(() => group.members.length === 2, "both are not in it");
  assertEquals(isEmptyCgroup(group.path), false);
  assertEquals(killCgroup(group.path), true);
  assertEquals((await member.status).signal, "SIGKILL");
  await until(() => isEmptyCgroup(group.path), "somebody stays");
  other.kill("SIGTERM");
  assertEquals((await other.status).signal, "SIGTERM");
  // Nobody is there: that is as good.
  assertEquals(killCgroup(group.path), true);
}, { skip: NEEDS_CGROUP });

claim("a kernel that cannot kill a group is known by the missing file", () => {
  using directory = new OwnDirectory();
  assertEquals(killCgroup(directory.path), false);
  assertEquals(isEmptyCgroup(directory.path), false);
  Deno.writeTextFileSync(directory.file("cgroup.events"), "populated 0\nfrozen 0\n");
  assertEquals(isEmptyCgroup(directory.path), true);
});
