/**
 * What docs/sockets.md says in tables is what the code says.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { SOCKET_STATES } from "../../src/cli/sockets_table.ts";
import { columnsFor, socketJson } from "../../src/cli/sockets_text.ts";
import { listSockets } from "../../src/sockets/list_sockets.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { codeIn, constant, read, rows, section } from "../documents.ts";

const page = read("docs/sockets.md");

/** What the first cells of a table have between backquotes. */
function named(heading: string): string[] {
  return rows(section(page, heading)).flatMap(([first]) => codeIn(first));
}

/** The properties that an interface declares. */
function propertiesOf(path: string, name: string): string[] {
  const [, body] = new RegExp(`export interface ${name}[^{]*{\\n([^]*?)\\n}`).exec(read(path))!;
  return Array.from(body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm), ([, property]) => property);
}

claim("docs/sockets.md has every column", () => {
  assertEquals(
    rows(section(page, "## The columns")).map(([first]) => first),
    columnsFor(true).map(([heading]) => heading),
  );
});

claim("docs/sockets.md has every state", () => {
  assertEquals(named("## The states"), [...SOCKET_STATES]);
});

claim("docs/sockets.md has every field of the JSON", async () => {
  using directory = new OwnDirectory();
  using listener = UnixListener.listen(directory.file("s"));
  using client = await UnixSocket.connect(directory.file("s"));
  const entries = listSockets({ pids: [Deno.pid] })
    .filter(({ inode }) =>
      [listener, client].some(({ fd }) => Deno.statSync(`/proc/self/fd/${fd.number}`).ino === inode)
    );
  const printed = new Set(
    entries.flatMap((entry) => Object.keys(socketJson(entry, new Map([[entry.uid!, "somebody"]])))),
  );
  assertEquals(new Set(named("## JSON")), new Set([...printed, "addressBase64", "event", "time"]));
});

claim("docs/sockets.md has every option of listSockets", () => {
  const own = propertiesOf("src/sockets/list_sockets.ts", "ListSocketsOptions");
  const inherited = propertiesOf("src/sockets/filter.ts", "SocketFilter");
  assertEquals(named("## From TypeScript").sort(), [...own, ...inherited].sort());
});

claim("the limits in docs/sockets.md are those of the code", () => {
  const limit = new Map(rows(section(page, "## Limits")).map(([name, value]) => [name, value]));
  const says = (name: string, text: string): void =>
    assert(limit.get(name)?.startsWith(text), `${name}: '${text}' does not begin '${limit.get(name)}'`);
  says("processes and descriptors in a cell of the table", `${constant("src/cli/sockets_text.ts", "MOST_SHOWN")},`);
  says("times a list is asked for that changes meanwhile", `${constant("src/core/diag_questions.ts", "ATTEMPTS")},`);
  const days = Math.floor(constant("src/sockets/watch_sockets.ts", "MAX_INTERVAL_MS") / 86_400_000);
  says("time between two looks", `1 millisecond to ${days} days`);
  const option = rows(section(page, "## `ipcx sockets`")).find(([name]) => name.includes("--watch"))!;
  assertEquals(codeIn(option[1]), [`${constant("src/sockets/watch_sockets.ts", "DEFAULT_INTERVAL_MS") / 1000}s`]);
});
