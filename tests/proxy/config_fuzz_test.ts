import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ConfigError } from "../../src/proxy/configuration/config_error.ts";
import { routesTable } from "../../src/proxy/routes_table.ts";
import { parseProxyConfig } from "../../src/proxy/read_config.ts";
import { claim } from "../claim.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const EXAMPLE = `${ROOT}examples/proxy/urocket-service.yaml`;
const example = Deno.readTextFileSync(EXAMPLE);

/** Enough for a fault that is not rare; `IPCX_FUZZ` asks for more. */
const RUNS = Number(Deno.env.get("IPCX_FUZZ") ?? 300);

/** Reads anything; whatever is thrown must list faults of the file, each with a place in it. */
function readAnything(text: string): void {
  const lines = text.split("\n");
  try {
    const config = parseProxyConfig(text, { file: EXAMPLE });
    assert(config.routes.length > 0);
    assertEquals(routesTable(config).length, config.routes.length);
  } catch (error) {
    assert(error instanceof ConfigError, `${(error as Error).stack}\n${text}`);
    if (error.faults.length === 0) assert(error.message.startsWith(`${EXAMPLE}: cannot be read as YAML: `));
    let before = { line: 0, column: 0 };
    for (const { line, column, message } of error.faults) {
      assert(line >= 1 && line <= lines.length && column >= 1, `${line}:${column}`);
      assert(column <= Array.from(lines[line - 1] ?? "").length + 2, `${line}:${column}: ${message}\n${text}`);
      assert(line > before.line || (line === before.line && column >= before.column), error.message);
      assert(error.message.includes(`${EXAMPLE}:${line}:${column}: ${message}`));
      before = { line, column };
    }
  }
}

const KEYS = [
  ..."servicename address port tls cert key socketpath socketmode socketowner openapi admin strict_compat".split(" "),
  ..."access_log pass_env grace limits paths /a /a/{b} get post validatein outtake answer output inject".split(" "),
  ..."content_type async result_ttl cancel reply_from cmd wd env channel encoding timeout mode workers".split(" "),
  ..."user group namespaces net target all unsafe_shell concurrency queue rlimits nofile soft hard cgroup".split(" "),
  ..."parent memory.max <<".split(" "),
];

const WORDS = [
  ..."true false off enforce stdout outtake worker once cmdline json cat sh -c 0 1 64K 1s 0600 root @a ./a".split(" "),
  ..."A=1 usocket://a/{req_id} text/plain pets-oas.yaml . /nonexistent {{jsonpayload}} {{path.b}} {{x".split(" "),
];

const LEAF = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...WORDS) },
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);

const { node } = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 7, depthSize: "large" },
    LEAF,
    fc.array(tie("node"), { maxLength: 4 }),
    fc.dictionary(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...KEYS) }, fc.string()), tie("node"), {
      maxKeys: 7,
    }),
  ),
}));

claim("any value where a configuration should be is read or refused with places", () => {
  fc.assert(fc.property(node, (value) => readAnything(JSON.stringify(value))), { numRuns: RUNS });
});

claim("any routes are read or refused with places", () => {
  const routes = fc.dictionary(
    fc.constantFrom("/a", "a/{b}", "/{b}/{c}"),
    fc.dictionary(fc.constantFrom("get", "POST", "put"), node, { minKeys: 1, maxKeys: 2 }),
  );
  fc.assert(
    fc.property(routes, node, (paths, admin) => {
      readAnything(JSON.stringify({ socketpath: "/s", admin, paths }));
    }),
    { numRuns: RUNS },
  );
});

claim("any text is read or refused with places", () => {
  const snippet = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.stringMatching(/^[ \n:\[\]{},&*!|>'"?#%@\-a\t]*$/),
    fc.constantFrom(
      ...KEYS.map((key) => `\n  ${key}: `),
      "&a ",
      "*a",
      "!ToSplit ",
      "!Splitted ",
      "<<: *a\n",
      "---\n",
      "\r\n",
    ),
  );
  fc.assert(fc.property(fc.array(snippet), (parts) => readAnything(parts.join(""))), { numRuns: 3 * RUNS });
});

claim("the example with something taken out, put in or doubled is read or refused with places", () => {
  const piece = fc.oneof(
    fc.constantFrom("", " ", "\n", ":", "{", "}", "[", "'", '"', "&a ", "*a ", "- ", "\t", "#"),
    LEAF,
  );
  const edit = fc.tuple(fc.nat(example.length), fc.nat(40), piece);
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      let text = example;
      for (const [at, length, put] of edits) text = text.slice(0, at) + put + text.slice(at + length);
      readAnything(text);
    }),
    { numRuns: RUNS },
  );
});
