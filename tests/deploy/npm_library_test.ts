import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { claim } from "../claim.ts";
import { ROOT } from "../cli/program.ts";
import { npmProject, runTool } from "./npm_project.ts";

/** A program of somebody who uses the package. */
const PROGRAM = `
import { Fd, type Message, openFile, spawn, SystemError, UnixAddress, UnixListener, UnixSocket } from "ipcx";

const address: UnixAddress = UnixAddress.parse("@ipcx-npm-" + crypto.randomUUID());
using listener = UnixListener.listen(address, { type: "seqpacket" });
const connecting: Promise<UnixSocket> = UnixSocket.connect(address, { type: "seqpacket" });
using server: UnixSocket = await listener.accept();
using client = await connecting;

using file: Fd = openFile("../package.json");
await client.send("a file", { fds: [file] });
using message: Message | null = await server.receive();
if (message === null) throw new Error("no message");
using received: Fd = message.takeFd()!;
console.log(message.text, server.peerCredentials.pid === Deno.pid);

const child = spawn({ command: "head", args: ["-c", "1", "/dev/fd/3"], fds: { 3: received }, stdout: "piped" });
console.log(await new Response(child.stdout).text());
console.log((await child.status).code);

try {
  await UnixSocket.connect("./nobody");
} catch (error) {
  if (error instanceof SystemError) console.log(error.code);
}
`;

const PRINTED = "a file true\n{\n0\nENOENT\n";

/** Pages whose examples use the library; what they use beside it is the repository's. */
const PAGES = ["README.md", "docs/library.md", "docs/spawn.md", "docs/beam.md", "docs/handover.md", "docs/proxy.md"];

/** A folder in the project, from which the package is found. */
class Consumer implements Disposable {
  private constructor(readonly folder: string) {}

  static async make(files: Readonly<Record<string, string>>): Promise<Consumer> {
    const consumer = new Consumer(await Deno.makeTempDir({ dir: await npmProject() }));
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${consumer.folder}/${name}`, text);
    return consumer;
  }

  async run(...command: string[]): ReturnType<typeof runTool> {
    return await runTool(command, this.folder);
  }

  async deno(...args: string[]): ReturnType<typeof runTool> {
    return await this.run(Deno.execPath(), ...args);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

claim("a program with the package sends a descriptor, and starts a process with it", async () => {
  using consumer = await Consumer.make({
    "main.ts": PROGRAM,
    "where.ts": 'console.log(import.meta.resolve("ipcx"));',
  });
  assertStringIncludes((await consumer.deno("run", "where.ts")).out, "/project/node_modules/ipcx/lib/mod.js");
  const { out, err } = await consumer.deno("run", "--allow-all", "--quiet", "main.ts");
  assertEquals({ out, err }, { out: PRINTED, err: "" });
});

claim("it needs no leave but for the C library, and for what the program itself does", async () => {
  using consumer = await Consumer.make({ "main.ts": PROGRAM });
  const { status, err } = await consumer.deno(
    "eval",
    "--quiet",
    'import { UnixSocket } from "ipcx"; UnixSocket.pair();',
  );
  assertEquals({ status, err }, { status: 0, err: "" });
  const script =
    'import { UnixSocket } from "ipcx"; for (const one of UnixSocket.pair()) one.close(); console.log("ok")';
  await Deno.writeTextFile(`${consumer.folder}/pair.ts`, script);
  const allowed = await consumer.deno("run", "--quiet", "--no-prompt", "--allow-ffi", "pair.ts");
  assertEquals(allowed.out, "ok\n", allowed.err);
});

claim("deno check and tsc --strict take what uses it, and refuse what uses it wrongly", async () => {
  const options = {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    target: "esnext",
    module: "nodenext",
    lib: ["esnext", "dom", "dom.iterable", "dom.asynciterable"],
    types: ["deno", "node"],
  };
  const wrong = 'import { UnixAddress } from "ipcx";\nexport const kind: number = UnixAddress.parse("@x").kind;\n';
  using consumer = await Consumer.make({
    "main.ts": PROGRAM,
    "wrong.ts": wrong,
    "tsconfig.json": JSON.stringify({ compilerOptions: options, files: ["main.ts", "wrong.ts"] }),
  });
  const { err } = await consumer.deno("check", "--quiet", "main.ts", "wrong.ts");
  assertEquals(err.match(/TS\d+ \[ERROR\]|\w+\.ts:\d+/g), ["TS2322 [ERROR]", "wrong.ts:2"]);
  const { out } = await consumer.run(`${await npmProject()}/node_modules/.bin/tsc`);
  assertEquals(out.match(/^.*error TS\d+/gm), ["wrong.ts(2,14): error TS2322"]);
});

claim("the types have every name that the library exports, and no value more", async () => {
  const { out } = await runTool([Deno.execPath(), "doc", "--json", "mod.ts"], ROOT);
  const { nodes } = JSON.parse(out) as { nodes: Record<string, { symbols: { name: string }[] }> };
  const names = Object.values(nodes).flatMap(({ symbols }) => symbols.map(({ name }) => name));
  assert(names.length > 100);
  using consumer = await Consumer.make({
    "values.ts": 'import * as ipcx from "ipcx";\nconsole.log(JSON.stringify(Object.keys(ipcx)));\n',
  });
  const values = JSON.parse((await consumer.deno("run", "--allow-all", "--quiet", "values.ts")).out) as string[];
  const program = `import type { ${names.join(", ")} } from "ipcx";
    import type * as ipcx from "ipcx";
    export const values: Record<keyof typeof ipcx, true> = { ${values.map((name) => `${name}: true`).join(", ")} };`;
  await Deno.writeTextFile(`${consumer.folder}/names.ts`, program);
  assertEquals((await consumer.deno("check", "--quiet", "names.ts")).err, "");
});

claim(
  "the examples of the documentation have the right types with the package, and those of the library run",
  async () => {
    const pages = Object.fromEntries(
      PAGES.map((path) => [path.replace(/^.*\//, ""), Deno.readTextFileSync(ROOT + path)]),
    );
    using consumer = await Consumer.make(pages);
    const checked = await consumer.deno("check", "--quiet", "--doc-only", ...Object.keys(pages));
    assertEquals({ status: checked.status, err: checked.err }, { status: 0, err: "" });
    const { status, out, err } = await consumer.deno("test", "--quiet", "--allow-all", "--doc", "library.md");
    assertEquals(status, 0, out + err);
  },
);

claim("in Node, which has no FFI, it says that it is for Deno", async () => {
  using consumer = await Consumer.make({ "main.mjs": 'import { UnixSocket } from "ipcx";\nUnixSocket.pair();\n' });
  const { status, err } = await consumer.run("node", "main.mjs");
  assertEquals(status, 1);
  assertStringIncludes(err, "Error: the library ipcx is for Deno, which it brings along: npx deno run");
});
