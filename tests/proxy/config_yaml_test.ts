import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../src/proxy/configuration/config_error.ts";
import { readProxyConfig } from "../../src/proxy/read_config.ts";
import { claim } from "../claim.ts";
import { ConfigFolder, configOf, faultsOf } from "./configuring.ts";

const ROUTE = "paths: {/a: {get: {answer: stdout, inject: {cmd: cat}}}}";

/** What reading a file throws. */
function refusal(path: string): ConfigError {
  return assertThrows(() => readProxyConfig(path), ConfigError);
}

claim("a file may begin with a byte order mark, and end its lines as Windows does", () => {
  assertEquals(configOf(`\uFEFFservicename: x\r\n${ROUTE}\r\n`).servicename, "x");
  assertEquals(faultsOf(`\uFEFFprot: x\r\n\r\n${ROUTE}\r\nadres: y\r\n`), [
    "1:1: there is no 'prot' here: did you mean 'port'?",
    "4:1: there is no 'adres' here: did you mean 'address'?",
  ]);
});

claim("columns count characters, not bytes nor halves of them", () => {
  assertEquals(
    faultsOf(`admin: {"🚀ä": 1, prt: 2, port: 1}\n${ROUTE}`).at(-1),
    "1:18: there is no 'prt' here: did you mean 'port'?",
  );
});

claim("tabs for indentation, and other faults of YAML, are told with their places", () => {
  assertEquals(faultsOf("paths:\n\t/a: b\n").at(-1), "2:1: tabs are not allowed for indentation: write blanks");
  assertEquals(faultsOf("port: 'x"), ["1:9: missing closing 'quote"]);
  assertEquals(faultsOf("port: [1\nx: 2\n").length > 0, true);
  assertEquals(faultsOf(`${ROUTE}\n---\nport: 1\n`), ["2:1: there is a second document; a configuration is one"]);
  assertEquals(configOf(`---\n${ROUTE}\n`).routes.length, 1);
});

claim("tags other than those of command lines are told", () => {
  assertEquals(faultsOf(`port: !Port 1\n${ROUTE}`), ["1:7: there is no tag !Port: there are !ToSplit, !Splitted"]);
  assertEquals(faultsOf(`port: !!binary aGk=\n${ROUTE}`).length, 1);
  assertEquals(configOf(`port: !!str 80\n${ROUTE}`).front.port, 80);
  assertEquals(faultsOf(`port: !Splitted [1]\n${ROUTE}`), ["1:17: port: !Splitted is for cmd only"]);
  assertEquals(faultsOf(`admin: !ToSplit {port: 1}\n${ROUTE}`), ["1:17: admin: !ToSplit is for cmd only"]);
});

claim("routes can share what they have in common, and have some of it their own way", () => {
  const config = configOf(`
paths:
  /a:
    get: &common
      answer: stdout
      inject: &inject {cmd: [cat], timeout: 5s}
  /b:
    get: *common
  /c:
    get:
      <<: *common
      inject:
        <<: [*inject, {grace: 1}, {grace: 2, timeout: 9}]
        cmd: [cat, c]
`);
  assertEquals(config.routes.map(({ answer }) => answer), ["stdout", "stdout", "stdout"]);
  assertEquals(config.routes.map(({ inject }) => [inject.cmd.length, inject.timeout, inject.grace]), [
    [1, 5000, 2000],
    [1, 5000, 2000],
    [2, 5000, 1],
  ]);
});

claim("a fault in what is shared is told once, where it stands", () => {
  const text = "paths:\n  /a: &a {get: {answer: stdout, inject: {cmd: cat, timeout: x}}}\n  /b: *a\n  /c: {<<: *a}\n";
  assertEquals(faultsOf(text), [
    "2:61: timeout: 'x' is no duration: write milliseconds, or a number with ms, s, m or h",
  ]);
});

claim("aliases of nothing, and what cannot be taken over, are told", () => {
  assertEquals(faultsOf(`port: *none\n${ROUTE}`)[0], "1:7: there is no anchor &none before this");
  assertEquals(faultsOf(`<<: 5\n${ROUTE}`), ["1:5: <<: only a section of keys can be taken over"]);
  assertEquals(faultsOf(`<<: [{port: 1}, x]\n${ROUTE}`), ["1:5: <<: only a section of keys can be taken over"]);
  assertEquals(configOf(`<<: {port: 1}\nport: 2\n${ROUTE}`).front.port, 2);
  assertEquals(faultsOf(`"<<": {port: 1}\n${ROUTE}`)[0].startsWith("1:1: there is no '<<' here"), true);
});

claim("a later anchor of the same name counts for what is behind it", () => {
  const config = configOf(`servicename: &x one\nadmin: {address: &y '@a'}\npass_env: [*x, &x two, *x2]\n${ROUTE}`
    .replace("*x2", "&z three"));
  assertEquals(config.passEnv, ["one", "two", "three"]);
  assertEquals(configOf(`servicename: &x one\npass_env: [&x two, *x]\n${ROUTE}`.replace(", *x", "")).passEnv, ["two"]);
  assertEquals(faultsOf(`servicename: &x one\npass_env: [&x two, *x]\n${ROUTE}`), [
    "2:20: pass_env: two is given twice",
  ]);
});

claim("sections that contain themselves, or each other many times over, end in an error", () => {
  const complaint = /there are more than 10000 aliases to follow$/;
  assertEquals(faultsOf(`<<: &a {<<: *a}\n${ROUTE}`), [
    "1:1: more than 20 sections take over each other, or one takes over itself",
  ]);
  const lines = ["port: 1", "admin: &l0 {port: 1}", "tls: &l1 {<<: [*l0, *l0, *l0, *l0, *l0, *l0, *l0, *l0, *l0]}"];
  for (let level = 2; level < 12; level++) {
    const many = new Array(9).fill(`*l${level - 1}`).join(", ");
    lines.push(`k${level}: &l${level} {<<: [${many}]}`);
  }
  const bomb = faultsOf(`${lines.join("\n")}\n<<: *l11\n${ROUTE}`);
  assertEquals(bomb.some((line) => complaint.test(line)), true);
});

claim("brackets without end are an error, not a crash", () => {
  const error = assertThrows(() => configOf("[".repeat(100_000)), ConfigError);
  assertEquals(error.message.startsWith("/nonexistent-ipcx/t.yaml"), true);
});

claim("a key is a text", () => {
  assertEquals(faultsOf(`? {a: 1}\n: 2\n${ROUTE}`), ["1:3: a key is a text"]);
  assertEquals(faultsOf(`? [a]\n: 2\n${ROUTE}`), ["1:3: a key is a text"]);
});

claim("a file that cannot be read is told with the reason", () => {
  using folder = new ConfigFolder();
  const missing = folder.file("missing.yaml");
  assertEquals(refusal(missing).message, `${missing} cannot be read: there is no such file`);
  assertEquals(refusal(folder.path).message, `${folder.path} cannot be read: it is a directory`);
  Deno.writeFileSync(folder.file("latin1.yaml"), Uint8Array.of(0x23, 0xe4));
  assertEquals(
    refusal(folder.file("latin1.yaml")).message,
    `${folder.file("latin1.yaml")} cannot be read: it is not UTF-8`,
  );
  const large = folder.write("large.yaml", "#".repeat(4 * 2 ** 20 + 1));
  assertEquals(refusal(large).message, `${large} cannot be read: it has 4194305 bytes, 4194304 is the most`);
  assertEquals(refusal(large).faults, []);
});

claim("a faulty file is told with the name it was given, and each fault with its place", () => {
  using folder = new ConfigFolder();
  const path = folder.write("x.yaml", `port: a\n${ROUTE}\nprt: 1\n`);
  const error = refusal(path);
  assertEquals(error.message.split("\n"), [
    `${path}:1:7: port: 'a' is no whole number`,
    `${path}:3:1: there is no 'prt' here: did you mean 'port'?`,
  ]);
  assertEquals(error.faults, [
    { line: 1, column: 7, message: "port: 'a' is no whole number" },
    { line: 3, column: 1, message: "there is no 'prt' here: did you mean 'port'?" },
  ]);
});
