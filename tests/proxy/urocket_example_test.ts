import { assert, assertEquals, assertMatch } from "@std/assert";
import { claim, OwnDirectory } from "../claim.ts";
import { missing } from "../spawn/compiled.ts";

const EXAMPLE = new URL("../../examples/urocket.ts", import.meta.url).pathname;

claim("the flow of URocket runs as its diagram says, and leaves nothing behind", async () => {
  using directory = new OwnDirectory();
  const example = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", EXAMPLE],
    env: { TMPDIR: directory.path, NO_COLOR: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(120_000),
  });
  const { code, stdout, stderr } = await example.output();
  const text = new TextDecoder().decode(stdout);
  assertEquals({ code, err: new TextDecoder().decode(stderr) }, { code: 0, err: "" }, text);
  const steps = [
    "1. The gateway starts",
    "2. A client writes a payload",
    "3. The gateway starts the process",
    '   process | got {"colour": "black"} for request ',
    "   process | first answer: 200",
    "   process | second answer: 409",
    "4. The id matches",
    '   200 {"cats": ["Tom"]}',
    "5. A process that answers nobody",
    "   502 the program exited with 0 without an answer",
    "6. The gateway is told to stop",
  ];
  let at = -1;
  for (const step of steps) {
    const next = text.indexOf(step, at + 1);
    assert(next > at, `${step}: not there, or not in its place\n${text}`);
    at = next;
  }
  assertMatch(text, /got .* for request [0-9a-f-]{36} from \/get\/cats\n/);
  assertMatch(text, /\nAnswered as it should: true\. Ended well: true\. No socket file left: true\.\n$/);
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
}, { skip: missing("curl") });
