import { assertEquals, assertThrows } from "@std/assert";
import { type Arguments, parseCommand, UsageError } from "../../src/cli/parse.ts";
import { NSEXEC, SPAWN } from "../../src/cli/spawn_table.ts";
import { claim } from "../claim.ts";

function parsed(...args: string[]): Arguments {
  return parseCommand(SPAWN, args);
}

function refused(...args: string[]): string {
  return assertThrows(() => parsed(...args), UsageError).message;
}

/** All options that were given, with their values. */
function given(args: Arguments): Record<string, string[]> {
  const names = SPAWN.options.map(({ name }) => name).filter((name) => args.has(name));
  return Object.fromEntries(names.map((name) => [name, args.all(name)]));
}

claim("the options end where the command begins, with or without --", () => {
  const cases: [string[], string[]][] = [
    [["ls", "-l"], ["ls", "-l"]],
    [["--", "ls", "-l"], ["ls", "-l"]],
    [["--exec", "ls", "--net=blue", "--", "x"], ["ls", "--net=blue", "--", "x"]],
    [["--keep-fd", "3", "ls", "-k", "4"], ["ls", "-k", "4"]],
    [["-k", "3", "--", "ls"], ["ls"]],
    [["--keep-fd=3", "ls"], ["ls"]],
    [["--", "--odd"], ["--odd"]],
    [["--", "--"], ["--"]],
    [["-"], ["-"]],
    [["ls", ""], ["ls", ""]],
    [[""], [""]],
  ];
  for (const [args, command] of cases) assertEquals(parsed(...args).command, command, `${args}`);
});

claim("no command is told apart from -- without one", () => {
  assertEquals(parsed("--exec").command, undefined);
  assertEquals(parsed().command, undefined);
  assertEquals(refused("--"), "there is no command behind --");
  assertEquals(refused("--exec", "--"), "there is no command behind --");
});

claim("a value that may be left out is only taken when it is attached", () => {
  const cases: [string[], Record<string, string[]>][] = [
    [["--net", "blue"], { net: [""] }],
    [["--net=blue", "ls"], { net: ["blue"] }],
    [["--net=", "ls"], { net: [""] }],
    [["-n", "blue"], { net: [""] }],
    [["-n=blue", "ls"], { net: ["blue"] }],
    [["-n/run/netns/blue", "ls"], { net: ["/run/netns/blue"] }],
    [["-n123", "ls"], { net: ["123"] }],
    [["--wd", "/tmp"], { wd: [""] }],
    [["--kill-child=TERM", "ls"], { "kill-child": ["TERM"] }],
    [["--kill-child", "TERM"], { "kill-child": [""] }],
    [["--listen-fds=a:b", "ls"], { "listen-fds": ["a:b"] }],
  ];
  for (const [args, values] of cases) {
    assertEquals(given(parsed(...args)), values, `${args}`);
    assertEquals(parsed(...args).command, args.slice(1), `${args}`);
  }
});

claim("letters can stand together, the last of them with a value", () => {
  const cases: [string[], Record<string, string[]>][] = [
    [["-mn", "ls"], { mnt: [""], net: [""] }],
    [["-al", "ls"], { all: [""], local: [""] }],
    [["-t", "12", "-a", "ls"], { target: ["12"], all: [""] }],
    [["-at", "12", "ls"], { target: ["12"], all: [""] }],
    [["-mnt", "12", "ls"], { target: ["12"], mnt: [""], net: [""] }],
    [["-mpniuUCTw", "ls"], {
      mnt: [""],
      pid: [""],
      net: [""],
      ipc: [""],
      uts: [""],
      user: [""],
      cgroup: [""],
      time: [""],
      wd: [""],
    }],
  ];
  for (const [args, values] of cases) {
    assertEquals(given(parsed(...args)), values, `${args}`);
    assertEquals(parsed(...args).command, ["ls"], `${args}`);
  }
});

claim("what follows a letter that needs a value is its value", () => {
  const cases: [string[], Record<string, string[]>][] = [
    [["-rk", "ls"], { root: ["k"] }],
    [["-k3", "ls"], { "keep-fd": ["3"] }],
    [["-k3=4", "ls"], { "keep-fd": ["3=4"] }],
    [["-eA=b", "ls"], { env: ["A=b"] }],
    [["-ek=t", "ls"], { env: ["k=t"] }],
  ];
  for (const [args, values] of cases) {
    assertEquals(given(parsed(...args)), values, `${args}`);
    assertEquals(parsed(...args).command, ["ls"], `${args}`);
  }
});

claim("a number below zero is a value, not an option", () => {
  assertEquals(given(parsed("--nice", "-5", "ls")), { nice: ["-5"] });
  assertEquals(parsed("--nice", "-5", "ls").command, ["ls"]);
  assertEquals(given(parsed("--oom-score-adj", "-500", "--nice=-1", "ls")), {
    "oom-score-adj": ["-500"],
    nice: ["-1"],
  });
  assertEquals(refused("-5", "ls"), "unknown option '-5'");
  assertEquals(refused("--nice", "--exec", "ls"), "--nice needs a value: --nice N");
});

claim("options that are unknown, incomplete or given twice are refused before the command is looked at", () => {
  assertEquals(refused("--nett=blue", "ls"), "unknown option '--nett=blue'");
  assertEquals(refused("-x", "ls"), "unknown option '-x'");
  assertEquals(refused("--keep-fd"), "--keep-fd needs a value: --keep-fd N[=M]");
  assertEquals(refused("-k", "--", "ls"), "--keep-fd needs a value: --keep-fd N[=M]");
  assertEquals(refused("--net=a", "-n", "ls"), "--net was given more than once");
  assertEquals(refused("--uid", "1", "-S", "2", "ls"), "--uid was given more than once");
});

claim("nsexec's values are not optional, as that program has it", () => {
  const args = parseCommand(NSEXEC, ["-n", "/proc/1/ns/net", "--mnt=/m", "-lk", "3", "ls", "-l"]);
  assertEquals([args.get("net"), args.get("mnt"), args.all("keep-fd")], ["/proc/1/ns/net", "/m", ["3"]]);
  assertEquals(args.command, ["ls", "-l"]);
  const bare = assertThrows(() => parseCommand(NSEXEC, ["--net", "--", "ls"]), UsageError);
  assertEquals(bare.message, "--net needs a value: --net FILE");
});
