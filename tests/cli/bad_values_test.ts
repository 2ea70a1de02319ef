import { assert, assertEquals } from "@std/assert";
import { COMMANDS } from "../../src/cli/table.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { ipcx } from "./program.ts";

const NO_DURATION = "is no duration: write seconds, or a number with ms, s, m or h";
const NO_MODE = "is no mode: write three octal digits, such as 0660";
const NO_ADDRESS = "is no address: write ./x for a file, @x for an abstract name, or fd:N";

/** Any text may be the name of a file. */
const NAMESPACES = { mnt: [], pid: [], net: [], ipc: [], uts: [], user: [], cgroup: [], time: [] };

/** For each option with a value: bad values, and what is said of them. */
const BAD: Record<string, Record<string, [value: string, message: string][]>> = {
  broker: {
    socket: [["x", NO_ADDRESS], ["fd:x", "fd: is followed by a descriptor's number"], ["@a\\q", "after a backslash"]],
    mode: [["9", NO_MODE], ["1777", NO_MODE]],
    owner: [["no-such-user", "there is no user 'no-such-user' in /etc/passwd"], ["4294967296", "too high"]],
    group: [["no-such-group", "there is no group 'no-such-group' in /etc/group"], ["4294967295", "too high"]],
    control: [["x", NO_ADDRESS]],
    "max-clients": [["0", "1 is the least"], ["many", "is no whole number"]],
    "max-clients-per-uid": [["0", "1 is the least"], ["1.5", "is no whole number"]],
    "max-waiting-per-key": [["0", "1 is the least"], ["-1", "is no whole number"]],
    "request-timeout": [["soon", NO_DURATION]],
    "pair-timeout": [["1d", NO_DURATION], ["600h", "24 days is the most"]],
    "connections-per-second": [["1/s", "is no whole number"]],
    access: [
      ["permit", "a rule begins with allow or deny, not 'permit'"],
      ["allow uid=no-such-user", "there is no user 'no-such-user'"],
      ["allow pid=1", "a condition is uid=, gid=, key= or socket= with a value"],
    ],
    "access-file": [["/nonexistent/rules", "No such file or directory"]],
    pidfile: [],
    "log-level": [["loud", "is none of debug, info, warn, error, critical"]],
    "log-format": [["xml", "is none of text, json"]],
    "log-file": [],
  },
  brokerctl: { socket: [["x", NO_ADDRESS]], control: [["x", NO_ADDRESS]] },
  pair: {
    socket: [["x", NO_ADDRESS]],
    timeout: [["never", NO_DURATION]],
    fd: [["three", "is no whole number"], ["1048576", "is too high: 1048575 is the most"]],
  },
  spawn: {
    target: [["0", "is no process: write PID or PID:INODE"], ["12x", "is no process: write PID or PID:INODE"]],
    ...NAMESPACES,
    "keep-fd": [
      ["x", "is no whole number"],
      ["3=", "'' is no whole number"],
      ["3=4=5", "is not N or N=M"],
      ["1048576", "is too high: 1048575 is the most"],
    ],
    listen: [["3", "is not N=ADDR"], ["x=@a", "is not N=ADDR"], ["3=x", NO_ADDRESS], ["3=-", "is no address"]],
    socketpair: [["3", "is not N=ADDR"], ["3=x", NO_ADDRESS], ["1048576=-", "is too high: 1048575 is the most"]],
    "listen-fds": [],
    uid: [["no-such-user", "there is no user 'no-such-user' in /etc/passwd"], ["4294967295", "too high"]],
    gid: [["no-such-group", "there is no group 'no-such-group' in /etc/group"], ["4294967295", "too high"]],
    groups: [["0,no-such-group", "there is no group 'no-such-group' in /etc/group"]],
    root: [],
    wd: [],
    wdns: [],
    env: [["x", "is not NAME=VALUE"], ["=x", "is not NAME=VALUE"]],
    "cap-drop": [["CHOWN,nope", "there is no capability 'nope'"]],
    rlimit: [
      ["nofile", "is no limit: write NAME=SOFT or NAME=SOFT:HARD"],
      ["x=1", "there is no resource 'x': there are cpu, fsize,"],
      ["nofile=5:3", "the soft limit 5 is above the hard one, 3"],
    ],
    "oom-score-adj": [["1001", "is not within -1000 and 1000"], ["much", "is no whole number"]],
    nice: [["20", "is not within -20 and 19"], ["-21", "is not within -20 and 19"]],
    "cgroup-path": [],
    "kill-child": [["NOPE", "there is no signal 'NOPE'"], ["65", "there is no signal '65'"]],
    "pid-file": [],
    "status-fd": [["x", "is no whole number"]],
    timeout: [["soon", NO_DURATION]],
    grace: [["soon", NO_DURATION]],
  },
  nsexec: {
    ...Object.fromEntries(Object.entries(NAMESPACES).filter(([kind]) => !["uts", "user", "time"].includes(kind))),
    "keep-fd": [["x", "is no whole number"]],
    "library-path": [],
  },
  beam: {
    type: [["dgram", "is none of stream, seqpacket"]],
    "max-bytes": [["0", "1 is the least"], ["1k", "is no whole number"]],
    timeout: [["soon", NO_DURATION], ["600h", "24 days is the most"]],
    mode: [["9", NO_MODE]],
    data: [],
    "data-file": [],
    fd: [["x", "is no whole number"], ["1048576", "is too high: 1048575 is the most"]],
    file: [],
    "file-mode": [["rw", "is none of read, write, append, read-write"]],
    count: [["all", "is no whole number"], ["-1", "is no whole number"]],
    "max-clients": [["0", "1 is the least"]],
    "max-children": [["0", "1 is the least"]],
    grace: [["soon", NO_DURATION]],
    "type-b": [["raw", "is none of stream, seqpacket"]],
    "log-level": [["loud", "is none of debug, info, warn, error, critical"]],
    "log-format": [["xml", "is none of text, json"]],
    "log-file": [],
    exec: [],
  },
  send: {
    type: [["raw", "is none of seqpacket, stream, dgram"]],
    data: [],
    "data-file": [],
    repeat: [["0", "1 is the least"], ["twice", "is no whole number"]],
    fd: [["x", "is no whole number"], ["1048576", "is too high: 1048575 is the most"]],
    file: [],
    "file-mode": [["rw", "is none of read, write, append, read-write"]],
    credentials: [
      ["1,2", "'1,2' is not PID,UID,GID"],
      ["0,,", "'0' is no process id"],
      ["2147483648,,", "'2147483648' is no process id"],
      [",no-such-user,", "there is no user 'no-such-user' in /etc/passwd"],
      [",,4294967295", "too high"],
    ],
    "send-buffer": [["0", "1 is the least"], ["1M", "is no whole number"]],
    from: [["x", NO_ADDRESS], ["fd:3", "'fd:3' is no name"]],
    "expect-uid": [["no-such-user", "there is no user 'no-such-user' in /etc/passwd"], ["4294967295", "too high"]],
    urgent: [["ab", "'ab' is 2 bytes, not one"], ["\\q", "after a backslash comes"]],
    reply: [["all", "is no whole number"], ["-1", "is no whole number"]],
    "reply-as": [["xml", "is none of text, json, hex, raw"]],
    "max-bytes": [["0", "1 is the least"], ["2147483648", "2147483647 is the most"]],
    timeout: [["soon", NO_DURATION], ["600h", "24 days is the most"]],
    mode: [["9", NO_MODE]],
  },
  recv: {
    type: [["raw", "is none of seqpacket, stream, dgram"]],
    "expect-uid": [["no-such-user", "there is no user 'no-such-user' in /etc/passwd"]],
    timeout: [["soon", NO_DURATION]],
    mode: [["9", NO_MODE]],
    count: [["all", "is no whole number"], ["-1", "is no whole number"]],
    "max-bytes": [["0", "1 is the least"], ["1k", "is no whole number"], ["2147483648", "2147483647 is the most"]],
    exec: [],
  },
  lock: {
    timeout: [["soon", NO_DURATION], ["600h", "24 days is the most"]],
    "conflict-exit-code": [["x", "is no whole number"], ["256", "'256' is too high: 255 is the most"]],
    "expect-uid": [["no-such-user", "there is no user 'no-such-user' in /etc/passwd"], ["4294967295", "too high"]],
  },
  hold: {
    socket: [["x", NO_ADDRESS]],
    listen: [
      ["web", "is not NAME=WHERE"],
      ["a:b=@web", "'a:b' is no name"],
      ["web=tcp:80", "is no place to listen: write tcp:HOST:PORT or tcp:[IPV6]:PORT"],
      ["web=x", NO_ADDRESS],
      ["web=./x,mode=9", NO_MODE],
    ],
    mode: [["9", NO_MODE]],
    owner: [["no-such-user", "there is no user 'no-such-user' in /etc/passwd"]],
    group: [["no-such-group", "there is no group 'no-such-group' in /etc/group"]],
    access: [["allow op=steal", "'steal' is none of store, retrieve, list, drop, status"]],
    "access-file": [["/nonexistent/rules", "No such file or directory"]],
    expire: [["soon", NO_DURATION]],
    "max-held": [["0", "1 is the least"]],
    "max-held-per-uid": [["0", "1 is the least"]],
    "max-clients": [["many", "is no whole number"]],
    "max-clients-per-uid": [["-1", "is no whole number"]],
    "request-timeout": [["soon", NO_DURATION]],
    pidfile: [],
    "log-level": [["loud", "is none of debug, info, warn, error, critical"]],
    "log-format": [["xml", "is none of text, json"]],
    "log-file": [],
    fd: [["x", "is no whole number"], ["1048576", "is too high: 1048575 is the most"]],
    timeout: [["soon", NO_DURATION]],
  },
  proxy: {
    config: [],
    pidfile: [],
    "log-level": [["loud", "is none of debug, info, warn, error, critical"]],
    "log-format": [["xml", "is none of text, json"]],
    "log-file": [],
  },
  limits: { only: [["speed", "is none of kernel, messages, "], ["dgram-largest", "is none of kernel, messages, "]] },
  doctor: { only: [["health", "is none of program, proc, "], ["@x", "is none of program, proc, "]] },
  sockets: {
    type: [["raw", "is none of stream, seqpacket, dgram"]],
    state: [["open", "is none of listening, pending, connected, half-closed, closing, unconnected"]],
    name: [],
    pid: [["0", "1 is the least"], ["self", "is no whole number"]],
    uid: [["no-such-user", "there is no user 'no-such-user' in /etc/passwd"], ["4294967295", "too high"]],
    net: [],
    sort: [["size", "is none of address, inode, recv, send"]],
    watch: [["often", NO_DURATION], ["0", "1ms is the least"]],
  },
  "one-socket": {},
  completions: {},
};

/** What a command needs beside the option. */
const REST: Record<string, string[]> = {
  brokerctl: ["status"],
  pair: ["key", "--", "true"],
  spawn: ["true"],
  nsexec: ["true"],
  beam: ["recv", "@nowhere"],
  send: ["@nowhere"],
  recv: ["@nowhere"],
  lock: ["@x", "--", "true"],
  proxy: ["--config=none.yaml"],
};

claim("there are bad values for every option that has a value", () => {
  for (const { name, options } of COMMANDS) {
    const withValue = options.filter(({ value }) => value).map((option) => option.name);
    assertEquals(Object.keys(BAD[name]).sort(), withValue.sort(), name);
  }
});

for (const [command, options] of Object.entries(BAD)) {
  const bad = Object.entries(options).flatMap(([name, cases]) => cases.map((one) => [name, ...one]));
  if (bad.length === 0) continue;
  claim(`every bad value of ${command} has status 2 and a message with the option and the reason`, async () => {
    using directory = new OwnDirectory();
    const env = { ONE_SOCKET_PATH: directory.file("s") };
    for (const [name, value, message] of bad) {
      const { status, out, err } = await ipcx([command, `--${name}=${value}`, ...(REST[command] ?? [])], { env });
      assertEquals({ status, out }, { status: 2, out: "" }, `${name}=${value}: ${err}`);
      assert(err.startsWith(`ipcx ${command}: --${name}: `), err);
      assert(err.includes(message), err);
      assertEquals(err.split("\n").length, 3, err);
    }
    assertEquals(Array.from(Deno.readDirSync(directory.path)), [], "no socket was left");
  });
}

claim("a bad rule in an access file is named by file and line", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("rules");
  Deno.writeTextFileSync(file, "# who may\nallow uid=0\n\nallow everybody\n");
  const { status, err } = await ipcx(["broker", "-s", directory.file("s"), "--access-file", file]);
  assertEquals(status, 2);
  assert(err.startsWith(`ipcx broker: --access-file: ${file}:4: 'everybody': a condition is`), err);
});

claim("a log file that cannot be opened is a failure, and nothing is served", async () => {
  using directory = new OwnDirectory();
  const { status, err } = await ipcx(["broker", "-s", directory.file("s"), "--log-file", directory.file("no/log")]);
  assertEquals(status, 1);
  assert(err.includes(directory.file("no/log")), err);
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});

claim("words that nobody asked for are refused", async () => {
  const cases: [string[], string][] = [
    [["broker", "start"], "unexpected 'start'"],
    [["broker", "--", "true"], "broker takes no command behind --"],
    [["pair", "one", "two"], "unexpected 'two'; a command stands behind --"],
    [["completions", "tcsh"], "completions takes one word: bash, zsh or fish"],
    [["completions", "constructor"], "completions takes one word: bash, zsh or fish"],
    [["completions", "bash", "zsh"], "completions takes one word: bash, zsh or fish"],
    [["completions"], "completions takes one word: bash, zsh or fish"],
  ];
  for (const [args, message] of cases) {
    const { status, out, err } = await ipcx(args);
    assertEquals({ status, out }, { status: 2, out: "" }, args.join(" "));
    assert(err.startsWith(`ipcx ${args[0]}: ${message}\n`), err);
  }
});
