import { assert, assertEquals } from "@std/assert";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { ConfigFolder, configOf, faultsOf, routeOf, routeText } from "./configuring.ts";

claim("a route with nothing but a program has the documented defaults", () => {
  const { inject: _, ...route } = configOf("socketpath: /s\npaths: {/a: {get: {inject: {cmd: cat}}}}").routes[0];
  assertEquals(route, {
    path: "/a",
    method: "GET",
    place: "/nonexistent-ipcx/t.yaml:2:14",
    answer: "outtake",
    output: "body",
    validateIn: "off",
    validateOut: "off",
    logStdout: false,
    stats: false,
    async: false,
    resultTtl: 600_000,
    cancel: true,
    replyFrom: "anyone",
    limits: {
      concurrency: 64,
      queue: 64,
      queueTimeout: 10_000,
      body: 2 ** 20,
      output: 2 ** 24,
      rlimits: {},
    },
  });
});

claim("every key of a route is read", () => {
  using folder = new ConfigFolder();
  folder.write("api.yaml", "");
  const text = routeText(
    `validatein: true
validate-out: report
logstdout: true
stats: true
outtake: usocket://uri/{req_id}
content-type: text/plain; charset="utf-8"
async: true
result_ttl: 1m
reply-from: descendants
inject: {cmd: cat}
limits: {concurrency: 2, queue: 3, queue_timeout: 4, body: 5, output: 6}`,
    "socketpath: /s\nopenapi: api.yaml\n",
  );
  const { inject: _, ...route } = configOf(text, folder.path).routes[0];
  assertEquals(route, {
    path: "/a/{id}",
    method: "POST",
    place: `${folder.file("t.yaml")}:5:5`,
    answer: "outtake",
    outtakePath: "/uri/{req_id}",
    output: "body",
    contentType: 'text/plain; charset="utf-8"',
    validateIn: "enforce",
    validateOut: "report",
    logStdout: true,
    stats: true,
    async: true,
    resultTtl: 60_000,
    cancel: false,
    replyFrom: "descendants",
    limits: { concurrency: 2, queue: 3, queueTimeout: 4, body: 5, output: 6, rlimits: {} },
  });
  assertEquals(routeOf("output: cgi").output, "cgi");
  assertEquals(routeOf("cancel: false").cancel, false);
});

claim("validation is enforce, report, off, or whether", () => {
  using folder = new ConfigFolder();
  folder.write("api.yaml", "");
  const words = {
    true: "enforce",
    false: "off",
    enforce: "enforce",
    report: "report",
    off: "off",
    "'true'": "enforce",
  };
  for (const [word, meant] of Object.entries(words)) {
    const text = routeText(`validatein: ${word}\nanswer: stdout\ninject: {cmd: cat}`, "openapi: api.yaml\n");
    assertEquals(configOf(text, folder.path).routes[0].validateIn, meant, word);
  }
});

claim("verbs may be in small or capital letters, paths with or without their first slash", () => {
  const verbs = ["get", "POST", "Put", "patch", "delete", "head", "options", "trace"];
  const routes = verbs.map((verb) => `    ${verb}: {answer: stdout, inject: {cmd: cat}}`).join("\n");
  const config = configOf(`paths:\n  get/pets:\n${routes}\n`);
  assertEquals(config.routes.map(({ method }) => method), verbs.map((verb) => verb.toUpperCase()));
  assertEquals(new Set(config.routes.map(({ path }) => path)), new Set(["/get/pets"]));
});

claim("keys that differ only in - and _ are one key, paths and variables that do are not", () => {
  const route = "{get: {answer: stdout, inject: {cmd: cat, env: {A_B: x, AB: y}}}}";
  const config = configOf(`paths:\n  /a-b: ${route}\n  /ab: ${route}\n  /a_b: ${route}\n`);
  assertEquals(config.routes.map(({ path }) => path), ["/a-b", "/ab", "/a_b"]);
  assertEquals(Object.keys(config.routes[0].inject.env), ["A_B", "AB"]);
});

claim("outtake is a path on the reply socket with one request id", () => {
  const outtakeOf = (outtake: string): string | undefined =>
    configOf(routeText(`outtake: '${outtake}'\ninject: {cmd: cat}`, "socketpath: /s\n")).routes[0].outtakePath;
  assertEquals(outtakeOf("usocket://uri/{req_id}"), "/uri/{req_id}");
  assertEquals(outtakeOf("usocket://{req_id}"), "/{req_id}");
  assertEquals(outtakeOf("usocket:///one/the/{req_id}.json"), "/one/the/{req_id}.json");
});

/** What is wrong with a route; keys begin in line 4, column 7. */
const FAULTS: readonly [keys: string, ...faults: string[]][] = [
  ["inject:", "4:14: inject: cmd is needed: the program that answers"],
  ["inject: cat", "4:15: inject: a section of keys is needed here, not a text"],
  ["answer: stdot", "4:15: answer: 'stdot' is none of outtake, stdout: did you mean 'stdout'?"],
  ["answer: socket", "4:15: answer: 'socket' is none of outtake, stdout"],
  ["anser: x", "4:7: there is no 'anser' here: did you mean 'answer'?"],
  ["validatein: true", "4:7: validatein: there is nothing to check against: openapi is needed at the top"],
  ["validate-out: report", "4:7: validate-out: there is nothing to check against: openapi is needed at the top"],
  ["validatein: enforced", "4:19: validatein: 'enforced' is none of enforce, report, off: did you mean 'enforce'?"],
  ["validate_in: off\nvalidatein: off", "5:7: 'validatein' is given twice: as 'validate_in' in line 4 already"],
  ["outtake: http://uri/{req_id}", "4:16: outtake: 'http' is no scheme for answers: there is only usocket"],
  ["outtake: uri", "4:16: outtake: 'uri' is no URL: write one as usocket://uri/{req_id}"],
  ["outtake: usocket://uri", "4:16: outtake: 'usocket://uri' must have {req_id} in it, once"],
  [
    "outtake: 'usocket://{req_id}/{req_id}'",
    "4:16: outtake: 'usocket://{req_id}/{req_id}' must have {req_id} in it, once",
  ],
  [
    "outtake: usocket://uri/{{req_id}}",
    "4:16: outtake: 'usocket://uri/{{req_id}}' has characters in it that cannot be in the path of a URL",
  ],
  [
    "outtake: usocket://uri/{req_id}?a",
    "4:16: outtake: 'usocket://uri/{req_id}?a' has characters in it that cannot be in the path of a URL",
  ],
  ["content_type: text", "4:21: content_type: 'text' is no media type: write one as text/plain; charset=utf-8"],
  ["logstdout: 1", "4:18: logstdout: '1' is neither true nor false: write true or false"],
  ["result_ttl: 0\nasync: true", "4:19: result_ttl: 0 is too low: 1 is the least"],
  ["reply_from: all", "4:19: reply_from: 'all' is none of anyone, descendants"],
  [
    "limits: {connections: 1}",
    "4:16: there is no 'connections' here: it belongs below limits at the top of the file",
  ],
];

claim("every fault of a route has its place and says what would be right", () => {
  const found = FAULTS.map(([keys]) => {
    const whole = keys.startsWith("inject:") ? keys : `${keys}\ninject: {cmd: cat}`;
    return [keys, ...faultsOf(routeText(whole, "", "socketpath: /s\n"))];
  });
  assertEquals(found, FAULTS.map((row) => [...row]));
});

claim("a route that answers at the reply socket needs one", () => {
  assertEquals(faultsOf(routeText("inject: {cmd: cat}")), [
    "3:5: post: the process answers at socketpath, which is not given: add it, or answer: stdout",
  ]);
  assertEquals(faultsOf(routeText("inject: {cmd: cat}\nanswer: stdout")), []);
  assertEquals(faultsOf(routeText("inject: {cmd: cat}\nanswer: stdot")).length, 1);
  assertEquals(faultsOf(routeText("answer: stdout")), ["3:5: post: inject is needed: the program that answers"]);
});

claim("a user who could not connect to the reply socket is told at the start", () => {
  const faults = (socket: string, route = "inject: {cmd: cat, user: nobody}"): string[] =>
    faultsOf(routeText(route, "", `${socket}\n`));
  const [fault] = faults("socketpath: /s");
  assert(
    fault.endsWith("user nobody could not connect to socketpath: say socketowner: nobody, or a socketmode"),
    fault,
  );
  for (
    const reachable of ["socketpath: /s\nsocketowner: nobody", "socketpath: /s\nsocketmode: 0666", "socketpath: '@s'"]
  ) {
    assertEquals(faults(reachable), [], reachable);
  }
  assertEquals(faults("socketpath: /s", "inject: {cmd: cat, user: nobody}\nanswer: stdout"), []);
  assertEquals(faults("socketpath: /s", "inject: {cmd: cat, user: root}"), []);
}, { skip: NEEDS_ROOT });

claim("keys that are of no use beside others are told", () => {
  const faults = (keys: string): string[] => faultsOf(routeText(`inject: {cmd: cat}\n${keys}`, "socketpath: /s\n"));
  const worker = (keys: string): string[] =>
    faultsOf(routeText(`inject: {cmd: cat, mode: worker}\n${keys}`, "socketpath: /s\n"));
  assertEquals(faults("answer: stdout\nouttake: usocket://a/{req_id}"), [
    "7:7: outtake: does not go with answer: stdout, which needs no socket",
  ]);
  assertEquals(faults("answer: stdout\nreply_from: anyone"), [
    "7:7: reply_from: does not go with answer: stdout, which needs no socket",
  ]);
  assertEquals(faults("output: cgi"), ["6:7: output: is for answer: stdout"]);
  assertEquals(faults("result_ttl: 1s"), ["6:7: result_ttl: is for async: true"]);
  assertEquals(faults("async: true\ncancel: true"), [
    "7:7: cancel: does not go with async: true, whose clients go away at once",
  ]);
  assertEquals(faults("async: true\ncancel: false"), []);
  assertEquals(worker("stats: true"), ["6:7: stats: does not go with mode: worker, whose processes live on"]);
  assertEquals(worker("stats: false"), []);
  assertEquals(worker("answer: stdout"), ["6:7: answer: stdout does not go with mode: worker"]);
});

claim("two routes cannot answer the same requests, whatever their placeholders are called", () => {
  const route = "{get: {answer: stdout, inject: {cmd: cat}}}";
  const faults = (one: string, other: string): string[] =>
    faultsOf(`paths:\n  ${one}: ${route}\n  ${other}: ${route}\n`);
  assertEquals(faults("/a/{x}", "a/{y}"), ["3:11: GET /a/{y} is answered in line 2 already"]);
  assertEquals(faults("/a", "a"), ["3:7: GET /a is answered in line 2 already"]);
  assertEquals(faults("/a", "/a"), ["3:3: '/a' is given twice: in line 2 already"]);
  assertEquals(faults("/a/{x}", "/a/x"), []);
  assertEquals(faults("/a/{x}.json", "/a/{x}"), []);
  assertEquals(faultsOf("paths:\n  /a:\n    get: {answer: stdout, inject: {cmd: cat}}\n    GET: {}\n"), [
    "4:5: GET /a is answered in line 3 already",
    "4:5: GET: inject is needed: the program that answers",
  ]);
});

claim("paths that no request could have are told", () => {
  const faults = (path: string): string[] =>
    faultsOf(`paths:\n  ${path}: {get: {answer: stdout, inject: {cmd: cat}}}\n`);
  assertEquals(faults("/a/{x"), ["2:3: '/a/{x' has a brace that does not fit: write placeholders as {name}"]);
  assertEquals(faults("/a/{x/y}"), ["2:3: '/a/{x/y}' has a brace that does not fit: write placeholders as {name}"]);
  assertEquals(faults("/a/{}"), ["2:3: '/a/{}' has a placeholder without a name"]);
  assertEquals(faults("/{x}/{x}"), ["2:3: '/{x}/{x}' has {x} twice"]);
  assertEquals(faults("/a?b=c"), ["2:3: '/a?b=c' has a query: a path ends before it"]);
  assertEquals(faults("/a%20b"), ["2:3: '/a%20b' has %20 in it: write what it stands for, requests are decoded"]);
  assertEquals(faults("/a b/100%"), []);
  for (const path of ["/_urocket", "_urocket/jobs/{id}"]) {
    const own = `'/${path.replace(/^\//, "")}' is of the gateway itself, as all below /_urocket/: choose another path`;
    assertEquals(faults(path), [`2:3: ${own}`]);
  }
  assertEquals(faults("/_urockets"), []);
  assertEquals(faultsOf("paths:\n  /a: {got: {}}\n"), ["2:8: there is no verb 'got': did you mean 'get'?"]);
  assertEquals(faultsOf("paths:\n  /a: {query: {}}\n"), [
    "2:8: there is no verb 'query': there are get, post, put, patch, delete, head, options, trace",
  ]);
  assertEquals(faultsOf("paths:\n  /a:\n"), [
    "2:3: /a has no verb: get, post, put, patch, delete, head, options, trace",
  ]);
});
