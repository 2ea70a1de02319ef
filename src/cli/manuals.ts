/**
 * What the manual page of each subcommand tells beyond the table.
 *
 * @module
 */

import { BROKER_MANUALS } from "./broker_manuals.ts";
import { ACCOUNTS, COMMAND_STATUSES, type Entry, type Manual, SEARCH, SERVICE_VARIABLES } from "./manual.ts";

const RUNTIME = ["XDG_RUNTIME_DIR", "the directory of that socket for other users than root"] as const;
const RUNS_CMD = [["126", "CMD of --exec cannot be run"], ["127", "there is no such CMD"]] as const;

/** By the names of the subcommands. */
export const MANUALS: Readonly<Record<string, Manual>> = {
  spawn: {
    variables: [SEARCH],
    files: [["/run/netns/NAME", "the network namespace NAME, made by ip-netns(8)"], ACCOUNTS],
    examples: [
      {
        what: "Run a program in the network namespace of a process, with descriptor 3 in its hands:",
        lines: ["ipcx spawn --net=/proc/4711/ns/net --keep-fd=3 ./server 3< file"],
      },
      {
        what: "Run a program of this host in a container that has no such program:",
        lines: ["ipcx spawn --target 4711 --all --local ps -eo args"],
      },
      {
        what: "Pass on a listening socket, announced as a service manager does it:",
        lines: ["ipcx spawn --listen 3=./here.socket --listen-fds=web ./server"],
      },
      { what: "End it if it takes too long:", lines: ["ipcx spawn --timeout 30s --grace 2s ./job"] },
    ],
    seeAlso: ["nsenter(1)", "setns(2)", "namespaces(7)", "capabilities(7)"],
  },
  nsexec: {
    asProgram: "start a program in other namespaces, as a part of ipcx",
    statuses: COMMAND_STATUSES,
    variables: [SEARCH],
    examples: [
      {
        what: "Run a helper of this host in the namespaces of a container:",
        lines: [
          "ipcx nsexec --mnt=/proc/4711/ns/mnt --net=/proc/4711/ns/net \\",
          "  --local --keep-fd=3 ./server",
        ],
      },
    ],
    seeAlso: ["setns(2)", "namespaces(7)"],
  },
  ...BROKER_MANUALS,
  beam: {
    statuses: [...RUNS_CMD, ["any other", "of recv --exec: that of CMD"]],
    variables: [SEARCH, ...SERVICE_VARIABLES.map(([name, what]): Entry => [name, `of listen: ${what}`])],
    examples: [
      {
        what: "Send an open file, and read it as a user who may not open it:",
        lines: [
          "ipcx beam recv --listen ./gift \\",
          "  --exec setpriv --reuid nobody --clear-groups cat",
          "ipcx beam send --wait ./gift --data 'for you' --file secret",
        ],
      },
      {
        what: "Serve: a command for each message, which answers at its standard output:",
        lines: [
          "ipcx beam listen ./clock --exec sh -c 'echo \"hello $BEAM_DATA\"'",
          "ipcx beam call --wait ./clock --data Alice",
        ],
      },
    ],
    seeAlso: ["unix(7)", "cmsg(3)"],
  },
  send: {
    examples: [
      {
        what: "Send a packet and an open file:",
        lines: ["ipcx send --wait ./box --data 'the users' --file /etc/passwd"],
      },
      {
        what: "Ask a service and print what it answers:",
        lines: ["ipcx send ./sums --data '6 * 7' --end --reply=0 --reply-as raw"],
      },
      { what: "Tell a service manager:", lines: ['ipcx send "$NOTIFY_SOCKET" --data READY=1'] },
    ],
    seeAlso: ["unix(7)", "sendmsg(2)"],
  },
  recv: {
    statuses: [...RUNS_CMD, ["any other", "that of CMD; of several, that of the last one that failed"]],
    variables: [SEARCH],
    examples: [
      { what: "Print one packet:", lines: ["ipcx recv --listen ./box"] },
      {
        what: "Print all datagrams, and who has sent them, as JSON:",
        lines: ["ipcx recv --type dgram ./box --credentials --json --count 0"],
      },
      {
        what: "Answer each datagram:",
        lines: [
          "ipcx recv --type dgram ./shout \\",
          "  --exec sh -c 'tr a-z A-Z | ipcx send \"$PACKET_FROM\"'",
        ],
      },
    ],
    seeAlso: ["unix(7)", "recvmsg(2)"],
  },
  lock: {
    variables: [SEARCH],
    examples: [
      { what: "Run a backup unless one runs already:", lines: ["ipcx lock @backup -- ./backup /srv"] },
      {
        what: "Wait a minute for the other one, and then give up with a status of one's own:",
        lines: ["ipcx lock --timeout 1m --conflict-exit-code 75 @backup -- ./backup"],
      },
      { what: "See who holds it:", lines: ["ipcx lock --status @backup"] },
    ],
    seeAlso: ["flock(1)", "unix(7)"],
  },
  hold: {
    statuses: COMMAND_STATUSES.map(([status, what]): Entry => [status, `of run: ${what}`]),
    variables: [
      ["IPCX_HOLD_SOCKET", "the holder's socket, unless --socket says otherwise"],
      RUNTIME,
      SEARCH,
      ...SERVICE_VARIABLES,
    ],
    files: [
      ["/run/ipcx-hold.socket", "the holder's socket, for root"],
      ["$XDG_RUNTIME_DIR/ipcx-hold.socket", "the same for other users"],
      ACCOUNTS,
    ],
    examples: [
      {
        what: "Hold a listener, so that connections wait while the server restarts:",
        lines: ["ipcx hold --listen web=tcp:127.0.0.1:8080", "ipcx hold run web -- python3 server.py"],
      },
      {
        what: "Have an open file held, and write to it later:",
        lines: [
          "ipcx hold store journal --fd 5 5>>journal.txt",
          "ipcx hold run journal --fd 1 -- echo 'the first line'",
        ],
      },
      { what: "See what is held:", lines: ["ipcx hold list"] },
    ],
    seeAlso: ["unix(7)", "sd_listen_fds(3)", "systemd.socket(5)"],
  },
  limits: {
    variables: [["TMPDIR", "where the directory for socket files is made, /tmp without it"]],
    examples: [
      { what: "Measure some limits:", lines: ["ipcx limits fds-most path-most abstract-most"] },
      { what: "Have one as JSON:", lines: ["ipcx limits --json dgram-largest"] },
    ],
    seeAlso: ["unix(7)", "socket(7)"],
  },
  sockets: {
    statuses: [],
    files: [["/run/netns", "names of network namespaces, for --net and --all-nets"], ACCOUNTS],
    examples: [
      { what: "See who listens:", lines: ["ipcx sockets --listening"] },
      { what: "See whether anybody is connected to a socket:", lines: ["ipcx sockets --connected /run/one.socket"] },
      { what: "Find those that nobody can reach any more:", lines: ["ipcx sockets --stale"] },
      { what: "Watch what comes and goes:", lines: ["ipcx sockets --watch=500ms --name '/run/*'"] },
    ],
    seeAlso: ["ss(8)", "unix(7)", "sock_diag(7)"],
  },
  proxy: {
    variables: [
      ...SERVICE_VARIABLES,
      ["PATH", "where commands are looked for that have no slash, unless a route has another one"],
      ["OTEL_DENO", "with true, spans and metrics go to a collector, as other OTEL_ variables say"],
    ],
    examples: [
      { what: "Check a configuration, and see its routes:", lines: ["ipcx proxy --check --config routes.yaml"] },
      { what: "Serve it, with a log of its own:", lines: ["ipcx proxy --config routes.yaml --log-file proxy.log"] },
    ],
    seeAlso: ["unix(7)", "systemd.socket(5)"],
  },
  doctor: {
    variables: [
      ["ONE_SOCKET_PATH", "where a broker is looked for"],
      ["IPCX_HOLD_SOCKET", "where a holder is looked for"],
      ["XDG_RUNTIME_DIR", "where both are looked for without these, for other users than root"],
      ["NOTIFY_SOCKET", "the service manager that is looked for"],
      ["NO_COLOR", "if it is not empty, there are no colours on a terminal"],
      ["TERM", "if it is dumb, neither"],
    ],
    examples: [
      { what: "See what will not work here:", lines: ["ipcx doctor --quiet"] },
      { what: "See whether anybody serves a socket:", lines: ["ipcx doctor /run/one.socket"] },
    ],
    seeAlso: ["user_namespaces(7)", "cgroups(7)", "ptrace(2)"],
  },
  completions: {
    examples: [
      { what: "In bash, for this session:", lines: ["source <(ipcx completions bash)"] },
      { what: "In zsh:", lines: ["source <(ipcx completions zsh)"] },
      { what: "In fish, for good:", lines: ["ipcx completions fish > ~/.config/fish/completions/ipcx.fish"] },
    ],
    seeAlso: ["bash(1)", "zsh(1)", "fish(1)"],
  },
};
