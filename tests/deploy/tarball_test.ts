/**
 * The tarball, and the sums of all that is to be downloaded.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { writeChecksums } from "../../deploy/checksums.ts";
import { HOST, targetNamed } from "../../deploy/targets.ts";
import { makeTarball, tarballName } from "../../deploy/tarball/tarball.ts";
import { COMMANDS, PROGRAMS } from "../../src/cli/table.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { runProgram } from "../cli/program.ts";
import { read, root } from "../documents.ts";
import { portableIpcx } from "../portable/binary.ts";
import { packing, smallProgram } from "./packings.ts";

const NAME = tarballName(manifest.version, HOST);

/** A tarball, fast instead of small. */
async function tarballOf(directory: OwnDirectory, program: string): Promise<string> {
  const output = directory.file(`${NAME}.tar.gz`);
  await makeTarball(packing(program, output), 1);
  return output;
}

/** A command of docs/install.md, with what stands for its places here. */
function documented(beginning: string, replaced: Readonly<Record<string, string>>): string {
  const found = read("docs/install.md").split("\n").find((line) => line.startsWith(beginning))!;
  const here = { "sudo ": "", "dist/": "", [tarballName(manifest.version, targetNamed("x86_64"))]: NAME, ...replaced };
  return Object.entries(here).reduce((line, [from, to]) => line.replaceAll(from, to), found);
}

async function shell(script: string, cwd: string): Promise<string> {
  const { status, out, err } = await runProgram(["sh", "-ec", script], { cwd });
  assertEquals([status, err], [0, ""], script);
  return out;
}

claim("it is one folder with the program, its pages, completions, units, licences and examples", async () => {
  using directory = new OwnDirectory();
  const { out } = await runProgram(["tar", "-tf", await tarballOf(directory, smallProgram())]);
  const paths = out.trim().split("\n");
  for (const path of paths) assert(path.startsWith(`${NAME}/`), path);
  for (
    const path of [
      "bin/ipcx",
      ...PROGRAMS.map(({ name }) => `lib/ipcx/${name}`),
      ...COMMANDS.map(({ name }) => `share/man/man1/ipcx-${name}.1.gz`),
      "share/bash-completion/completions/ipcx",
      "share/zsh/site-functions/_ipcx",
      "share/fish/vendor_completions.d/ipcx.fish",
      "lib/systemd/system/ipcx-broker.service",
      "lib/sysusers.d/ipcx.conf",
      ...["LICENSE", "copyright", "README.md", "CHANGELOG.md", "docs/install.md"].map((name) =>
        `share/doc/ipcx/${name}`
      ),
      ...["LGPL-2.1", "GPL-3", "Apache-2.0"].map((name) => `share/doc/ipcx/licences/${name}`),
      "share/doc/ipcx/examples/etc/ipcx/urocket.yaml",
      "share/doc/ipcx/examples/etc/default/ipcx-broker",
      "share/doc/ipcx/deploy/kubernetes/broker.yaml",
    ]
  ) assert(paths.includes(`${NAME}/${path}`), path);
  assert(!paths.some((path) => path.startsWith(`${NAME}/etc/`)), "what is unpacked twice must not change /etc");
});

claim(
  "unpacked as docs/install.md has it, the program runs, and what is listed is all that has to be removed",
  async () => {
    using directory = new OwnDirectory();
    await tarballOf(directory, await portableIpcx());
    const local = directory.file("local");
    Deno.mkdirSync(`${local}/bin`, { recursive: true });
    Deno.writeTextFileSync(`${local}/bin/other`, "");
    await shell(documented("sudo tar -xzf ", { "/usr/local": local }), directory.path);
    for (
      const [program, says] of [["bin/ipcx", `ipcx ${manifest.version}`], ["lib/ipcx/nsexec", "Usage: ipcx nsexec"]]
    ) {
      const { status, out } = await runProgram([
        `${local}/${program}`,
        program.startsWith("bin") ? "--version" : "--help",
      ]);
      assertEquals([status, out.slice(0, says.length)], [0, says]);
    }
    const units = await shell(`grep -h ExecStart= ${local}/lib/systemd/system/*.service`, directory.path);
    for (const line of units.trim().split("\n")) assertStringIncludes(line, "ExecStart=/usr/local/bin/ipcx ");

    await shell(documented("tar -tzf ", { "/usr/local": local }), directory.path);
    await shell(documented("rm -r ", { "/usr/local": local }), directory.path);
    assertEquals(await shell(`find ${local} -type f -o -type l`, directory.path), `${local}/bin/other\n`);
  },
);

claim("the program alone can be taken out of it, as docs/install.md has it", async () => {
  using directory = new OwnDirectory();
  await tarballOf(directory, smallProgram());
  await shell(documented("tar -xzf ", {}), directory.path);
  assertEquals((await runProgram([directory.file("ipcx")])).out, "ipcx 99.0.0\n");
});

claim("two are the same byte for byte, whatever surrounds them", async () => {
  using directory = new OwnDirectory();
  const program = smallProgram();
  const build = async (name: string, ...surroundings: string[]): Promise<Uint8Array> => {
    const output = directory.file(name);
    const script = [Deno.execPath(), "run", "-A", `${root}deploy/tarball.ts`, "--program", program, "--output", output];
    const { status, err } = await runProgram(["sh", "-c", 'umask "$0"; exec "$@"', ...surroundings, ...script]);
    assertEquals(status, 0, err);
    return Deno.readFileSync(output);
  };
  const one = await build("one.tar.gz", "022", "env", "TZ=UTC");
  Deno.utimeSync(program, 1, 1);
  assertEquals(await build("other.tar.gz", "077", "env", "TZ=Asia/Tokyo", "LC_ALL=C"), one);
});

claim("SHA256SUMS has all that is to be downloaded, and sha256sum agrees", async () => {
  using directory = new OwnDirectory();
  const own = ["ipcx", `ipcx-${manifest.version}.tgz`, `ipcx_${manifest.version}_amd64.deb`, `${NAME}.tar.gz`];
  const others = ["ipcx_0.0.9_amd64.deb", `${NAME}.tar.gz.4711`, "ipcx-0.0.9.tgz", "notes"];
  for (const name of [...own, ...others]) Deno.writeTextFileSync(directory.file(name), name);
  Deno.mkdirSync(directory.file("man"));
  assertEquals(writeChecksums(directory.path, manifest.version), own.toSorted());
  const out = await shell("sha256sum --check SHA256SUMS", directory.path);
  assertEquals(out, own.toSorted().map((name) => `${name}: OK\n`).join(""));
  Deno.writeTextFileSync(directory.file("ipcx"), "another");
  assertEquals((await runProgram(["sha256sum", "--status", "-c", "SHA256SUMS"], { cwd: directory.path })).status, 1);
});
