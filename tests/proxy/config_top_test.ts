import { assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { ConfigFolder, configOf, faultsOf, routeText } from "./configuring.ts";

const ROUTE = routeText("answer: stdout\ninject: {cmd: cat}");

claim("a configuration with nothing but a route has the documented defaults", () => {
  const { routes, ...config } = configOf(ROUTE);
  assertEquals(routes.length, 1);
  assertEquals(config, {
    servicename: "urocket",
    front: { address: "127.0.0.1", port: 8080 },
    strictCompat: false,
    accessLog: false,
    passEnv: [],
    grace: 10_000,
    limits: { concurrency: 64, queue: 256, connections: 1024, requestTimeout: 60_000, results: 64 * 2 ** 20 },
  });
});

claim("every key of the top level is read", () => {
  using folder = new ConfigFolder();
  folder.write("api.yaml", "openapi: 3.0.3");
  folder.write("cert.pem", "-----BEGIN CERTIFICATE-----\n");
  folder.write("key.pem", "-----BEGIN EC PRIVATE KEY-----\n");
  const { routes: _, ...config } = configOf(
    `servicename: my service
address: "[::1]"
port: "8443"
tls: {cert: cert.pem, key: ./key.pem}
socketpath: ./s.sock
socketmode: 0660
socketowner: root:0
openapi: api.yaml
admin: {address: ./admin.sock}
strict_compat: true
access_log: true
pass_env: [TZ, LC_ALL]
grace: 3s
limits: {concurrency: 1, queue: 0, connections: 2, request_timeout: 5s, results: 1K}
${ROUTE}`,
    folder.path,
  );
  assertEquals(config, {
    servicename: "my service",
    front: { address: "::1", port: 8443, tls: { cert: folder.file("cert.pem"), key: folder.file("key.pem") } },
    reply: { path: folder.file("s.sock"), mode: 0o660, owner: "root:0" },
    openapi: folder.file("api.yaml"),
    admin: { address: folder.file("admin.sock") },
    strictCompat: true,
    accessLog: true,
    passEnv: ["TZ", "LC_ALL"],
    grace: 3000,
    limits: { concurrency: 1, queue: 0, connections: 2, requestTimeout: 5000, results: 1024 },
  });
});

claim("keys mean the same with -, with _ and with neither", () => {
  for (const key of ["strict_compat", "strict-compat", "strictcompat"]) {
    assertEquals(configOf(`${key}: true\n${ROUTE}`).strictCompat, true, key);
  }
  for (const key of ["socketpath", "socket-path", "socket_path"]) {
    assertEquals(configOf(`${key}: /s\n${ROUTE}`).reply, { path: "/s", mode: 0o600 }, key);
  }
  assertEquals(configOf(`limits: {request-timeout: 1}\n${ROUTE}`).limits.requestTimeout, 1);
});

claim("a key given twice is told at the second, with the line of the first", () => {
  assertEquals(faultsOf(`port: 1\nport: 2\n${ROUTE}`), ["2:1: 'port' is given twice: in line 1 already"]);
  assertEquals(faultsOf(`access_log: true\naccess-log: true\n${ROUTE}`), [
    "2:1: 'access-log' is given twice: as 'access_log' in line 1 already",
  ]);
});

claim("addresses are IP addresses, host names or Unix sockets", () => {
  const addressOf = (address: string): string => configOf(`address: ${address}\n${ROUTE}`).front.address;
  for (const address of ["0.0.0.0", "::", "::1", "localhost", "my-host.example.org", "@name", "fd:3", "/run/x.sock"]) {
    assertEquals(addressOf(`"${address}"`), address);
  }
  assertEquals(addressOf("./x.sock"), "/nonexistent-ipcx/x.sock");
  assertEquals(addressOf("../x.sock"), "/x.sock");
  assertEquals(addressOf("'[fe80::1]'"), "fe80::1");
  assertEquals(configOf(`address: '@x'\n${ROUTE}`).front, { address: "@x" });
  assertEquals(configOf(`admin: {port: 9}\n${ROUTE}`).admin, { address: "127.0.0.1", port: 9 });
});

/** What is wrong at the top level, each with the place of its fault. */
const FAULTS: readonly [text: string, ...faults: string[]][] = [
  ["prot: 80", "1:1: there is no 'prot' here: did you mean 'port'?"],
  ["strictcompt: true", "1:1: there is no 'strictcompt' here: did you mean 'strict_compat'?"],
  ["port: 65536", "1:7: port: 65536 is too high: 65535 is the most"],
  ["port: eighty", "1:7: port: 'eighty' is no whole number"],
  ["port: -1", "1:7: port: '-1' is no whole number"],
  ["port: 1.5", "1:7: port: '1.5' is no whole number"],
  ["port:", "1:6: port: a whole number is needed here, not nothing"],
  ["port: [80]", "1:7: port: a whole number is needed here, not a list"],
  ["port: {a: 1}", "1:7: port: a whole number is needed here, not a section of keys"],
  ["address: 127.0.0.1:80", "1:10: address: '127.0.0.1:80': write the port apart, as port: 80"],
  ["address: '[::1]:80'", "1:10: address: '[::1]:80': write the port apart, as port: 80"],
  [
    "address: 1.2.3",
    "1:10: address: '1.2.3' is neither an IP address, a host name, nor a Unix socket as /path, ./path, @name or fd:N",
  ],
  ["address: '@a'\nport: 80", "2:1: port: is for TCP, and the address is @a"],
  [
    "address: /a\ntls: {}",
    "2:1: tls: is for TCP, and the address is /a",
    "2:6: tls: cert is needed, too: the name of a file",
    "2:6: tls: key is needed, too: the name of a file",
  ],
  ["address: fd:x", "1:10: address: 'fd:x': fd: is followed by a descriptor's number"],
  [
    "address: '@a\\b'",
    "1:10: address: 'a\\b': after a backslash comes another one, or x and two hex digits (character 3)",
  ],
  [
    "socketpath: s.sock",
    "1:13: socketpath: 's.sock' is no address: write ./s.sock for a file, @s.sock for an abstract name, or fd:N",
  ],
  ["socketpath: fd:3", "1:13: socketpath: processes must be able to connect there: write /path, ./path or @name"],
  ["socketmode: 0600", "1:1: socketmode: is for the file of socketpath, which is not given"],
  ["socketpath: '@a'\nsocketowner: root", "2:1: socketowner: is for a file, and @a has none"],
  ["socketpath: /a\nsocketmode: 0900", "2:13: socketmode: '0900' is no mode: write three octal digits, such as 0660"],
  ["socketpath: /a\nsocketowner: nobody-here", "2:14: socketowner: there is no user 'nobody-here' in /etc/passwd"],
  ["socketpath: /a\nsocketowner: root:none-here", "2:14: socketowner: there is no group 'none-here' in /etc/group"],
  ["socketpath: /a\nsocketowner: 'a:b:c'", "2:14: socketowner: 'a:b:c' is no owner: write USER, USER:GROUP or :GROUP"],
  ["socketpath: /a\nsocketowner: ''", "2:14: socketowner: '' is no owner: write USER, USER:GROUP or :GROUP"],
  ["socketpath: /a\nsocketowner: :root"],
  ["admin: {address: 127.0.0.1}", "1:9: address: a port is needed, too"],
  ["admin: {}", "1:8: admin: address or port is needed"],
  ["admin: {prt: 1}", "1:8: admin: address or port is needed", "1:9: there is no 'prt' here: did you mean 'port'?"],
  ["admin: {port: 8080}", "1:1: admin: it is where clients connect, too: choose another address or port"],
  ["strict_compat: yes", "1:16: strict_compat: 'yes' is neither true nor false: write true"],
  ["access_log: 'true'", "1:13: access_log: 'true' is neither true nor false: write true, without quotes"],
  ["access_log: maybe", "1:13: access_log: 'maybe' is neither true nor false: write true or false"],
  ["access_log: Off", "1:13: access_log: 'Off' is neither true nor false: write false"],
  ["pass_env: TZ", "1:11: pass_env: a list of names is needed here, not a text"],
  ["pass_env: [A, A]", "1:15: pass_env: A is given twice"],
  ["pass_env: [1A]", "1:12: pass_env: '1A' is no name of a variable: letters, digits and _"],
  ["pass_env: [REQUEST_ID]", "1:12: pass_env: REQUEST_ID is set by ipcx itself"],
  ["grace: 25d", "1:8: grace: '25d' is no duration: write milliseconds, or a number with ms, s, m or h"],
  ["grace: 600h", "1:8: grace: '600h' is too long: 24 days is the most"],
  ["servicename: ''", "1:14: servicename: '' is no name: write up to 64 characters of ASCII"],
  ["servicename: ä", "1:14: servicename: 'ä' is no name: write up to 64 characters of ASCII"],
  ["servicename: !ToSplit x", "1:23: servicename: !ToSplit is for cmd only"],
  ["openapi: none.yaml", "1:10: openapi: /nonexistent-ipcx/none.yaml cannot be read: there is no such file"],
  ["openapi: /etc", "1:10: openapi: /etc is a directory, not a file"],
];

claim("every fault at the top level has its place and says what would be right", () => {
  assertEquals(FAULTS.map(([text]) => [text, ...faultsOf(`${text}\n${ROUTE}`)]), FAULTS.map((row) => [...row]));
});

claim("files of TLS must be there and hold what they should", () => {
  using folder = new ConfigFolder();
  folder.write("cert.pem", "-----BEGIN CERTIFICATE-----\n");
  folder.write("key.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
  const faults = (tls: string): string[] => faultsOf(`tls: ${tls}\n${ROUTE}`, folder.path);
  assertEquals(faults("{cert: cert.pem}"), ["1:6: tls: key is needed, too: the name of a file"]);
  assertEquals(faults("{cert: none, key: cert.pem}"), [
    `1:13: cert: ${folder.file("none")} cannot be read: there is no such file`,
    `1:24: key: there is no private key in ${folder.file("cert.pem")}, which must be PEM`,
  ]);
  assertEquals(
    faults("{cert: key.pem, key: key.pem}"),
    [
      `1:13: cert: ${folder.file("key.pem")} is encrypted: nobody is there to be asked for its password`,
      `1:27: key: ${folder.file("key.pem")} is encrypted: nobody is there to be asked for its password`,
    ],
  );
  folder.write("wrong.pem", "hello");
  assertEquals(
    faults("{cert: wrong.pem, key: key.pem}")[0],
    `1:13: cert: there is no certificate in ${folder.file("wrong.pem")}, which must be PEM`,
  );
});

claim("without paths, or without a route, there is nothing to serve", () => {
  assertEquals(faultsOf("port: 1\n"), ["1:1: paths is needed: which program answers what"]);
  assertEquals(faultsOf("paths:\n"), ["1:7: paths: there is no route"]);
  assertEquals(faultsOf("paths: {}\n"), ["1:8: paths: there is no route"]);
  assertEquals(faultsOf(""), ["1:1: paths is needed: which program answers what"]);
  assertEquals(faultsOf("- a"), ["1:1: a section of keys is needed here, not a list"]);
  assertEquals(faultsOf("hello"), ["1:1: a section of keys is needed here, not a text"]);
});

claim("all faults of a file are told, in the order of their places", () => {
  assertEquals(faultsOf("paths:\n  /a:\n    get: {inject: {cmd: cat, timeot: 1}}\nport: x\nsevicename: y\n"), [
    "3:5: get: the process answers at socketpath, which is not given: add it, or answer: stdout",
    "3:30: there is no 'timeot' here: did you mean 'timeout'?",
    "4:7: port: 'x' is no whole number",
    "5:1: there is no 'sevicename' here: did you mean 'servicename'?",
  ]);
});
