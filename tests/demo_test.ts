import { assert, assertEquals, assertMatch } from "@std/assert";
import manifest from "../deno.json" with { type: "json" };
import { claim, OwnDirectory } from "./claim.ts";

const ROOT = new URL("..", import.meta.url).pathname;

/** The processes that have a variable of ours in their environment, however they came to be. */
function processesWith(variable: string): string[] {
  return Array.from(Deno.readDirSync("/proc"), ({ name }) => name).filter((name) => {
    try {
      return /^\d+$/.test(name) && Deno.readTextFileSync(`/proc/${name}/environ`).split("\0").includes(variable);
    } catch {
      return false;
    }
  });
}

claim("deno task demo lets two processes talk, ends with status 0 and leaves nothing behind", async () => {
  using directory = new OwnDirectory();
  const mark = crypto.randomUUID();
  const [program, ...args] = manifest.tasks.demo.command.split(" ");
  assertEquals(program, "deno");
  const demo = new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { TMPDIR: directory.path, IPCX_DEMO_MARK: mark, NO_COLOR: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(120_000),
  });
  const { code, stdout, stderr } = await demo.output();
  const text = new TextDecoder().decode(stdout);
  assertEquals({ code, err: new TextDecoder().decode(stderr) }, { code: 0, err: "" }, text);

  for (
    const step of ["1. A broker starts", "2. Two processes ask", "3. The broker hands", "4. Both have said goodbye"]
  ) {
    assert(text.includes(step), step);
  }
  assertMatch(text, /^ {2}broker +\| .*serving/m);
  assertMatch(text, /^ {2}broker +\| .*stopping/m);
  assertMatch(text, /^ {2}alice +\| Hello alice, bob here\.$/m);
  assertMatch(text, /^ {2}bob +\| Hello bob, this is alice\.$/m);
  assertMatch(text, /\nWhat alice heard, bob said: true\. All ended well: true\. No socket file left: true\.\n$/);

  assertEquals(Array.from(Deno.readDirSync(directory.path)), [], "no file is left");
  assertEquals(processesWith(`IPCX_DEMO_MARK=${mark}`), [], "no process is left");
});

claim("a demo whose broker cannot start says so and ends with status 1, without a stack trace", async () => {
  using directory = new OwnDirectory();
  // A relative name that begins with @ is taken for an abstract one, and this one is written wrongly.
  Deno.mkdirSync(directory.file("@\\q"));
  const demo = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", `${ROOT}examples/demo.ts`],
    cwd: directory.path,
    env: { TMPDIR: "@\\q", NO_COLOR: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(120_000),
  });
  const { code, stdout, stderr } = await demo.output();
  const text = new TextDecoder().decode(stdout);
  assertEquals({ code, err: new TextDecoder().decode(stderr) }, { code: 1, err: "" }, text);
  assertMatch(text, /^ {2}broker +\| ipcx broker: .*\\q/m);
  assertMatch(text, /\nThe broker did not start; what it said is above\.\n$/);
  assert(!/^\s+at /m.test(text), text);
  assertEquals(Array.from(Deno.readDirSync(directory.file("@\\q"))), [], "no file is left");
});
