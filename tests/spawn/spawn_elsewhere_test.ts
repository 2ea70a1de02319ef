import { assertEquals } from "@std/assert";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { compiled } from "./compiled.ts";
import { Elsewhere, MARKER } from "./elsewhere.ts";
import { look, refusal } from "./output.ts";

const skip = NEEDS_ROOT;

function static_(): string {
  return compiled("look.c", "-static");
}

claim("without local the program comes from the target's mount namespace", async () => {
  await using there = await Elsewhere.start(["mnt"], { files: { look: static_() } });
  const namespaces = { mnt: there.target.pid };
  assertEquals((await look({ command: "/look", namespaces })).marker, MARKER);
  assertEquals((await look({ command: "look", namespaces, env: { PATH: "/nowhere:/" } })).marker, MARKER);
  for (const command of ["/bin/sh", "sh", static_()]) {
    const error = refusal({ command, namespaces });
    assertEquals([error.syscall, error.code, error.address], ["execve", "ENOENT", command]);
  }
}, { skip });

claim("everything is opened before any namespace is joined: paths may vanish with it", async () => {
  await using there = await Elsewhere.start(["mnt", "net", "uts"], { files: { look: static_() } });
  using directory = new OwnDirectory();
  const { target } = there;
  const namespaces = { mnt: target.file("mnt"), net: target.file("net"), uts: target.file("uts") };
  const seen = await look({ command: "/look", namespaces, wd: directory.path, oomScoreAdj: 5, fds: { 9: 0 } });
  // A directory that the target cannot name.
  assertEquals([seen.marker, seen.cwd, seen.fds], [MARKER, `(unreachable)${directory.path}`, "0 1 2 9"]);
}, { skip });

claim("a chrooted target's root is used where the target is named by its pid", async () => {
  await using there = await Elsewhere.start(["mnt"], { setting: ["chroot", "/sub"], files: { look: static_() } });
  Deno.copyFileSync(static_(), `${there.root}/sub/look`);
  Deno.writeTextFileSync(`${there.root}/sub/marker`, "deeper");
  const { pid } = there.target;
  for (const namespaces of [{ mnt: pid }, { mnt: true as const, target: pid }, { target: pid, all: true }]) {
    assertEquals((await look({ command: "/look", namespaces })).marker, "deeper");
  }
  assertEquals((await look({ command: "/look", namespaces: { mnt: there.target.file("mnt") } })).marker, MARKER);
}, { skip });

claim("a chrooted target's root is used even if its mount namespace is the caller's", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o755);
  Deno.writeTextFileSync(directory.file("marker"), "chrooted");
  Deno.copyFileSync(static_(), directory.file("look"));
  const seen = await look({ command: "/look", root: directory.path });
  assertEquals([seen.marker, seen.cwd], ["chrooted", "/"]);
}, { skip });

claim("root and working directory are as the caller sees them, wdns as the process does", async () => {
  await using there = await Elsewhere.start(["mnt"], { files: { look: static_() } });
  Deno.copyFileSync(static_(), `${there.root}/sub/look`);
  const sub = `/proc/${there.target.pid}/root/sub`;
  const at = async (where: { root?: string; wd?: string; wdns?: string }): Promise<string> =>
    (await look({ command: "/look", namespaces: { mnt: there.target.pid }, ...where })).cwd;
  assertEquals(await at({}), "/");
  assertEquals(await at({ wd: sub }), "/sub");
  assertEquals(await at({ wdns: "/sub" }), "/sub");
  assertEquals(await at({ root: sub, wdns: "/" }), "/");
  assertEquals((await look({ command: static_(), wd: "/proc/self/root/usr", wdns: "bin" })).cwd, "/usr/bin");
  for (
    const [where, message] of [
      [{ wd: "/nowhere" }, "open /nowhere: No such file or directory (ENOENT)"],
      [{ root: "/nowhere" }, "open /nowhere: No such file or directory (ENOENT)"],
      [{ wd: "/etc/passwd" }, "open /etc/passwd: Not a directory (ENOTDIR)"],
      [{ wdns: "/nowhere" }, "chdir /nowhere: No such file or directory (ENOENT)"],
      [{ wdns: "/marker" }, "chdir /marker: Not a directory (ENOTDIR)"],
    ] as const
  ) {
    const error = refusal({ command: "/look", namespaces: { mnt: there.target.pid }, ...where });
    assertEquals(error.message, message);
  }
}, { skip });
