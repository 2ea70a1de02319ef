import { assert, assertEquals } from "@std/assert";
import type { BeamPairOptions } from "../../src/beam/options.ts";
import { delay } from "../../src/core/delay.ts";
import type { Fd } from "../../src/core/fd.ts";
import { OPEN } from "../../src/core/linux.ts";
import { openPath } from "../../src/core/reach.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { connected, startBeam } from "./beaming.ts";
import type { ProcessOptions, Result } from "./program.ts";

/** What comes of a command that `ipcx beam recv` becomes, or runs, for one message. */
async function executed(
  command: readonly string[],
  data: string | Uint8Array<ArrayBuffer>,
  fds: readonly Fd[] = [],
  { wire = {}, options = [], how = {} }: { wire?: BeamPairOptions; options?: string[]; how?: ProcessOptions } = {},
): Promise<Result> {
  const address = ownName();
  const framed = wire.framed ? ["--framed"] : [];
  await using process = startBeam(["recv", "--listen", address, ...framed, ...options, "--exec", ...command], how);
  using beam = await connected(address, wire);
  await beam.send(data, fds);
  beam.end();
  return await process.ended();
}

const FRAMED = { framed: true };
/** Becoming the command, and starting it. */
const WAYS = [[], ["--count", "0"]];

claim("a command has the payload and the peer in its environment", async () => {
  const script = 'echo "$BEAM_DATA|${BEAM_DATA_BASE64-unset}|$BEAM_FDS|$BEAM_PID|$BEAM_UID|$BEAM_GID"';
  const peer = `${Deno.pid}|${Deno.uid()}|${Deno.gid()}`;
  const how = { env: { BEAM_DATA_BASE64: "of somebody else" } };
  for (const options of WAYS) {
    const { status, out, err } = await executed(["sh", "-c", script], "ä b\n", [], { options, how });
    assertEquals([status, out, err], [0, `ä b\n|unset|0|${peer}\n`, ""]);
  }
});

claim(
  "what a service manager has said to ipcx is not said to a command, though it has the same process id",
  async () => {
    const managed = {
      NOTIFY_SOCKET: "@none",
      WATCHDOG_USEC: "9",
      WATCHDOG_PID: "1",
      LISTEN_FDS: "1",
      LISTEN_PID: "1",
      LISTEN_FDNAMES: "x",
    };
    for (const options of WAYS) {
      const { status, out } = await executed(["env"], "x", [], { options, how: { env: managed } });
      assertEquals([status, Object.keys(managed).filter((name) => out.includes(`${name}=`))], [0, []]);
    }
  },
);

claim("a payload that is no text, or has a NUL, is there in Base64, and only so", async () => {
  const script = 'echo "${BEAM_DATA-unset} $BEAM_DATA_BASE64"';
  for (const [data, base64] of [[new Uint8Array([0xff]), "/w=="], ["a\0b", "YQBi"]] as const) {
    assertEquals((await executed(["sh", "-c", script], data)).out, `unset ${base64}\n`);
  }
});

claim("a payload that the environment cannot hold is refused; the largest that it can is not", async () => {
  const count = ["sh", "-c", 'printf %s "$BEAM_DATA$BEAM_DATA_BASE64" | wc -c'];
  const fits: [string | Uint8Array<ArrayBuffer>, number][] = [
    ["x".repeat(131_061), 131_061],
    [new Uint8Array(98_289), 131_052],
  ];
  for (const [data, length] of fits) {
    const { out, err } = await executed(count, data, [], { wire: FRAMED });
    assertEquals([out.trim(), err], [`${length}`, ""]);
  }
  const tooMany: [string | Uint8Array<ArrayBuffer>, string][] = [
    ["x".repeat(131_062), "131062 bytes: too many for BEAM_DATA in the environment of a command, which holds 131061"],
    [new Uint8Array(98_290), "98290 bytes: too many for BEAM_DATA_BASE64 in the environment of a command, which holds"],
  ];
  for (const options of WAYS) {
    for (const [data, message] of tooMany) {
      const { status, out, err } = await executed(count, data, [], { wire: FRAMED, options });
      assertEquals([status, out], [1, ""]);
      assert(err.startsWith(`ipcx beam: the message has ${message}`), err);
    }
  }
});

claim("its standard input and output are the descriptor, as far as that can be read and written", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("f");
  const script = 'read line; echo "got $line"';
  for (const options of WAYS) {
    Deno.writeTextFileSync(file, "held\n");
    using reader = openPath(file, OPEN.READ);
    assertEquals((await executed(["sh", "-c", script], "x", [reader], { options })).out, "got held\n");
    using writer = openPath(file, OPEN.WRITE | OPEN.APPEND);
    assertEquals((await executed(["sh", "-c", script], "x", [writer], { options })).out, "");
    assertEquals(Deno.readTextFileSync(file), "held\ngot \n");
    using both = openPath(file, OPEN.READ | OPEN.WRITE);
    assertEquals((await executed(["sh", "-c", "cat >/dev/null; echo end"], "x", [both], { options })).out, "");
    assertEquals(Deno.readTextFileSync(file), "held\ngot \nend\n");
    using place = openPath(file);
    assertEquals((await executed(["sh", "-c", script], "x", [place], { options })).out, "got \n");
    assertEquals((await executed(["sh", "-c", script], "x", [], { options })).out, "got \n");
  }
});

claim("a socket is both, and waits, as a command expects", async () => {
  for (const options of WAYS) {
    const [near, far] = UnixSocket.pair();
    const script = 'echo ready; read line; echo "got $line"';
    const ended = executed(["sh", "-c", script], "x", [far.fd], { options });
    assertEquals((await near.receive())!.text, "ready\n");
    // A socket that did not wait would have given sh an error by then.
    await delay(50);
    await near.send("hello\n");
    assertEquals((await near.receive())!.text, "got hello\n");
    far.close();
    const { status, out, err } = await ended;
    assertEquals([status, out, err], [0, "", ""]);
    near.close();
  }
});

claim("further descriptors are there from 3 on, and nothing else is open", async () => {
  using directory = new OwnDirectory();
  using stack = new DisposableStack();
  const fds = ["a", "b", "c"].map((name) => {
    Deno.writeTextFileSync(directory.file(name), name);
    return stack.use(openPath(directory.file(name), OPEN.READ));
  });
  // The last is the one that ls reads from; a shell that waits for it could have pipes of its own.
  const script = 'echo "$BEAM_FDS $(readlink /proc/$$/fd/3 /proc/$$/fd/4 | tr "\\n" " ")"; exec ls -x /proc/self/fd';
  for (const options of WAYS) {
    const { out } = await executed(["bash", "-c", script], "x", fds, { wire: FRAMED, options });
    assertEquals(out, `3 ${directory.file("b")} ${directory.file("c")} \n0  1  2  3  4  5\n`);
  }
});

claim("of one message ipcx becomes the command: the same process, its status, its signal", async () => {
  assertEquals((await executed(["sh", "-c", "exit 7"], "x")).status, 7);
  const killed = await executed(["sh", "-c", "kill -TERM $$"], "x");
  assertEquals([killed.status, killed.signal], [143, "SIGTERM"]);
  const address = ownName();
  await using process = startBeam(["recv", "--listen", address, "--exec", "sh", "-c", "echo $$"]);
  using beam = await connected(address);
  await beam.send("x");
  assertEquals((await process.ended()).out, `${process.child.pid}\n`);
});

claim(
  "of several messages it runs one command after the other, and ends with the last status that was not 0",
  async () => {
    const address = ownName();
    const script = 'echo "$BEAM_DATA begins"; sleep 0.05; echo "$BEAM_DATA ends"; exit $BEAM_DATA';
    const options = ["--type", "seqpacket", "--count", "3"];
    await using process = startBeam(["recv", "--listen", address, ...options, "--exec", "sh", "-c", script]);
    using beam = await connected(address, { type: "seqpacket" });
    for (const text of ["4", "5", "0"]) await beam.send(text);
    const { status, out } = await process.ended();
    assertEquals(out, ["4", "5", "0"].map((text) => `${text} begins\n${text} ends\n`).join(""));
    assertEquals(status, 5);
  },
);

claim("a command that is not there, or cannot be run, has the status that a shell gives", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("data"), "not a program");
  for (const options of WAYS) {
    const none = await executed([directory.file("none")], "x", [], { options });
    assertEquals([none.status, none.out], [127, ""]);
    assert(none.err.startsWith(`ipcx beam: execve ${directory.file("none")}: No such file or directory`), none.err);
    const data = await executed([directory.file("data")], "x", [], { options });
    assertEquals([data.status, data.out], [126, ""]);
    assert(data.err.startsWith(`ipcx beam: execve ${directory.file("data")}: Permission denied`), data.err);
  }
});

claim("its arguments are bytes, whatever they mean", async () => {
  const { out } = await executed(["printf", "%s|", "ä", "", "-n", "--help"], "x");
  assertEquals(out, "ä||-n|--help|");
});

claim("a descriptor that goes with the message is not the sender's alone: both are told of the same file", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("f"), "one\ntwo\n");
  using fd = openPath(directory.file("f"), OPEN.READ);
  assertEquals((await executed(["dd", "bs=4", "count=1", "status=none"], "x", [fd])).out, "one\n");
  assertEquals((await executed(["cat"], "x", [fd])).out, "two\n");
});
