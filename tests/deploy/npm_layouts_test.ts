import { assert, assertEquals } from "@std/assert";
import { dirname } from "node:path";
import { HOST } from "../../deploy/targets.ts";
import manifest from "../../deno.json" with { type: "json" };
import { claim, OwnDirectory } from "../claim.ts";
import { ROOT, runProgram } from "../cli/program.ts";
import { codeIn, read, rows, section } from "../documents.ts";
import { npmProject } from "./npm_project.ts";

const VERSION = { status: 0, signal: null, out: `ipcx ${manifest.version}\n`, err: "" };

/** As npm installs it, without the library. */
async function install(folder: string): Promise<string> {
  const from = `${dirname(await npmProject())}/package`;
  await Deno.mkdir(folder, { recursive: true });
  const { status, err } = await runProgram([
    "cp",
    "-R",
    ...["bin", "program", "native"].map((name) => `${from}/${name}`),
    folder,
  ]);
  assertEquals(status, 0, err);
  return `${folder}/bin/ipcx`;
}

async function placeDeno(path: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.symlink(Deno.execPath(), path);
}

for (
  const [where, place] of Object.entries({
    "beside the package": "node_modules/deno/deno",
    "in the package": "node_modules/ipcx/node_modules/deno/deno",
    "further up": "../node_modules/deno/deno",
    "where it was unpacked, if no script was run": `node_modules/${HOST.runtime}/deno`,
    "where it was unpacked below its package": `node_modules/deno/node_modules/${HOST.runtime}/deno`,
    "behind a path with spaces and '='": "a = b/node_modules/deno/deno",
  })
) {
  claim(`Deno is found ${where}`, async () => {
    using directory = new OwnDirectory();
    const project = directory.file("project");
    const modules = place.includes("=") ? "a = b/node_modules" : "node_modules";
    const command = await install(`${project}/${modules}/ipcx`);
    await placeDeno(`${project}/${place}`);
    await Deno.mkdir(`${project}/${modules}/deno`, { recursive: true });
    assertEquals(await runProgram([command, "--version"]), VERSION);
    await Deno.mkdir(directory.file("bin"));
    await Deno.symlink(command, directory.file("bin/ipcx"));
    const env = { PATH: `${directory.file("bin")}:${Deno.env.get("PATH")}` };
    assertEquals(await runProgram(["ipcx", "--version"], { env }), VERSION, "through a link, found on PATH");
  });
}

claim("Deno is found where pnpm puts it: each package in a folder with links to what it depends on", async () => {
  using directory = new OwnDirectory();
  const store = directory.file("node_modules/.pnpm");
  await install(`${store}/ipcx@1/node_modules/ipcx`);
  await Deno.mkdir(`${store}/deno@1/node_modules/deno`, { recursive: true });
  await placeDeno(`${store}/deno@1/node_modules/${HOST.runtime}/deno`);
  await Deno.symlink("../../deno@1/node_modules/deno", `${store}/ipcx@1/node_modules/deno`);
  await Deno.symlink(".pnpm/ipcx@1/node_modules/ipcx", directory.file("node_modules/ipcx"));
  assertEquals(await runProgram([directory.file("node_modules/ipcx/bin/ipcx"), "--version"]), VERSION);
});

claim("a link by the name of another command is that command", async () => {
  using directory = new OwnDirectory();
  const command = await install(directory.file("node_modules/ipcx"));
  await placeDeno(directory.file("node_modules/deno/deno"));
  await Deno.symlink(command, directory.file("nsexec"));
  const { out } = await runProgram([directory.file("nsexec"), "--help"]);
  assertEquals(out.slice(0, 18), "Usage: ipcx nsexec");
});

claim("what the caller has on PATH does not matter", async () => {
  const command = `${await npmProject()}/node_modules/.bin/ipcx`;
  assertEquals(await runProgram([command, "--version"], { env: { PATH: "/nowhere" } }), VERSION);
});

claim("without Deno it says so, and what to do", async () => {
  using directory = new OwnDirectory();
  const { status, err } = await runProgram([await install(directory.file("node_modules/ipcx"))]);
  const message =
    "ipcx: the npm package 'deno' is not installed as it should be: npm install --include=optional deno\n";
  assertEquals({ status, err }, { status: 1, err: message });
});

for (
  const [machine, message] of [
    ["riscv64", "ipcx: there is no Deno for this processor (riscv64), only for x86_64 and aarch64\n"],
    ["x86_64", "ipcx: Deno needs glibc, which is not here (Alpine has another C library)\n"],
    ["aarch64", "ipcx: Deno needs glibc, which is not here (Alpine has another C library)\n"],
  ]
) {
  claim(`on a ${machine} without a loader of glibc it says what is missing`, async () => {
    using directory = new OwnDirectory();
    const script = (await Deno.readTextFile(`${ROOT}deploy/npm/command.sh`))
      .replaceAll(/-e \/lib\S+/g, "-e /nowhere").replace("command -p uname -m", `echo ${machine}`);
    await Deno.writeTextFile(directory.file("ipcx"), script, { mode: 0o755 });
    const { status, err } = await runProgram([directory.file("ipcx")]);
    assertEquals({ status, err }, { status: 1, err: message });
  });
}

claim("docs/install.md has every message of the commands", () => {
  const messages = Array.from(read("deploy/npm/command.sh").matchAll(/ fail "([^"]+)"/g), ([, message]) => message);
  assertEquals(messages.length, 4);
  const told = rows(section(read("docs/install.md"), "## Troubleshooting")).map(([message]) => codeIn(message)[0]);
  for (const message of messages) assert(told.includes(message.replace(/\$\w+/, "…")), message);
});
