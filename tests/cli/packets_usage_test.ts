import { assert, assertEquals, assertThrows } from "@std/assert";
import { RECV, SEND } from "../../src/cli/packets_table.ts";
import { parseCommand, UsageError } from "../../src/cli/parse.ts";
import { recvPlanFrom } from "../../src/cli/recv_settings.ts";
import { sendPlanFrom } from "../../src/cli/send_settings.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { recv, send } from "./packeting.ts";
import { ROOT, runProgram } from "./program.ts";

function refused(name: "send" | "recv", args: readonly string[]): string {
  const plan = (): unknown =>
    name === "send" ? sendPlanFrom(parseCommand(SEND, args)) : recvPlanFrom(parseCommand(RECV, args));
  return assertThrows(plan, UsageError).message;
}

claim("what cannot be meant is refused before anything is done, with what to write", async () => {
  using directory = new OwnDirectory();
  const cases: ["send" | "recv", string[], string][] = [
    ["send", [], "which ADDR?"],
    ["recv", [], "which ADDR?"],
    ["send", ["@a", "@b"], "unexpected '@b'"],
    ["recv", ["name"], "ADDR: 'name' is no address: write ./name for a file"],
    ["send", ["@a", "--data", "x", "--data-file", "y"], "--data and --data-file exclude each other"],
    ["send", ["@a", "--data", "x", "--json"], "--data and --json exclude each other"],
    ["send", ["@a", "--lines", "--json"], "--lines and --json exclude each other"],
    ["send", ["@a", "--data", "x", "--lines"], "--lines is for what is read, not for --data"],
    ["send", ["@a", "--json", "--fd", "0"], "--fd does not go with --json, whose lines say what is sent"],
    ["send", ["@a", "--json", "--file", "x"], "--file does not go with --json, whose lines say what is sent"],
    ["send", ["@a", "--lines", "--repeat", "2"], "--repeat does not go with --lines"],
    ["send", ["@a", "--json", "--repeat", "2"], "--repeat does not go with --json"],
    ["send", ["@a", "--data", "x", "--reply-as", "hex"], "--reply-as is for --reply"],
    ["send", ["@a", "--data", "x", "--max-bytes", "9"], "--max-bytes is for --reply"],
    ["send", ["@a", "--type", "dgram", "--expect-uid", "0"], "--expect-uid is for connections: it is not known whose"],
    ["send", ["@a", "--from", "", "--expect-uid", "0"], "--expect-uid is for connections: it is not known whose"],
    ["send", ["fd:0", "--expect-uid", "0"], "--expect-uid is for connections that come about, and fd:0 is there"],
    [
      "recv",
      ["@a", "--type", "dgram", "--expect-uid", "0"],
      "--expect-uid is for connections: of datagrams --credentials",
    ],
    ["send", ["@a", "--type", "seqpacket", "--urgent", "!"], "--urgent is for streams: no other type has bytes out of"],
    ["send", ["@a", "--from", "", "--urgent", "!"], "--urgent is for streams: no other type has bytes out of"],
    ["recv", ["@a", "--type", "dgram", "--urgent"], "--urgent is for streams: --type stream"],
    ["recv", ["@a", "--listen", "--urgent"], "--urgent is for streams: --type stream"],
    ["send", ["@a", "--type", "dgram", "--listen"], "--listen waits for a connection, and datagrams have none"],
    ["send", ["@a", "--type", "dgram", "--end"], "--end ends a connection, and datagrams have none"],
    ["send", ["@a", "--from", "@b", "--listen"], "--from does not go with --listen"],
    ["send", ["fd:0", "--from", "@b"], "--from does not go with fd:0, which has its name"],
    ["send", ["@a", "--from", "@b", "--type", "stream"], "--from is for datagrams: on a connection answers come back"],
    ["send", ["@a", "--wait", "--listen"], "--wait is for connecting, and --listen waits anyway"],
    ["send", ["@a", "--mode", "0600"], "--mode is for the file of a socket that is made, and none is"],
    ["send", ["@a", "--listen", "--mode", "0600"], "--mode is for the file of a socket, and @a has none"],
    ["send", ["./a", "--from", "@b", "--mode", "0600"], "--mode is for the file of a socket, and @b has none"],
    ["recv", ["./a", "--mode", "0600"], "--mode is for the file of a socket that is made, and none is"],
    ["recv", ["@a", "--listen", "--mode", "0600"], "--mode is for the file of a socket, and @a has none"],
    ["recv", ["@a", "--wait", "--listen"], "--wait is for connecting, and --listen waits anyway"],
    ["recv", ["@a", "--wait", "-k"], "--wait is for connecting, and --listen waits anyway"],
    ["recv", ["@a", "--wait", "--type", "dgram"], "--wait is for connecting"],
    [
      "recv",
      ["@a", "-k", "--type", "dgram"],
      "--keep-listening is for connections: datagrams keep coming with --count 0",
    ],
    ["recv", ["@a", "--peek"], "--peek is for fd:N, whose messages somebody else can take afterwards"],
    ["recv", ["fd:0", "--peek", "--listen"], "--peek is for fd:N, whose messages somebody else can take afterwards"],
    ["recv", ["fd:0", "--peek", "--count", "2"], "--peek sees the same message each time"],
    ["recv", ["@a", "--text", "--json"], "--text and --json exclude each other"],
    ["recv", ["@a", "--hex", "--to-stdout"], "--hex and --to-stdout exclude each other"],
    ["recv", ["@a", "--raw", "--exec", "cat"], "--raw and --exec exclude each other"],
    ["recv", ["@a", "--exec"], "--exec needs a command: --exec CMD ARG…"],
    ["recv", ["@a", "--", "cat"], "recv takes no command behind --; write --exec CMD ARG…"],
  ];
  for (const [name, args, message] of cases) {
    const said = refused(name, args);
    assert(said.startsWith(message), `${name} ${args.join(" ")}: ${said}`);
  }
  const inProcesses: typeof cases = [
    ["send", ["./a", "--data", "x", "--file-mode", "read"], "--file-mode is for --file"],
    ["send", ["./a", "--listen", "--data", "x", "--lines"], "--lines is for what is read, not for --data"],
    ["recv", ["./a", "--listen", "--raw", "--exec", "cat"], "--raw and --exec exclude each other"],
  ];
  for (const [name, args, message] of inProcesses) {
    const { status, out, err } = await (name === "send" ? send : recv)(args, { cwd: directory.path });
    assertEquals([status, out], [2, ""], err);
    assert(err.startsWith(`ipcx ${name}: ${message}\n`), err);
    assertEquals(err.split("\n").length, 3, err);
  }
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});

claim("--reply takes 1 answer unless it is given another number, which is attached", () => {
  const answers = (...args: string[]): unknown => sendPlanFrom(parseCommand(SEND, ["@a", ...args])).answers;
  const plan = { format: "text", maxBytes: 1_048_576 };
  assertEquals(answers(), undefined);
  assertEquals(answers("--reply"), { ...plan, count: 1 });
  assertEquals(answers("-r"), { ...plan, count: 1 });
  assertEquals(answers("--reply=0"), { ...plan, count: 0 });
  assertEquals(answers("-r7"), { ...plan, count: 7 });
  assertEquals(answers("-r", "--reply-as", "raw", "--max-bytes", "5"), { count: 1, format: "raw", maxBytes: 5 });
  assertEquals(answers("-r", "--json"), { ...plan, count: 1, format: "json" });
});

claim("--credentials leaves one's own where nothing is given", () => {
  const credentials = (...args: string[]): unknown => sendPlanFrom(parseCommand(SEND, ["@a", ...args])).credentials;
  const own = { pid: Deno.pid, uid: Deno.uid(), gid: Deno.gid() };
  assertEquals(credentials(), undefined);
  assertEquals(credentials("--credentials"), own);
  assertEquals(credentials("--credentials=,,"), own);
  assertEquals(credentials("--credentials=1,,"), { ...own, pid: 1 });
  assertEquals(credentials("--credentials=,root,7"), { pid: Deno.pid, uid: 0, gid: 7 });
});

claim("--from is for datagrams, and makes the socket one", () => {
  const plan = sendPlanFrom(parseCommand(SEND, ["@a", "--from", ""]));
  assertEquals([plan.meeting.type, plan.from?.kind], ["dgram", "unnamed"]);
});

claim("how many messages are taken depends on what is asked for", () => {
  const count = (...args: string[]): unknown => recvPlanFrom(parseCommand(RECV, args)).count;
  assertEquals(count("@a"), undefined);
  assertEquals(count("@a", "-c", "3"), 3);
  assertEquals(count("@a", "-k"), 0);
  assertEquals(count("@a", "-k", "--count", "2"), 2);
  assertEquals(count("fd:0", "--peek"), 1);
});

claim("bytes that are not UTF-8 are not garbled on their way: they are refused", async () => {
  const script = '"$@" send @a --data "$(printf "\\377")"; echo $?; "$@" recv "./$(printf "\\377")"; echo $?';
  const ipcx = [Deno.execPath(), "run", "--quiet", "--allow-all", `${ROOT}cli.ts`];
  const { out, err } = await runProgram(["sh", "-c", script, "sh", ...ipcx]);
  assertEquals(out, "2\n2\n");
  assertEquals(err.split("is not UTF-8: send other bytes with --data-file").length, 3, err);
});
