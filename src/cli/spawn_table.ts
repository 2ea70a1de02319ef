/**
 * What a user can type behind `ipcx spawn` and `nsexec`: a part of the table.
 *
 * @module
 */

import type { CommandSpec, OptionSpec } from "./command_spec.ts";

const WHERE = "FILE|PID";

function namespace(name: string, short: string, what: string): OptionSpec {
  return { name, short, value: WHERE, optional: true, help: `join this ${what}; without a value, the target's` };
}

/** `ipcx spawn`. */
export const SPAWN: CommandSpec = {
  name: "spawn",
  summary: "start a program in other namespaces, with sockets in its hands",
  usage: ["spawn [options] [--] CMD [ARG…]"],
  details: `The options end where CMD begins. A value that may be left out has to be
attached: --net=/run/netns/blue, or --net=blue. CMD has standard input, output
and error, and what --keep-fd, --listen and --socketpair give it; everything
else is closed. While it runs, ipcx is a waiter of a megabyte that forwards
signals to it, stops and goes on with it, and ends as it ends.

Exit status: that of CMD, and its signal if one ended it; 124 after --timeout,
126 if CMD cannot be run, 127 if it is not there, 1 for any other failure, 2
for arguments that cannot be understood.`,
  options: [
    {
      name: "target",
      short: "t",
      value: "PID",
      help: "the process whose namespaces are meant: PID, or PID:INODE of its pidfd",
    },
    { name: "all", short: "a", help: "join all namespaces of the target" },
    namespace("mnt", "m", "mount namespace"),
    namespace("pid", "p", "pid namespace"),
    namespace("net", "n", "network namespace; a name is one of ip-netns(8)"),
    namespace("ipc", "i", "IPC namespace"),
    namespace("uts", "u", "UTS namespace"),
    namespace("user", "U", "user namespace"),
    namespace("cgroup", "C", "cgroup namespace"),
    namespace("time", "T", "time namespace"),
    {
      name: "local",
      short: "l",
      help: "take CMD and its libraries from here, although it runs in the other mount namespace",
    },
    {
      name: "keep-fd",
      short: "k",
      value: "N[=M]",
      multiple: true,
      help: "pass on descriptor N, as M if given; may be repeated",
    },
    {
      name: "listen",
      value: "N=ADDR",
      multiple: true,
      help: "listen at ADDR and pass the socket as descriptor N; may be repeated",
    },
    {
      name: "socketpair",
      value: "N=ADDR",
      multiple: true,
      help:
        "pass one end of a new socket pair as N, send the other to who listens at ADDR; - for standard input and output",
    },
    {
      name: "listen-fds",
      value: "NAMES",
      optional: true,
      help: "announce the descriptors from 3 on by LISTEN_FDS; their names, with colons between",
    },
    { name: "uid", short: "S", value: "USER", help: "run as this user, a name or a number" },
    { name: "gid", short: "G", value: "GROUP", help: "run as this group, a name or a number [the user's]" },
    {
      name: "groups",
      value: "LIST",
      help: "supplementary groups, with commas between [none, if --uid or --gid is given]",
    },
    {
      name: "root",
      short: "r",
      value: "DIR",
      help: "change the root directory to DIR as seen from here [the target's]",
    },
    {
      name: "wd",
      short: "w",
      value: "DIR",
      optional: true,
      help: "begin in DIR as seen from here; without a value, where the target is",
    },
    { name: "wdns", value: "DIR", help: "begin in DIR as seen from there" },
    { name: "env", short: "e", value: "NAME=VALUE", multiple: true, help: "set a variable; may be repeated" },
    { name: "clear-env", help: "begin with no variables but those of --env" },
    { name: "no-new-privs", help: "let nothing gain privileges by exec" },
    { name: "cap-drop", value: "LIST", multiple: true, help: "take away capabilities, by name, or ALL" },
    {
      name: "rlimit",
      value: "NAME=LIMIT",
      multiple: true,
      help: "set a resource limit: SOFT, or SOFT:HARD; may be repeated",
    },
    { name: "oom-score-adj", value: "N", help: "how likely it is to be killed when memory runs out, -1000 to 1000" },
    { name: "nice", value: "N", help: "niceness, -20 to 19" },
    {
      name: "cgroup-path",
      value: "DIR",
      help: "begin in this control group (version 2), a directory or a path below its mount",
    },
    { name: "new-session", help: "begin a new session, without a terminal" },
    { name: "pty", help: "give it a terminal of its own, for job control there" },
    { name: "kill-child", value: "SIGNAL", optional: true, help: "send it SIGNAL when ipcx is killed [SIGKILL]" },
    { name: "pid-file", value: "FILE", help: "write its process id to FILE; removed in the end" },
    { name: "status-fd", value: "N", help: "tell of its start and end on descriptor N, as lines of JSON" },
    { name: "timeout", value: "TIME", help: "end it with SIGTERM after this time" },
    { name: "grace", value: "TIME", help: "kill it if it still runs this long after that [5s]" },
    { name: "exec", help: "become CMD instead of waiting for it" },
  ],
  takesCommand: true,
  stopsAtCommand: true,
};

/** `nsexec`: the options of that program. */
export const NSEXEC: CommandSpec = {
  name: "nsexec",
  summary: "spawn as nsexec is; also when ipcx is called by that name",
  usage: ["nsexec [options] [--] CMD [ARG…]"],
  details: `Unlike nsexec: descriptors that are not kept are closed, --local works with
static programs and scripts, all signals are forwarded, and it ends as CMD ends.`,
  options: [
    { name: "cgroup", short: "c", value: "FILE", help: "join this cgroup namespace" },
    { name: "ipc", short: "i", value: "FILE", help: "join this IPC namespace" },
    { name: "mnt", short: "m", value: "FILE", help: "join this mount namespace" },
    { name: "net", short: "n", value: "FILE", help: "join this network namespace" },
    { name: "pid", short: "p", value: "FILE", help: "join this pid namespace" },
    { name: "local", short: "l", help: "take CMD and its libraries from here" },
    { name: "keep-fd", short: "k", value: "N", multiple: true, help: "pass on descriptor N; may be repeated" },
    { name: "library-path", value: "FILE", help: "not needed: understood, and not looked at" },
  ],
  takesCommand: true,
  stopsAtCommand: true,
};
