import { assert, assertEquals } from "@std/assert";
import { claim, OwnDirectory } from "../claim.ts";
import { ipcx, ROOT } from "./program.ts";

const EXAMPLE = `${ROOT}examples/proxy/urocket-service.yaml`;

function write(directory: OwnDirectory, text: string): string {
  const path = directory.file("t.yaml");
  Deno.writeTextFileSync(path, text);
  return path;
}

claim("--check prints the routes as a table to standard output", async () => {
  using directory = new OwnDirectory();
  const path = write(
    directory,
    "paths:\n  /a/{id}:\n    get: {answer: stdout, inject: {cmd: [echo, '{{path.id}}']}}\n",
  );
  const checked = await ipcx(["proxy", "--check", "--config", path]);
  assertEquals(checked, {
    status: 0,
    signal: null,
    out: "VERB  PATH     BODY  ANSWER  TIMEOUT  AT ONCE  CHECKED  PROGRAM\n" +
      "GET   /a/{id}  -     stdout      1 s       64  -        echo {{path.id}}\n",
    err: "",
  });
});

claim("--check opens no socket: a running gateway is not disturbed", async () => {
  using directory = new OwnDirectory();
  const path = write(directory, "socketpath: ./s\naddress: ./f\npaths: {/a: {get: {inject: {cmd: cat}}}}\n");
  assertEquals((await ipcx(["proxy", "--check", "-c", path])).status, 0);
  assertEquals(Array.from(Deno.readDirSync(directory.path), ({ name }) => name), ["t.yaml"]);
});

claim("--check prints every fault to standard error, with the name of the file as it was given", async () => {
  using directory = new OwnDirectory();
  write(directory, "prt: 1\npaths:\n  /a:\n    get: {answer: stdout, inject: {cmd: nonesuch-ipcx}}\n    got: {}\n");
  const checked = await ipcx(["proxy", "--config", "t.yaml", "--check"], { cwd: directory.path });
  assertEquals(checked, {
    status: 1,
    signal: null,
    out: "",
    err: "t.yaml:1:1: there is no 'prt' here: did you mean 'port'?\n" +
      "t.yaml:4:41: cmd: there is no program 'nonesuch-ipcx' in PATH\n" +
      "t.yaml:5:5: there is no verb 'got': did you mean 'get'?\n",
  });
});

claim("a file that is not there is told", async () => {
  const checked = await ipcx(["proxy", "--check", "-c", "/nonexistent/t.yaml"]);
  assertEquals(checked.status, 1);
  assertEquals(checked.err, "/nonexistent/t.yaml cannot be read: there is no such file\n");
});

claim("without --config, or with more words, the usage is wrong", async () => {
  for (
    const [args, message] of [
      [["--check"], "which configuration? Say --config FILE"],
      [["--check", "-c", "a", "b"], "unexpected 'b'"],
      [["--check", "-c", "a", "-c", "b"], "--config was given more than once"],
      [["--chek", "-c", "a"], "unknown option '--chek': did you mean '--check'?"],
    ] as const
  ) {
    const { status, out, err } = await ipcx(["proxy", ...args]);
    assertEquals({ status, out, first: err.split("\n")[0] }, { status: 2, out: "", first: `ipcx proxy: ${message}` });
  }
});

claim("a configuration that cannot be used ends a start, too, with all its faults", async () => {
  using directory = new OwnDirectory();
  const path = write(directory, "port: x\nprt: 1\n");
  const { status, out, err } = await ipcx(["proxy", "-c", path]);
  assertEquals({ status, out }, { status: 1, out: "" });
  for (const fault of [`${path}:1:7: port: 'x' is no whole number`, `${path}:2:1: there is no 'prt' here`]) {
    assert(err.includes(fault), err);
  }
});

claim("the example is sound, wherever it is checked from", async () => {
  for (const cwd of ["/", `${ROOT}examples/proxy`]) {
    const { status, out, err } = await ipcx(["proxy", "--check", "-c", EXAMPLE], { cwd });
    assertEquals({ status, err }, { status: 0, err: "" });
    assertEquals(out.split("\n").length, 8);
  }
});

claim("--check tells every route that the OpenAPI document should check and says nothing of", async () => {
  using directory = new OwnDirectory();
  const route = "{answer: stdout, validatein: true, inject: {cmd: cat}}";
  const path = write(
    directory,
    `openapi: api.yaml\npaths:\n  /a: {get: ${route}, put: ${route}}\n  /b: {get: ${route}}\n`,
  );
  const api = directory.file("api.yaml");
  Deno.writeTextFileSync(
    api,
    "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {responses: {default: {description: d}}}}}\n",
  );
  const { status, out, err } = await ipcx(["proxy", "--check", "-c", path]);
  const tail = "which is to be checked against it";
  assertEquals({ status, out }, { status: 1, out: "" });
  assertEquals(err.split("\n").slice(0, -1), [
    `${path}:3:69: ${api} says nothing of PUT /a, ${tail}`,
    `${path}:4:8: ${api} says nothing of GET /b, ${tail}`,
  ]);
});

claim("--check tells what is wrong with the OpenAPI document", async () => {
  using directory = new OwnDirectory();
  const path = write(directory, "openapi: api.yaml\npaths: {/a: {get: {answer: stdout, inject: {cmd: cat}}}}\n");
  Deno.writeTextFileSync(directory.file("api.yaml"), "swagger: '2.0'\n");
  const { status, out, err } = await ipcx(["proxy", "--check", "-c", path]);
  assertEquals({ status, out }, { status: 1, out: "" });
  assert(err.startsWith(`${directory.file("api.yaml")}`), err);
});
