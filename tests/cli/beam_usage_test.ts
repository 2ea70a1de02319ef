import { assert, assertEquals, assertThrows } from "@std/assert";
import { verbFrom } from "../../src/cli/beam_settings.ts";
import { BEAM, BEAM_VERBS, verbsOf } from "../../src/cli/beam_table.ts";
import { type Arguments, parseCommand, UsageError } from "../../src/cli/parse.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { beam } from "./beaming.ts";
import { ROOT, runProgram } from "./program.ts";

function parsed(...args: string[]): Arguments {
  return parseCommand(BEAM, args);
}

function refused(...args: string[]): string {
  return assertThrows(() => verbFrom(parsed(...args)), UsageError).message;
}

claim("all behind --exec is the command, word for word", () => {
  const args = parsed("recv", "@a", "--json", "--exec", "sort", "--exec", "-n", "--", "--help");
  assertEquals([args.words, args.command], [["recv", "@a"], ["sort", "--exec", "-n", "--", "--help"]]);
  assertEquals([args.has("exec"), args.has("json"), args.has("help")], [true, true, false]);
  assertEquals(parsed("recv", "--exec", "--odd").command, ["--odd"]);
  assertEquals(parsed("recv", "@a").command, undefined);
});

claim("--exec without a command, or with one attached, and a command behind -- are refused", () => {
  assertEquals(refused("recv", "@a", "--exec"), "--exec needs a command: --exec CMD ARG…");
  assertEquals(refused("recv", "@a", "--exec=cat"), "--exec has nothing attached: --exec CMD ARG…");
  assertEquals(refused("recv", "@a", "--", "cat"), "beam takes no command behind --; write --exec CMD ARG…");
});

claim("--data may be empty, and look like an option if it is attached, but it has to be there", () => {
  assertEquals(parsed("send", "--data", "").all("data"), [""]);
  assertEquals(parsed("send", "--data=").all("data"), [""]);
  assertEquals(parsed("send", "--data=--json").all("data"), ["--json"]);
  assertEquals(parsed("send", "-d", "x").all("data"), ["x"]);
  assertEquals(parsed("send", "-d", "-", "--data-file", "-").all("data-file"), ["-"]);
  assertEquals(refused("send", "@a", "--data"), "--data needs a value: --data TEXT");
  assertEquals(refused("send", "@a", "--data", "--json"), "--data needs a value: --data TEXT");
  assertEquals(refused("send", "@a", "--file="), "--file needs a value: --file PATH");
});

claim("a verb is needed, and only those that there are", () => {
  assertEquals(refused(), "what is to be done? One of listen, send, recv, pipe, call and copy");
  assertEquals(refused("receive"), "there is no 'receive'; there are listen, send, recv, pipe, call and copy");
});

claim("an option that is not for the verb is refused with those that it is for", () => {
  assertEquals(refused("send", "@a", "--exec", "cat"), "--exec is not for send; it is for listen and recv");
  assertEquals(refused("recv", "@a", "--data", "x"), "--data is not for recv; it is for send, pipe and call");
  assertEquals(refused("copy", "@a", "@b", "--fd", "3"), "--fd is not for copy; it is for send");
  for (const { name, value, choices, beginsCommand } of BEAM.options) {
    const option = beginsCommand ? ["--exec", "x"] : value ? [`--${name}=${choices?.[0] ?? "1"}`] : [`--${name}`];
    if (name === "mode") continue;
    for (const verb of BEAM_VERBS) {
      if (verbsOf(name).includes(verb)) assertEquals(verbFrom(parsed(verb, ...option)), verb, name);
      else assert(refused(verb, ...option).startsWith(`--${name} is not for ${verb}; `), name);
    }
  }
});

claim("what cannot be meant is refused before anything is done, with what to write", async () => {
  using directory = new OwnDirectory();
  const cases: [string[], string][] = [
    [["send"], "which ADDR?"],
    [["copy", "@a"], "which B?"],
    [["send", "@a", "@b", "--data", "x"], "unexpected '@b'"],
    [["send", "name", "--data", "x"], "ADDR: 'name' is no address: write ./name for a file"],
    [["copy", "@a", "name"], "B: 'name' is no address"],
    [["copy", "fd:3", "fd:3"], "A and B are the same descriptor, fd:3"],
    [["send", "@a"], "which message? Give --data TEXT or --data-file FILE"],
    [["pipe", "@a"], "which message? Give --data TEXT or --data-file FILE"],
    [["call", "@a"], "which message? Give --data TEXT or --data-file FILE"],
    [["send", "@a", "--data", "x", "--data-file", "y"], "--data and --data-file exclude each other"],
    [["send", "@a", "--json", "--data", "x"], "--data does not go with --json, whose lines say what is sent"],
    [["send", "@a", "--json", "--file", "x"], "--file does not go with --json"],
    [["send", "@a", "--data", "x", "--file-mode", "read"], "--file-mode is for --file"],
    [
      ["send", "@a", "--data", "x", "--fd", "0", "--fd", "1"],
      "a stream without frames carries one descriptor a message",
    ],
    [["send", "./a", "--data", "x", "--mode", "0660"], "--mode is for the file of a socket that is listened at: give"],
    [["recv", "@a", "--listen", "--mode", "0600"], "--mode is for the file of a socket, and @a has none"],
    [["copy", "./a", "@b", "--listen-b", "--mode", "0600"], "--mode is for the file of a socket, and @b has none"],
    [["listen", "@a", "--mode", "0600"], "--mode is for the file of a socket, and @a has none"],
    [["listen", "fd:0", "--mode", "0600"], "--mode is for the file of a socket, and fd:0 has none"],
    [["send", "@a", "--data", "x", "--listen", "--wait"], "--wait is for connecting, and --listen waits anyway"],
    [["copy", "@a", "@b", "--listen", "--listen-b", "--wait"], "--wait is for connecting"],
    [["send", "@a", "--data", "x", "--max-bytes", "32769"], "--max-bytes: it is a whole number from 1 to 32768, not"],
    [["recv", "@a", "--framed", "--max-bytes", "2147483647"], "--max-bytes: it is a whole number from 1 to 2147483646"],
    [["recv", "@a", "--json", "--to-stdout"], "--json and --to-stdout exclude each other"],
    [["recv", "@a", "--to-stdout", "--exec", "cat"], "--to-stdout and --exec exclude each other"],
    [
      ["pipe", "@a", "--data-file", "-"],
      "--data-file - leaves nothing of standard input to be joined: give --no-stdin",
    ],
    [["listen"], "which ADDR?"],
    [["listen", "@a", "@b"], "unexpected '@b'"],
    [["listen", "@a", "--once", "--count", "2"], "--once and --count exclude each other"],
    [["listen", "@a", "--max-children", "2"], "--max-children is for --exec"],
    [["listen", "@a", "--grace", "2"], "--grace is for --exec"],
    [["listen", "@a", "--json", "--exec", "cat"], "--json and --exec exclude each other"],
  ];
  for (const [args, message] of cases) {
    const { status, out, err } = await beam(args, { cwd: directory.path });
    assertEquals({ status, out }, { status: 2, out: "" }, args.join(" "));
    assert(err.startsWith(`ipcx beam: ${message}`), `${args.join(" ")}: ${err}`);
    assert(err.endsWith("\n'ipcx beam --help' tells what it understands.\n"), err);
  }
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});

claim("bytes that are not UTF-8 are not garbled on their way: they are refused", async () => {
  const script = `exec "$0" run -A --quiet "$1"/cli.ts beam send "$2" --data "$(printf 'a\\377')"`;
  const { status, err } = await runProgram(["bash", "-c", script, Deno.execPath(), ROOT, ownName()]);
  assertEquals(status, 2);
  assert(
    err.startsWith(
      "ipcx beam: 'a\ufffd' is not UTF-8: send other bytes with --data-file, and a file of such a name with --fd\n",
    ),
    err,
  );
});
