/**
 * What README.md and docs/ say in tables is what the code says.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  askControl,
  Broker,
  ControlServer,
  MAX_KEY_BYTES,
  MESSAGE_BYTES,
  PADDED_MESSAGE_BYTES,
  requestPair,
  UnixListener,
} from "ipcx";
import manifest from "../deno.json" with { type: "json" };
import jsrMap from "../import_map.jsr.json" with { type: "json" };
import { settle } from "../src/beam/options.ts";
import { defaultLimits } from "../src/broker/limits.ts";
import { BrokerMetrics, renderMetrics } from "../src/broker/metrics.ts";
import { BEAM_VERBS, verbsOf } from "../src/cli/beam_table.ts";
import { valueOf } from "../src/cli/help.ts";
import { HELP_OPTION, type OptionSpec } from "../src/cli/command_spec.ts";
import { COMMANDS } from "../src/cli/table.ts";
import { count, duration, mode } from "../src/cli/values.ts";
import { claim, ownName } from "./claim.ts";
import { codeIn, constant, pages, read, root, rows, section, sources } from "./documents.ts";

const readme = read("README.md");
const contributing = read("CONTRIBUTING.md");
const page = read("docs/broker.md");
const spawnPage = read("docs/spawn.md");
const beamPage = read("docs/beam.md");

/** The page that has the options of a command: one of its own name, or that of what it belongs to. */
function pageOf(command: string): { path: string; text: string } {
  const belongsTo: Record<string, string> = {
    nsexec: "spawn",
    brokerctl: "broker",
    pair: "broker",
    send: "packets",
    recv: "packets",
  };
  const path = `docs/${belongsTo[command] ?? command}.md`;
  return { path, text: read(path) };
}

function spelled(option: OptionSpec): string {
  const long = `\`--${option.name}${valueOf(option)}\``;
  return option.short ? `\`-${option.short}\`, ${long}` : long;
}

for (const command of COMMANDS.filter(({ options }) => options.length > 0)) {
  const { path, text } = pageOf(command.name);
  const documented = (): string[][] =>
    rows(section(text, `## \`ipcx ${command.name}\``)).filter(([first]) => /^`--?\w/.test(first));

  claim(`${path} has every option of ${command.name}, and no other`, () => {
    assertEquals(documented().map(([option]) => option), [...command.options, HELP_OPTION].map(spelled));
  });

  claim(`${path} has the defaults that the help of ${command.name} has`, () => {
    for (const option of command.options) {
      const [, helped] = /\[([\w.]+)\]$/.exec(option.help) ?? [];
      const [, cell] = documented().find(([written]) => written === spelled(option))!;
      if (helped !== undefined) assertEquals(cell, `\`${helped}\``, `--${option.name}`);
      else assert(!/^`[^`]*`$/.test(cell), `--${option.name} has the default ${cell} only in the page`);
    }
  });
}

claim("docs/broker.md has every word of brokerctl", () => {
  const words = rows(section(page, "## `ipcx brokerctl`")).map(([first]) => /^`([a-z][\w-]*)/.exec(first)?.[1]);
  assertEquals(words.filter((word) => word), [...COMMANDS.find(({ name }) => name === "brokerctl")!.words!]);
});

claim("the defaults in docs/broker.md are those of the code", () => {
  const limits = defaultLimits(20_000);
  const options = new Map(rows(section(page, "## `ipcx broker`")).map(([option, value]) => [option, value]));
  const value = (option: string): string => codeIn(options.get(`\`--${option}\``)!)[0];
  assertEquals(duration(value("request-timeout TIME")), limits.requestTimeout);
  assertEquals(duration(value("pair-timeout TIME")), limits.pairTimeout);
  assertEquals(count(value("max-waiting-per-key N")), limits.maxWaitingPerKey);
  assertEquals(count(value("connections-per-second N")), limits.connectionsPerSecond);
  assertEquals(mode(value("mode OCTAL")), 0o600);

  const limit = new Map(rows(section(page, "## Limits")).map(([name, ...cells]) => [name, cells.join(" ")]));
  const says = (name: string, text: string): void =>
    assert(limit.get(name)?.includes(text), `${name}: '${text}' is not in '${limit.get(name)}'`);
  says("`--max-clients`", `minus ${20_000 - limits.maxClients}`);
  assertEquals(limits.maxClientsPerUid, Math.floor(limits.maxClients * 0.9));
  says("`--max-waiting-per-key`", `${limits.maxWaitingPerKey}`);
  says("`--request-timeout`", `${limits.requestTimeout / 1000} seconds`);
  says("length of a key", `${MAX_KEY_BYTES} bytes`);
  says("length of a request", `${PADDED_MESSAGE_BYTES} bytes`);
  says("connections not accepted yet (backlog)", `${constant("src/core/listener.ts", "DEFAULT_BACKLOG")}`);
  says("open descriptors, at accepting", `${constant("src/broker/entrance.ts", "PAUSE_MS")} milliseconds`);
  says("open descriptors, at making a pair", `${constant("src/broker/matchmaker.ts", "RETRY_MS")} milliseconds`);
  says("warnings of one kind in the log", `${constant("src/core/throttled_log.ts", "BURST")} at once`);
  says("body of a control request", `${constant("src/broker/control.ts", "MAX_BODY_CHARACTERS")} characters`);
  for (const bytes of [MESSAGE_BYTES, PADDED_MESSAGE_BYTES]) {
    assert(section(page, "## The wire format").includes(`${bytes}`));
  }
});

claim("the limits and exit statuses in docs/spawn.md are those of the code", () => {
  const limit = new Map(rows(section(spawnPage, "## Limits")).map(([name, value]) => [name, value]));
  const says = (name: string, text: string): void =>
    assert(limit.get(name)?.includes(text), `${name}: '${text}' is not in '${limit.get(name)}'`);
  const grace = constant("src/cli/spawn.ts", "DEFAULT_GRACE_MS");
  says("time to reach the first instruction", `${constant("ffi/trace.c", "PATIENCE_S")} seconds`);
  says("time to end after `--timeout`", `${grace / 1000} seconds`);
  says("number of a descriptor", `${constant("src/cli/values.ts", "MAX_DESCRIPTOR")}`);
  says("user and group ids", `${constant("src/core/accounts.ts", "MAX_ID")}`);
  says("times", `${Math.floor(constant("src/cli/values.ts", "MAX_DURATION_MS") / 86_400_000)} days`);
  const option = rows(section(spawnPage, "## `ipcx spawn`")).find(([name]) => name === "`--grace TIME`")!;
  assertEquals(duration(codeIn(option[1])[0]), grace);
  const statuses = rows(section(spawnPage, "## Exit statuses")).map(([status]) => status);
  assert(statuses.includes(`${constant("ffi/waiter/main.c", "EXIT_TIMED_OUT")}`));
});

claim("the defaults of ProcessManager in docs/spawn.md are those of the code", () => {
  const table = rows(section(spawnPage, "### `ProcessManager`"));
  const row = (name: string): string => table.find(([first]) => codeIn(first).includes(name))!.join(" ");
  const says = (name: string, text: string): void => assert(row(name).includes(text), `${name}: no '${text}'`);
  says("readyTimeout", `\`${constant("src/spawn/launch.ts", "DEFAULT_READY_TIMEOUT_MS")}\``);
  says("grace", `\`${constant("src/spawn/process_manager.ts", "DEFAULT_GRACE_MS")}\``);
  says("identifier", `${constant("src/spawn/managed_options.ts", "MAX_IDENTIFIER_BYTES")} bytes`);
  says("stdout", `${constant("src/core/lines.ts", "MAX_LINE_BYTES")} bytes`);
});

claim("docs/broker.md has every reason to refuse a client, and every field of a protocol error", () => {
  const [, union] = /export type RefusalReason =([^;]+);/.exec(read("src/broker/admission.ts"))!;
  const reasons = Array.from(union.matchAll(/"([^"]+)"/g), ([, reason]) => reason);
  const refused = rows(section(page, "## Limits")).flatMap(([, , what]) => /^refused: `([^`]+)`/.exec(what)?.[1] ?? []);
  assertEquals(refused.sort(), reasons.sort());

  const [sentence] = /The log and the metrics name the field[^.]+\./.exec(page)!;
  const thrown = (path: string, call: RegExp): string[] => Array.from(read(path).matchAll(call), ([, field]) => field);
  const fields = new Set([
    ...thrown("src/broker/protocol.ts", /new ProtocolError\("(\w+)"/g),
    ...thrown("src/broker/reception.ts", /#protocolError\(client, "(\w+)"/g),
  ]);
  fields.delete("payload"); // Only a reply's can be wrong.
  assertEquals(codeIn(sentence).sort(), [...fields].sort());
});

claim("docs/beam.md has for each option what it is for, and every word", () => {
  const table = rows(section(beamPage, "## `ipcx beam`")).filter(([first]) => /^`--?\w/.test(first));
  for (const [written, , purpose] of table.slice(0, -1)) {
    const verbs = verbsOf(/--([\w-]+)/.exec(written)![1]);
    const others = BEAM_VERBS.filter((verb) => !verbs.includes(verb));
    const wanted = others.length === 0 ? "all" : others.length === 1 ? `all but ${others[0]}` : verbs.join(", ");
    assertEquals(purpose, wanted, written);
  }
  for (const verb of BEAM_VERBS) assert(beamPage.includes(`ipcx beam ${verb} `), verb);
});

claim("the limits in docs/beam.md are those of the code", () => {
  const limit = new Map(rows(section(beamPage, "## Limits")).map(([name, ...cells]) => [name, cells.join(" ")]));
  const says = (name: string, text: string): void =>
    assert(limit.get(name)?.includes(text), `${name}: '${text}' is not in '${limit.get(name)}'`);
  const plain = settle("stream", {}), framed = settle("stream", { framed: true });
  const options = "src/beam/options.ts";
  const most = [constant(options, "MOST_PLAIN_BYTES"), constant(options, "MOST_FRAMED_BYTES")];
  const bytes = `${plain.maxBytes} of at most ${most[0]}; ${framed.maxBytes / 2 ** 20} MiB of at most ${most[1]}`;
  says("bytes of a message", bytes);
  says("descriptors of a message", `${plain.maxFds}; ${framed.maxFds} with frames`);
  const room = (name: string): number => constant("src/cli/beam_exec.ts", "LONGEST_STRING") - name.length - 2;
  says("`BEAM_DATA`", `${room("BEAM_DATA")} bytes`);
  const base64 = room("BEAM_DATA_BASE64");
  says("`BEAM_DATA_BASE64`", `${base64} characters, so ${Math.floor(base64 / 4) * 3} bytes`);
  const json = "src/cli/json_messages.ts";
  says("a line of JSON that is read", `${constant(json, "BYTES_PER_BYTE")} bytes for each byte`);
  says("a line of JSON that is read", `and ${constant(json, "ROOM_AROUND")}`);
  const listen = "src/cli/beam_listen.ts";
  const defaults = new Map(
    rows(section(beamPage, "## `ipcx beam`")).map(([option, value]) => [option, codeIn(value)[0]]),
  );
  assertEquals(count(defaults.get("`--max-clients N`")!), constant(listen, "DEFAULT_CLIENTS"));
  assertEquals(count(defaults.get("`--max-children N`")!), constant(listen, "DEFAULT_CHILDREN"));
  assertEquals(duration(defaults.get("`--grace TIME`")!), constant(listen, "DEFAULT_GRACE_MS"));
  says("connections of `listen`", `, ${constant(listen, "DEFAULT_CLIENTS")}`);
  says("connections of `listen`", `of ${constant("src/core/listener.ts", "DEFAULT_BACKLOG")} or`);
  says("commands of `listen`", `, ${constant(listen, "DEFAULT_CHILDREN")}`);
  says("time to end for commands", `${constant(listen, "DEFAULT_GRACE_MS") / 1000} seconds`);
  says("descriptors of ipcx", `${constant("src/cli/beam_service.ts", "PAUSE_MS")} milliseconds`);
  says("number of a descriptor", `${constant("src/cli/values.ts", "MAX_DESCRIPTOR")}`);
  says("times", `${Math.floor(constant("src/cli/values.ts", "MAX_DURATION_MS") / 86_400_000)} days`);
  const pause = constant("src/cli/waiting_connect.ts", "LONGEST_PAUSE_MS");
  assert(section(beamPage, "## Who listens").includes(`every ${pause} milliseconds or sooner`));
  const wires = rows(section(beamPage, "## The wires"));
  const row = (name: string): string => wires.find(([first]) => first === name)!.join(" ");
  assert(row("bytes of a message").includes(`1 to ${plain.maxBytes}, at most ${most[0]}`));
  assert(row("large payloads, from " + framed.memoryThreshold + " bytes"));
});

claim("docs/beam.md has every option of a beam, with its default", () => {
  const [plain, other] = [settle("stream", {}), settle("seqpacket", {})];
  const documented = new Map(
    rows(section(beamPage, "## From TypeScript")).map(([name, value]) => [codeIn(name)[0], value]),
  );
  const written = (value: unknown): string[] =>
    typeof value === "number" ? [`${value}`, `${value / 2 ** 10} KiB`, `${value / 2 ** 20} MiB`] : [`\`${value}\``];
  for (const name of Object.keys(plain) as (keyof typeof plain)[]) {
    for (const value of name === "framed" ? [plain[name]] : [plain[name], other[name]]) {
      const cell = documented.get(name) ?? "";
      assert(written(value).some((text) => cell.includes(text)), `${name} is ${value}, not ${cell}`);
    }
  }
});

claim("docs/beam.md has every line of the log of ipcx beam", () => {
  const source = ["listen", "service", "commands"].map((name) => read(`src/cli/beam_${name}.ts`)).join("\n");
  const lines = source.matchAll(/(?:log|logger|getLogger\("beam"\))\.(debug|info|warn|error)\("([^"]+)"/g);
  const logged = new Set(Array.from(lines, ([, level, text]) => `${text}, ${level}`));
  assertEquals(
    rows(section(beamPage, "## Log")).map(([text, level]) => `${codeIn(text)[0]}, ${level}`).sort(),
    [...logged].sort(),
  );
});

claim("docs/broker.md has every metric, with its type", async () => {
  const { text } = await renderMetrics(new BrokerMetrics(), { clients: 0, waiting: 0 });
  const metrics = Array.from(text.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name, type]) => [`\`${name}\``, type]);
  assertEquals(rows(section(page, "## Metrics")).map(([name, type]) => [name, type]), metrics);
});

claim("docs/broker.md has every field that the control API answers with", async () => {
  using broker = new Broker();
  const address = ownName(), control = ownName();
  broker.listen(UnixListener.listen(address));
  using _server = new ControlServer(broker, UnixListener.listen(control), { shutdown() {} });
  const stop = new AbortController();
  const waiting = requestPair({ address, key: "docs", signal: stop.signal }).catch(() => {});
  while (broker.status.waiting === 0) await new Promise((resolve) => setTimeout(resolve, 1));

  for (const [request, answer] of rows(section(page, "## Control API"))) {
    const [method, path] = codeIn(request)[0].split(" ");
    const body = method === "PUT" ? { level: "info" } : undefined;
    const { status, text } = await askControl(control, method, path.replace("ID", "1"), body);
    assertEquals(`${status}`, answer.slice(0, 3), codeIn(request)[0]);
    if (path === "/metrics") continue;
    const json = JSON.parse(text);
    const fields = Object.keys(Array.isArray(json) ? json[0] : json);
    assertEquals(codeIn(answer.split(";")[0]).sort(), fields.sort(), codeIn(request)[0]);
  }
  for (const limit of Object.keys(broker.limits)) {
    assert(section(page, "## Control API").includes(`\`${limit}\``), limit);
  }
  stop.abort();
  await waiting;
});

claim("docs/broker.md has every line of the broker's log", () => {
  const source = sources("src/broker") + read("src/cli/broker.ts") + read("src/cli/faults.ts");
  // Before its text, a throttled line may have the kind that it is counted as.
  const lines = source.matchAll(/\.(debug|info|warn|error)\(\s*(?:(?:"[^"]*"|`[^`]*`),\s*)?"([^"]+)"/g);
  const logged = new Set(Array.from(lines, ([, level, text]) => `${text}, ${level}`));
  assertEquals(
    rows(section(page, "## Log")).map(([text, level]) => `${codeIn(text)[0]}, ${level}`).sort(),
    [...logged].sort(),
  );
});

/** Messages of Deno and of Python. */
const OF_OTHERS = /Module not found|BlockingIOError/;

/** What joins a message of this program with words that come from elsewhere in it, or from the kernel. */
const SEAM = /…|; | within |(?<=refused: )|: Address already in use|^listen |^sendmsg:/;

for (const path of pages.filter((one) => read(one).includes("\n## Troubleshooting\n"))) {
  claim(`every message in the troubleshooting table of ${path} is one of the program's`, () => {
    const source = (sources("src") + sources("ffi") + sources("deploy")).replaceAll(/\$\{[^}]*\}/g, "…");
    for (const [message] of rows(section(read(path), "## Troubleshooting"))) {
      if (OF_OTHERS.test(message)) continue;
      for (const part of codeIn(message)[0].split(SEAM).map((one) => one.trim())) {
        assert(source.includes(part), `'${part}' is in no source file`);
      }
    }
  });
}

claim("README.md has every npm package with its version, CONTRIBUTING.md every task", () => {
  const npm = Object.values(manifest.imports).filter((target) => target.startsWith("npm:"));
  const packages = rows(section(readme, "## Dependencies")).map(([name, version]) =>
    `npm:${codeIn(name)[0]}@${version}`
  );
  assertEquals(packages.sort(), npm.sort());
  const tasks = rows(section(contributing, "## Tasks")).map(([task]) => /^`deno task ([\w:-]+)/.exec(task)![1]);
  assertEquals(tasks.sort(), Object.keys(manifest.tasks).sort());
  for (const name of Object.keys(jsrMap.imports).filter((one) => one.startsWith("@std/"))) {
    assert(section(readme, "## Dependencies").includes(`\`${name}\``), name);
  }
});

claim("every path in CONTRIBUTING.md's tree is there, and every link leads somewhere", () => {
  for (const [path] of rows(section(contributing, "### The tree"))) Deno.statSync(root + codeIn(path)[0]);
  for (const document of ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", ...pages]) {
    for (const [, link] of read(document).matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      const { pathname, hash } = new URL(link, `file://${root}${document}`);
      if (hash === "") {
        Deno.statSync(pathname);
        continue;
      }
      const anchors = Array.from(
        Deno.readTextFileSync(pathname).matchAll(/^#+ (.+)$/gm),
        ([, heading]) => `#${heading.toLowerCase().replaceAll(/[^\w -]/g, "").replaceAll(" ", "-")}`,
      );
      assert(anchors.includes(hash), `${document}: there is no ${link}`);
    }
  }
});

claim("README.md fits in 250 lines", () => assert(readme.split("\n").length <= 251));

claim("deno task test and test:jsr run the examples of README.md and docs", () => {
  for (const task of ["test", "test:jsr"] as const) {
    const words = manifest.tasks[task].command.split(" ");
    for (const word of ["--doc", "README.md", "docs"]) assert(words.includes(word), `the task ${task} lacks ${word}`);
  }
});
