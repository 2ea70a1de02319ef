import { assertEquals } from "@std/assert";
import { formatTemplate } from "../../src/proxy/placeholders.ts";
import { claim } from "../claim.ts";
import { ConfigFolder, configOf, faultsOf, injectOf, injectText, routeText } from "./configuring.ts";

/** The faults of keys below `inject`, which begin in line 7, column 9. */
function faults(keys: string, folder?: string): string[] {
  return faultsOf(injectText(keys), folder);
}

claim("a program and nothing else has the documented defaults", () => {
  assertEquals(injectOf("cmd: cat"), {
    cmd: [[{ kind: "text", text: "cat" }]],
    env: {},
    encoding: "raw",
    timeout: 1000,
    grace: 2000,
    mode: "once",
    workers: 1,
  });
});

claim("every key below inject is read", () => {
  using folder = new ConfigFolder();
  folder.write("run", "", 0o755);
  const keys = `cmd: ./run {{path.id}}
wd: .
env: [A=1, "B={{ query.b }}=c", C=]
channel: stdin
encoding: json
timeout: 3s
grace: 0
user: root
group: 0
unsafe_shell: true
namespaces: {net: blue, ipc: ./ipc, uts: 1, user: "2:3", target: 4, cgroup: true}`;
  assertEquals(injectOf(keys, folder.path), {
    cmd: [[{ kind: "text", text: "./run" }], [{ kind: "path", name: "id" }]],
    wd: folder.path,
    env: {
      A: [{ kind: "text", text: "1" }],
      B: [{ kind: "query", name: "b" }, { kind: "text", text: "=c" }],
      C: [],
    },
    channel: "stdin",
    encoding: "json",
    timeout: 3000,
    grace: 0,
    mode: "once",
    workers: 1,
    user: "root",
    group: "0",
    namespaces: { net: "blue", ipc: folder.file("ipc"), uts: "1", user: "2:3", target: "4", cgroup: true },
  });
  const worker = injectOf("cmd: cat\nmode: worker\nworkers: 1024");
  assertEquals([worker.mode, worker.workers], ["worker", 1024]);
  for (const channel of ["cmdline", "stdin", "env", "file"] as const) {
    assertEquals(injectOf(`cmd: cat\nchannel: ${channel}`).channel, channel);
  }
  for (const encoding of ["json", "form", "raw"] as const) {
    assertEquals(injectOf(`cmd: cat\nencoding: ${encoding}`).encoding, encoding);
  }
});

claim("variables may be keys, whose values are taken as they are written", () => {
  const { env } = injectOf("cmd: cat\nenv: {A: 0600, B: true, C: , D: '{{req_id}}', E: \"a=b\"}");
  const written = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, formatTemplate(value)]));
  assertEquals(written, { A: "0600", B: "true", C: "", D: "{{req_id}}", E: "a=b" });
});

claim("a command is a text that is split, or a list", () => {
  const argumentsOf = (cmd: string): string[] => injectOf(`cmd: ${cmd}`).cmd.map(formatTemplate);
  assertEquals(argumentsOf("cat"), ["cat"]);
  assertEquals(argumentsOf("echo  a\tb {{ jsonpayload }}"), ["echo", "a", "b", "{{jsonpayload}}"]);
  assertEquals(argumentsOf('!ToSplit "echo {{jsonpayload}}"'), ["echo", "{{jsonpayload}}"]);
  assertEquals(argumentsOf("!ToSplit echo 'a b'"), ["echo", "'a", "b'"]);
  assertEquals(argumentsOf("!Splitted [echo, 'a b', 0600, true, '']"), ["echo", "a b", "0600", "true", ""]);
  assertEquals(argumentsOf("[echo, a]"), ["echo", "a"]);
  assertEquals(argumentsOf("\n    - echo\n    - a"), ["echo", "a"]);
  assertEquals(argumentsOf("|\n    echo\n    a"), ["echo", "a"]);
  assertEquals(argumentsOf("echo x{{'{{'}}y"), ["echo", "x{{'{{'}}y"]);
});

/** What is wrong below `inject`; keys begin in line 7, column 9. */
const FAULTS: readonly [keys: string, ...faults: string[]][] = [
  ["wd: /", "7:9: inject: cmd is needed: the program that answers"],
  ["cmd:", "7:13: cmd: a command line or a list is needed here, not nothing"],
  ["cmd: ''", "7:14: cmd: there is no program in it"],
  ["cmd: []", "7:14: cmd: there is no program in it"],
  ["cmd: ['']", "7:15: cmd: the program's name cannot be empty"],
  ["cmd: {a: b}", "7:14: cmd: a command line or a list is needed here, not a section of keys"],
  ["cmd: [cat, [a]]", "7:20: cmd: an argument is needed here, not a list"],
  ["cmd: [cat, ]\ntimeout: x", "8:18: timeout: 'x' is no duration: write milliseconds, or a number with ms, s, m or h"],
  [
    "cmd: {{jsonpayload}}",
    "7:14: cmd: a placeholder must stand in quotes here: YAML takes a brace for a section of keys",
  ],
  [
    "cmd: [cat, {{jsonpayload}}]",
    "7:20: cmd: a placeholder must stand in quotes here: YAML takes a brace for a section of keys",
  ],
  ["cmd: '{{jsonpayload}}'", "7:14: cmd: a placeholder cannot be in the program's name: a client would choose it"],
  ["cmd: [cat, 'a\\0']"],
  ['cmd: [cat, "a\\0"]', "7:20: cmd: there is a NUL in it, which no program could be given"],
  [
    "cmd: echo 'a b'",
    "7:14: cmd: ' would be taken as it is, for a text is split at blanks and knows no quotes: write a list",
  ],
  [
    'cmd: echo "a"',
    '7:14: cmd: " would be taken as it is, for a text is split at blanks and knows no quotes: write a list',
  ],
  [
    "cmd: echo a\\ b",
    "7:14: cmd: \\ would be taken as it is, for a text is split at blanks and knows no quotes: write a list",
  ],
  ["cmd: !ToSplit [cat]", "7:23: cmd: !ToSplit is for a text: a list is split already"],
  ["cmd: !Splitted cat", "7:24: cmd: !Splitted is for a list: write !ToSplit, or a list"],
  ["cmd: !Split [cat]", "7:14: there is no tag !Split: did you mean '!Splitted'?"],
  [
    "cmd: cat {{payload}}",
    "7:14: cmd: there is no placeholder '{{payload}}': there are jsonpayload, req_id, path.NAME, query.NAME, header.NAME (for two braces write {{'{{'}})",
  ],
  [
    "cmd: cat {{path.idd}}",
    "7:14: cmd: there is no {idd} in the path /a/{id}: did you mean 'id'?",
  ],
  ["cmd: cat {{path.}}", "7:14: cmd: '{{path.}}' has no name: write {{path.NAME}}"],
  [
    "cmd: cat {{req_id",
    "7:14: cmd: '{{' begins a placeholder that does not end in '}}' (for two braces write {{'{{'}})",
  ],
  ["cmd: cat\ntimeout: 0", "8:18: timeout: 0 is too low: 1 is the least"],
  ["cmd: cat\ntimeot: 1", "8:9: there is no 'timeot' here: did you mean 'timeout'?"],
  ["cmd: cat\nchannel: file3", "8:18: channel: 'file3' is none of cmdline, stdin, env, file: did you mean 'file'?"],
  ["cmd: cat\nencoding: xml", "8:19: encoding: 'xml' is none of json, form, raw"],
  ["cmd: cat\nmode: worker\nworkers: 0", "9:18: workers: 0 is too low: 1 is the least"],
  ["cmd: cat\nmode: worker\nworkers: 1025", "9:18: workers: 1025 is too high: 1024 is the most"],
  ["cmd: cat\nworkers: 2", "8:9: workers: is for mode: worker"],
  ["cmd: cat\nuser: nobody-here", "8:15: user: there is no user 'nobody-here' in /etc/passwd"],
  ["cmd: cat\ngroup: nobody-here", "8:16: group: there is no group 'nobody-here' in /etc/group"],
  ["cmd: cat\nuser: 4000000", "8:9: user: /etc/passwd has no user 4000000, so that group is needed, too"],
  ["cmd: cat\nwd: /none", "8:13: wd: /none: there is no such directory"],
  ["cmd: cat\nwd: /etc/passwd", "8:13: wd: /etc/passwd is no directory"],
  ["cmd: cat\nenv: A", "8:14: env: a list of NAME=value, or a section of keys, is needed here, not a text"],
  ["cmd: cat\nenv: [A]", "8:15: env: 'A' is no variable: write NAME=value"],
  ["cmd: cat\nenv: [=A]", "8:15: env: '=A' is no variable: write NAME=value"],
  ["cmd: cat\nenv: [1A=x]", "8:15: env: '1A' is no name of a variable: letters, digits and _"],
  ["cmd: cat\nenv: [A=1, A=2]", "8:20: env: A is given twice"],
  ["cmd: cat\nenv: {A: 1, A: 2}", "8:21: 'A' is given twice: in line 8 already"],
  ["cmd: cat\nenv: {PAYLOAD: 1}", "8:15: PAYLOAD is set by ipcx itself"],
  [
    "cmd: cat\nenv: ['A={{path.x}}']",
    "8:15: env: there is no {x} in the path /a/{id}: there are id",
  ],
  [
    "cmd: cat\nenv: {A: '{{x}}'}",
    "8:18: A: there is no placeholder '{{x}}': there are jsonpayload, req_id, path.NAME, query.NAME, header.NAME (for two braces write {{'{{'}})",
  ],
  ["cmd: cat\nnamespaces: {nett: a}", "8:22: there is no 'nett' here: did you mean 'net'?"],
  [
    "cmd: cat\nnamespaces: {ipc: name}",
    "8:27: ipc: 'name' is no namespace: write a path with a slash, a pid, or true for the target's",
  ],
  [
    "cmd: cat\nnamespaces: {net: 0}",
    "8:27: net: '0' is no namespace: write a path with a slash, a pid, a name of ip netns, or true for the target's",
  ],
  ["cmd: cat\nnamespaces: {net: true}", "8:22: net: whose? target is needed, too"],
  ["cmd: cat\nnamespaces: {all: true}", "8:22: all: whose? target is needed, too"],
  ["cmd: cat\nnamespaces: {target: self}", "8:30: target: 'self' is no process: write PID or PID:INODE"],
  [
    "cmd: cat\nnamespaces: {target: 1}",
    "8:22: target: nothing is taken from it: say all: true, or a kind of namespace with true",
  ],
  ["cmd: nonesuch-ipcx", "7:14: cmd: there is no program 'nonesuch-ipcx' in PATH"],
  ["cmd: /nonesuch-ipcx/a", "7:14: cmd: there is no program /nonesuch-ipcx/a"],
  ["cmd: /etc/passwd", "7:14: cmd: /etc/passwd is no program that this user may execute"],
  ["cmd: /etc", "7:14: cmd: /etc is no program that this user may execute"],
  ["cmd: ./nonesuch-ipcx\nwd: /etc", "7:14: cmd: there is no program /etc/nonesuch-ipcx"],
];

claim("every fault below inject has its place and says what would be right", () => {
  assertEquals(
    FAULTS.map(([keys]) => [keys, ...faults(keys)]),
    FAULTS.map((row) => [...row]),
  );
});

claim("a program is looked for where it will be: in its own PATH, from its own directory", () => {
  using folder = new ConfigFolder();
  folder.write("prog", "", 0o755);
  folder.write("plain", "", 0o644);
  const own = folder.path;
  assertEquals(faults("cmd: ./prog\nwd: .", own), []);
  assertEquals(faults(`cmd: prog\nenv: [PATH=/nonexistent:${own}]`, own), []);
  assertEquals(faults("cmd: prog\nenv: [PATH=.]\nwd: .", own), []);
  assertEquals(faults("cmd: plain\nenv: [PATH=.]\nwd: .", own), [
    `7:14: cmd: ${folder.file("plain")} is no program that this user may execute`,
  ]);
  assertEquals(faults("cmd: cat\nenv: [PATH=/nonexistent]", own), ["7:14: cmd: there is no program 'cat' in PATH"]);
  assertEquals(faults("cmd: ./prog", own), [
    `7:14: cmd: there is no program ${Deno.cwd()}/prog, but there is one beside this file: say wd: . for it`,
  ]);
});

claim("a script whose interpreter is not there is refused, and one with line ends of Windows is told so", () => {
  using folder = new ConfigFolder();
  const own = folder.path;
  folder.write("missing", "#! /nonesuch-ipcx/sh -e\necho\n", 0o755);
  folder.write("windows", "#!/bin/sh\r\necho\r\n", 0o755);
  folder.write("good", "#!/bin/sh -e\necho\n", 0o755);
  folder.write("short", "#!/bin/sh", 0o755);
  folder.write("relative", "#!./good\n", 0o755);
  const asked = (name: string, more = ""): string[] => faults(`cmd: ./${name}\nwd: .\n${more}`, own);
  assertEquals(asked("missing"), [
    `7:14: cmd: ${
      folder.file("missing")
    } is run by /nonesuch-ipcx/sh, as its first line says, and there is no such file`,
  ]);
  assertEquals(asked("missing", "user: nobody").filter((fault) => fault.endsWith("there is no such file")).length, 1);
  assertEquals(asked("windows"), [
    `7:14: cmd: ${folder.file("windows")} has line ends of Windows (CR LF), which no interpreter can be found behind`,
  ]);
  for (const name of ["good", "short", "relative"]) assertEquals(asked(name), []);
  assertEquals(faults(`cmd: missing\nenv: [PATH=${own}]`, own).length, 1);
});

claim("a program is not looked for where it cannot be known what is there", () => {
  assertEquals(faults("cmd: /nonesuch\nnamespaces: {mnt: /proc/1/ns/mnt}"), []);
  assertEquals(faults("cmd: /nonesuch\nnamespaces: {target: 1, all: true}"), []);
  assertEquals(faults("cmd: /nonesuch\nnamespaces: {net: blue}"), ["7:14: cmd: there is no program /nonesuch"]);
  assertEquals(faults("cmd: /etc/passwd\nuser: root"), []);
  assertEquals(faults("cmd: /nonesuch\nuser: root"), ["7:14: cmd: there is no program /nonesuch"]);
});

claim("a worker has nothing that is known only with a request", () => {
  const why = "a worker asks for its requests, and is started before there are any";
  assertEquals(faults("mode: worker\nchannel: stdin\ncmd: [cat, '{{req_id}}']\nenv: {A: 'x{{jsonpayload}}'}"), [
    `8:9: channel: does not go with mode: worker: ${why}`,
    `9:20: cmd: placeholders do not go with mode: worker: ${why}`,
    `10:18: A: placeholders do not go with mode: worker: ${why}`,
  ]);
  assertEquals(faults("mode: worker\ncmd: [cat, a]\nenv: {A: x}"), []);
});

claim("what could become code is refused at its place, unless unsafe_shell says otherwise", () => {
  const instead = "pass it in env, or as an argument behind the script, or say unsafe_shell: true";
  const script = `cmd: !Splitted ["/bin/sh","-c", "echo {{jsonpayload}} $REQUEST_ID"]`;
  assertEquals(faults(`${script}\nchannel: cmdline`), [
    `7:41: cmd: {{jsonpayload}} could become code that sh runs: ${instead}`,
  ]);
  assertEquals(faults(`${script}\nunsafe-shell: true`), []);
  assertEquals(faults("cmd: sh\nchannel: cmdline"), [
    `7:14: cmd: {{jsonpayload}} could become code that sh runs: ${instead}`,
  ]);
  assertEquals(faults("cmd: [sh]\nchannel: stdin"), [
    "7:15: cmd: sh would run the body of the request, which is its standard input: name a script, or say unsafe_shell: true",
  ]);
  assertEquals(faults("cmd: [sudo, '{{query.a}}', ls]\nnamespaces: {mnt: 1}"), [
    "7:21: cmd: {{query.a}} could be an option of sudo, or choose what it runs: " +
    "write it behind the program that sudo runs, or say unsafe_shell: true",
  ]);
  assertEquals(faults("cmd: cat\nenv: ['LD_PRELOAD={{query.a}}', 'PATH=/bin', 'LDAP={{query.a}}']"), [
    "8:15: env: LD_PRELOAD decides what code programs run, and a client would set it: say unsafe_shell: true if so",
  ]);
  assertEquals(faults("cmd: cat\nenv: ['LD_PRELOAD={{query.a}}']\nunsafe_shell: true"), []);
  // Even then nobody but the configuration names the program.
  assertEquals(faults("cmd: '{{query.a}}'\nunsafe_shell: true"), [
    "7:14: cmd: a placeholder cannot be in the program's name: a client would choose it",
  ]);
});

claim("placeholders of the path are those of the route's own path", () => {
  const route = (path: string): string =>
    `paths: {"${path}": {get: {answer: stdout, inject: {cmd: [echo, "{{path.id}}"]}}}}`;
  assertEquals(faultsOf(route("/a")), ["1:59: cmd: there is no {id} in the path /a: it has none"]);
  assertEquals(configOf(route("/a/{id}.{ext}")).routes.length, 1);
  assertEquals(faultsOf(routeText("answer: stdout\ninject: {cmd: [echo, '{{path.Id}}']}")), [
    "5:28: cmd: there is no {Id} in the path /a/{id}: did you mean 'id'?",
  ]);
});
