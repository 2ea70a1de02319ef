/**
 * What docs/packets.md says in tables is what the code says.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { FORMATS, RECV, SEND } from "../../src/cli/packets_table.ts";
import { claim, ownName } from "../claim.ts";
import { codeIn, constant, read, rows, section } from "../documents.ts";
import { exchanged, jsonLines, outputOf, sends, startReceiver } from "./packeting.ts";

const page = read("docs/packets.md");

claim("the limits in docs/packets.md are those of the code", () => {
  const limit = new Map(rows(section(page, "## Limits")).map(([name, value]) => [name, value]));
  const says = (name: string, text: string): void =>
    assert(limit.get(name)?.includes(text), `${name}: '${text}' is not in '${limit.get(name)}'`);
  const most = constant("src/cli/packet_settings.ts", "MOST_BYTES");
  const usual = constant("src/cli/packet_receiving.ts", "DEFAULT_MAX_BYTES");
  says("bytes of a packet that is taken", `${usual} of at most ${most}`);
  says("bytes of an answer", `${usual}`);
  says("bytes of a packet that is sent", `less ${constant("src/cli/packet_size.ts", "OVERHEAD")}`);
  says("descriptors of a packet", `${constant("src/core/linux.ts", "MAX_FDS_PER_MESSAGE")}`);
  says("number of a descriptor", `${constant("src/cli/values.ts", "MAX_DESCRIPTOR")}`);
  says("times", `${Math.floor(constant("src/cli/values.ts", "MAX_DURATION_MS") / 86_400_000)} days`);
});

claim("docs/packets.md has every field of a line of JSON", async () => {
  const fields = rows(section(page, "## Lines and JSON")).flatMap(([names]) => codeIn(names));
  const printed = (text: string): string[] => Object.keys(jsonLines(text)[0]);
  const whole = printed(await exchanged("seqpacket", ["--json", "--credentials"], ownName(), ["--data", "x"]));
  const cut = printed(await exchanged("dgram", ["--json", "--max-bytes", "1"], ownName(), ["-d", "xx", "--from", ""]));
  assertEquals([...new Set([...whole, ...cut, "fdsLost"])].sort(), fields.sort());
});

claim("docs/packets.md has every variable of a command", async () => {
  const address = ownName();
  const exec = ["--exec", "env"];
  await using receiver = await startReceiver(["--listen", "--count", "1", "--credentials", address, ...exec]);
  await sends([address, "--data", "x"]);
  const set = [...(await outputOf(receiver)).matchAll(/^(PACKET_\w+)=/gm)].map(([, name]) => name);
  const documented = rows(section(page, "## Commands for messages")).flatMap(([names]) => codeIn(names));
  assertEquals([...set, "PACKET_FROM"].sort(), documented.sort());
  for (const name of documented) assert(RECV.details!.includes(name), `--help has no ${name}`);
});

claim("what is written in place of socat and nc has only options that there are", () => {
  const table = rows(section(page, "## If you used socat or nc before"));
  assert(table.length > 10);
  for (const [, instead] of table) {
    for (const code of codeIn(instead).filter((text) => /^ipcx (send|recv) /.test(text))) {
      const { options } = code.startsWith("ipcx send") ? SEND : RECV;
      for (const [, name] of code.matchAll(/--([a-z-]+)/g)) {
        assert(options.some((option) => option.name === name), `${code}: there is no --${name}`);
      }
    }
  }
  for (const format of FORMATS) assert(page.includes(`\`--${format}\``), format);
});
