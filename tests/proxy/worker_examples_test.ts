import { assert, assertEquals, assertMatch } from "@std/assert";
import { claim } from "../claim.ts";
import { serving } from "./gateway.ts";
import { EXAMPLES, workers } from "./working.ts";

const page = Deno.readTextFileSync(new URL("../../docs/proxy.md", import.meta.url));

function has(program: string, args: readonly string[]): boolean {
  try {
    return new Deno.Command(program, { args: [...args], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

const NEEDS_PHP = has("php", ["-r", "exit(function_exists('curl_init') ? 0 : 1);"]) ? false : "needs php with curl";

for (
  const [name, cmd, skip] of [
    ["Python", ["python3", "worker.py"], false],
    ["PHP", ["php", "worker.php"], NEEDS_PHP],
  ] as const
) {
  claim(`the example of a worker in ${name} answers, with small and with large bodies`, async () => {
    await using gateway = await serving({ "POST /{name}": workers(cmd, { wd: EXAMPLES }) });
    for (const [at, length] of [5, 0, 100_000].entries()) {
      const { status, headers, text } = await gateway.ask("/Tom", { method: "POST", body: "x".repeat(length) });
      assertEquals([status, headers.get("content-type")], [200, "application/json"]);
      assertEquals(JSON.parse(text), { count: at + 1, name: "Tom", length });
    }
  }, { skip });
}

claim("the example of a worker in sh answers", async () => {
  await using gateway = await serving({ "POST /{name}": workers(["./worker.sh"], { wd: EXAMPLES }) });
  const { text } = await gateway.ask("/Tom", { method: "POST", body: "hello" });
  assertMatch(text, /^\d+ says hello$/);
});

claim("the page shows the examples of workers as they are", () => {
  for (const name of ["worker.sh", "worker.py", "worker.php"]) {
    assert(page.includes(`\n${Deno.readTextFileSync(EXAMPLES + name)}\`\`\`\n`), name);
  }
});
