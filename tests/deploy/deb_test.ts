/**
 * What is in the Debian package.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { builtTargets } from "../../deploy/built_targets.ts";
import { makeDeb } from "../../deploy/deb/package.ts";
import { COMMANDS, PROGRAMS } from "../../src/cli/table.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { runProgram } from "../cli/program.ts";
import { root } from "../documents.ts";
import { portableIpcx } from "../portable/binary.ts";
import { missing } from "../spawn/compiled.ts";
import { debOf, packing, smallProgram } from "./packings.ts";

const NEEDS_DPKG = { skip: missing("dpkg-deb") };

interface Packed {
  mode: string;
  owner: string;
  time: string;
  path: string;
  target?: string;
}

async function contents(deb: string): Promise<Packed[]> {
  const { status, out, err } = await runProgram(["dpkg-deb", "--contents", deb]);
  assertEquals([status, err], [0, ""]);
  return out.trim().split("\n").map((line) => {
    const [mode, owner, , day, time, path, , target] = line.split(/ +/);
    return { mode, owner, time: `${day} ${time}`, path: path.slice(1), target };
  });
}

async function field(deb: string, name: string): Promise<string> {
  return (await runProgram(["dpkg-deb", "--field", deb, name])).out.trim();
}

const names = (folder: string): string[] => Array.from(Deno.readDirSync(root + folder), ({ name }) => name);

claim("the package has the program, its pages, completions, units and their configuration", async () => {
  const paths = (await contents(await debOf(smallProgram()))).map(({ path }) => path);
  const expected = [
    "/usr/bin/ipcx",
    ...PROGRAMS.map(({ name }) => `/usr/lib/ipcx/${name}`),
    ...["ipcx", ...COMMANDS.map(({ name }) => `ipcx-${name}`), ...PROGRAMS.map(({ name }) => name)]
      .map((name) => `/usr/share/man/man1/${name}.1.gz`),
    "/usr/share/bash-completion/completions/ipcx",
    "/usr/share/zsh/vendor-completions/_ipcx",
    "/usr/share/fish/vendor_completions.d/ipcx.fish",
    ...names("deploy/systemd").map((name) => `/usr/lib/systemd/system/${name}`),
    ...names("deploy/sysusers.d").map((name) => `/usr/lib/sysusers.d/${name}`),
    ...names("deploy/etc").map((name) => `/etc/ipcx/${name}`),
    ...names("deploy/default").map((name) => `/etc/default/${name}`),
    ...["copyright", "changelog.gz", "README.md", "SECURITY.md", "deploy/Containerfile"].map((name) =>
      `/usr/share/doc/ipcx/${name}`
    ),
    ...["docs", "deploy/kubernetes"].flatMap((folder) =>
      names(folder).map((name) => `/usr/share/doc/ipcx/${folder}/${name}`)
    ),
    "/usr/share/lintian/overrides/ipcx",
  ];
  const files = paths.filter((path) => !path.endsWith("/"));
  const more = files.filter((path) => !path.startsWith("/usr/share/doc/ipcx/examples/"));
  assertEquals(more.sort(), expected.sort());
  for (const name of ["echo_server.ts", "proxy/workers.yaml"]) {
    assert(files.includes(`/usr/share/doc/ipcx/examples/${name}`), name);
  }
}, NEEDS_DPKG);

claim("all belongs to root, nobody else may write to it, and it bears the day of the version", async () => {
  using directory = new OwnDirectory();
  const before = Deno.umask(0o077);
  try {
    const deb = directory.file("ipcx.deb");
    await makeDeb(packing(smallProgram(), deb), "none");
    const files = await contents(deb);
    const [{ day }] = packing("", "").releases;
    for (const { path, mode, owner, time, target } of files) {
      const isProgram = path === "/usr/bin/ipcx" || /\/examples\/.*\.sh$/.test(path);
      const expected = target
        ? "lrwxrwxrwx"
        : path.endsWith("/")
        ? "drwxr-xr-x"
        : isProgram
        ? "-rwxr-xr-x"
        : "-rw-r--r--";
      assertEquals({ path, mode, owner, time }, { path, mode: expected, owner: "root/root", time: `${day} 00:00` });
    }
  } finally {
    Deno.umask(before);
  }
}, NEEDS_DPKG);

claim("its control file says what it is, and that it needs nothing", async () => {
  const deb = await debOf(smallProgram());
  const { out } = await runProgram(["dpkg-deb", "--field", deb]);
  for (const line of ["Package: ipcx", `Version: ${manifest.version}`, "Section: net", "Priority: optional"]) {
    assertStringIncludes(out, `${line}\n`);
  }
  assert(!/^(Pre-)?Depends:/m.test(out));
  assertEquals(await field(deb, "Architecture"), (await runProgram(["dpkg", "--print-architecture"])).out.trim());
  const { out: conffiles } = await runProgram(["dpkg-deb", "--info", deb, "conffiles"]);
  const configuration = (await contents(deb)).map(({ path }) => path).filter((path) => /^\/etc\/.*[^/]$/.test(path));
  assertEquals(conffiles.trim().split("\n"), configuration.sort());
}, NEEDS_DPKG);

claim("the maintainer is whom Debian's variables name", async () => {
  using directory = new OwnDirectory();
  const output = directory.file("ipcx.deb");
  const env = { DEBFULLNAME: "A. Packager", DEBEMAIL: "a@packager.example" };
  const args = ["--program", smallProgram(), "--output", output];
  assertEquals((await runProgram([Deno.execPath(), "run", "-A", `${root}deploy/deb.ts`, ...args], { env })).status, 0);
  assertEquals(await field(output, "Maintainer"), "A. Packager <a@packager.example>");
}, NEEDS_DPKG);

claim("two builds are the same byte for byte, whatever surrounds them", async () => {
  using directory = new OwnDirectory();
  const program = smallProgram();
  const build = async (name: string, ...surroundings: string[]): Promise<Uint8Array> => {
    const output = directory.file(name);
    const command = [Deno.execPath(), "run", "-A", `${root}deploy/deb.ts`, "--program", program, "--output", output];
    const { status, err } = await runProgram(["sh", "-c", 'umask "$0"; exec "$@"', ...surroundings, ...command]);
    assertEquals(status, 0, err);
    return Deno.readFileSync(output);
  };
  const one = await build("one.deb", "022", "env", "TZ=UTC");
  Deno.utimeSync(program, 1, 1);
  Deno.mkdirSync(directory.file("tmp"));
  const other = await build("other.deb", "077", "env", "TZ=Asia/Tokyo", "LC_ALL=C", `TMPDIR=${directory.file("tmp")}`);
  assertEquals(one, other);
}, NEEDS_DPKG);

claim("xz makes the same of a file with one processor as with several", async () => {
  using directory = new OwnDirectory();
  const output = directory.file("x.deb");
  const folder = directory.file("x");
  Deno.mkdirSync(`${folder}/DEBIAN`, { recursive: true });
  const control = "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x.example>\nDescription: x\n";
  Deno.writeTextFileSync(`${folder}/DEBIAN/control`, control);
  // More than a block of xz's lowest level, of what can hardly be compressed.
  const bytes = new Uint8Array(4 << 20);
  for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  Deno.writeFileSync(`${folder}/x`, bytes);
  const pack = async (threads: number): Promise<Uint8Array> => {
    const options = ["--root-owner-group", "-Zxz", "-z0", `--threads-max=${threads}`];
    const { status, err } = await runProgram(["dpkg-deb", ...options, "--build", folder, output], {
      env: { SOURCE_DATE_EPOCH: "0" },
    });
    assertEquals(status, 0, err);
    return Deno.readFileSync(output);
  };
  assertEquals(await pack(1), await pack(2));
}, NEEDS_DPKG);

claim("for each processor there is a package with its name and its glibc", async () => {
  using directory = new OwnDirectory();
  const program = smallProgram();
  for (const target of builtTargets(() => {})) {
    const deb = directory.file("ipcx.deb");
    await makeDeb({ ...packing(program, deb), target }, "none");
    assertEquals(await field(deb, "Architecture"), target.debian);
  }
}, NEEDS_DPKG);

claim("its size is told as dpkg counts it", async () => {
  const deb = await debOf(await portableIpcx());
  const said = Number(await field(deb, "Installed-Size"));
  assert(said * 1024 > Deno.statSync(await portableIpcx()).size);
  assert(said * 1024 < Deno.statSync(deb).size * 1.05);
}, NEEDS_DPKG);

claim("lintian finds no errors and no warnings that are not explained", async () => {
  using directory = new OwnDirectory();
  const deb = directory.file(`ipcx_${manifest.version}_amd64.deb`);
  Deno.linkSync(await debOf(await portableIpcx()), deb);
  const { out } = await runProgram(["lintian", "--allow-root", "--tag-display-limit", "0", deb]);
  // Only for tests it is not compressed.
  const found = out.split("\n").filter((line) => /^[EW]:/.test(line) && !line.includes("uses-no-compression-for-"));
  assertEquals(found, []);
}, { skip: missing("lintian") });

claim("arguments that cannot be understood are told, with status 2", async () => {
  const deb = (...args: string[]) => runProgram([Deno.execPath(), "run", "-A", `${root}deploy/deb.ts`, ...args]);
  const { status, err } = await deb("--target", "m68k");
  const message = "deb: 'm68k' is no processor that ipcx is made for: x86_64, aarch64\n";
  assertEquals({ status, err }, { status: 2, err: message });
  assertEquals((await deb("--targe", "x86_64")).status, 2);
  const { status: helped, out } = await deb("--help");
  assertEquals(helped, 0);
  for (const option of ["--output FILE", "--target NAME", "--program FILE"]) assertStringIncludes(out, option);
});
