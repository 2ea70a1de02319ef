import { assertEquals } from "@std/assert";
import { claim, OwnDirectory } from "../claim.ts";
import { ipcx } from "./program.ts";

const VERBS = "run, store, list, drop and status";

/** For each line of arguments that cannot be understood, what is said of it. */
const WRONG: [string, string][] = [
  ["serve", `there is no 'serve'; there are ${VERBS}, and without a word it holds`],
  ["run web", "which CMD? It stands behind --"],
  ["run -- true", "which NAME? Or --all of them"],
  ["run --all web -- true", "which NAME? Or --all of them"],
  ["run a:b -- true", "'a:b' is no name: printable characters of ASCII, and no colon"],
  ["run web --blocking --nonblocking -- true", "--blocking and --nonblocking exclude each other"],
  ["run web --fd 3 --fd 4 -- true", "--fd was given more than once; the others follow the first"],
  ["run web -s @a -s @b -- true", "--socket was given more than once"],
  ["run web --replace -- true", "--replace is not for run; it is for store"],
  ["store", "which NAME?"],
  ["store web", "each NAME needs one --fd N or --listen WHERE: there are 1 NAMEs and 0 of these"],
  ["store web --fd 5 --fd 6", "each NAME needs one --fd N or --listen WHERE: there are 1 NAMEs and 2 of these"],
  ["store a b --fd 5 --listen @b", "--fd and --listen exclude each other"],
  ["store a a --fd 5 --fd 6", "the NAME 'a' was given more than once"],
  ["store web --fd 5 -- true", "a command is for run"],
  [
    "store web --listen web=@a",
    "--listen: 'web=@a' is no address: write ./web=@a for a file, @web=@a for an abstract name, or fd:N",
  ],
  ["list web", "unexpected 'web'"],
  ["list --fd 3", "--fd is not for list; it is for run and store"],
  ["list --pidfile x", "--pidfile is not for list; it is for holding"],
  ["status web", "unexpected 'web'"],
  ["drop", "which NAME?"],
  ["drop web --json", "--json is not for drop; it is for list and status"],
  ["--json", "--json is not for holding; it is for list and status"],
  ["--timeout 1s", "--timeout is not for holding; it is for run, store, list, drop and status"],
  ["-l web", "--listen: 'web' is not NAME=WHERE"],
  ["-l =@a", "--listen: '' is no name: printable characters of ASCII, and no colon"],
  ["-l web=tcp:80", "--listen: 'tcp:80' is no place to listen: write tcp:HOST:PORT or tcp:[IPV6]:PORT"],
  ["-l a=@a -l a=@b", "--listen: the name 'a' was given more than once"],
];

claim("what cannot be understood has status 2 and a message, and nothing is asked or opened", async () => {
  using directory = new OwnDirectory();
  const options = { cwd: directory.path, env: { IPCX_HOLD_SOCKET: "./hold" } };
  for (const [line, message] of WRONG) {
    const { status, out, err } = await ipcx(["hold", ...line.split(" ").filter((word) => word !== "")], options);
    assertEquals([status, out, err.split("\n")[0]], [2, "", `ipcx hold: ${message}`], line);
  }
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});

claim("a descriptor that ipcx does not have cannot be stored", async () => {
  const { status, err } = await ipcx(["hold", "store", "it", "--fd", "999", "-s", "@nowhere"]);
  assertEquals([status, err], [1, "ipcx hold: fcntl fd:999: Bad file descriptor (EBADF)\n"]);
});
