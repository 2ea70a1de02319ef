import { assert, assertEquals } from "@std/assert";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { runProgram } from "./program.ts";
import { spawned } from "./spawning.ts";

/** Expects that arguments are refused, and that their command is not run. */
async function refused(status: number, cases: readonly (readonly [string[], string])[]): Promise<void> {
  using directory = new OwnDirectory();
  const evidence = directory.file("evidence");
  const lanes = [0, 1].map(async (lane) => {
    for (const [args, message] of cases.filter((_, at) => at % 2 === lane)) {
      const { status: found, out, err } = await spawned([...args, "touch", evidence]);
      assertEquals([found, out], [status, ""], `${args}: ${err}`);
      const hint = status === 2 ? "'ipcx spawn --help' tells what it understands.\n" : "";
      assertEquals(err, `ipcx spawn: ${message}\n${hint}`);
    }
  });
  await Promise.all(lanes);
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
}

claim("options that contradict each other, or lack another one, have status 2", async () => {
  const three = `3=${ownName()}`;
  const nobody = (name: string): string => `--exec leaves nobody to do what --${name} asks for`;
  await refused(2, [
    [["--all"], "--all needs --target"],
    [["--net"], "--net without a value needs --target"],
    [["-mn"], "--net without a value needs --target"],
    [["--wd"], "--wd without a value needs --target"],
    [["-t", "1"], "--target joins nothing by itself: give --all, or what is wanted of it, such as --net"],
    [["-t", "1", "--net=1"], "--target joins nothing by itself: give --all, or what is wanted of it, such as --net"],
    [["--grace", "1"], "--grace needs --timeout"],
    [["--pty", "-k", "0=3"], "descriptor 0 cannot be kept: ipcx itself reads standard input"],
    [["--wd=/", "--wdns", "/"], "--wd and --wdns exclude each other"],
    [["--local"], "--local is about the mount namespace: give --mnt, --all or --root"],
    [["--net=/proc/self/ns/mnt"], "/proc/self/ns/mnt is of a mnt namespace, not of a net namespace"],
    [["--uid", "4242424"], "which group? /etc/passwd has no user 4242424: give a gid as well"],
    [["--listen-fds"], "--listen-fds has nothing to announce: no descriptor is passed"],
    [["--listen-fds=a:b", "--listen", three], "--listen-fds has 2 names for 1 descriptors"],
    [["--listen-fds", "-k", "0=4"], "LISTEN_FDS counts from 3 on without a gap: there is no descriptor 3"],
    [["-k", "0=3", "--listen", three], "descriptor 3 is given twice"],
    [["--listen", three, "--socketpair", "3=-"], "descriptor 3 is given twice"],
    [["-k", "0=3", "-k", "1=3"], "descriptor 3 is given twice"],
    [["--pty", "--socketpair", "3=-"], "standard input and output can be joined to one thing only"],
    [["--socketpair", "3=-", "--socketpair", "4=-"], "standard input and output can be joined to one thing only"],
    [["--exec", "--pty"], nobody("pty")],
    [["--exec", "--timeout", "1"], nobody("timeout")],
    [["--exec", "--grace", "1"], nobody("grace")],
    [["--exec", "--status-fd", "1"], nobody("status-fd")],
    [["--exec", "--kill-child"], nobody("kill-child")],
    [["--exec", "--socketpair", "3=-"], "--exec leaves nobody to join standard input and output to --socketpair"],
  ]);
});

claim("what is not there, or is not let, has status 1 and is told with what it is about", async () => {
  const name = ownName();
  const missing = "No such file or directory (ENOENT)";
  await refused(1, [
    [["-k", "99"], "fcntl fd:99: Bad file descriptor (EBADF)"],
    [["--status-fd", "77"], "fcntl fd:77: Bad file descriptor (EBADF)"],
    [["--socketpair", "3=fd:99"], "fcntl fd:99: Bad file descriptor (EBADF)"],
    [
      ["--socketpair", `3=${name}`],
      `connect ${name}: Connection refused (ECONNREFUSED); nobody listens there; ` +
      "an abstract name counts only in its own network namespace",
    ],
    [["--listen", "3=/nowhere/x"], `bind /nowhere/x: ${missing}; the directory does not exist`],
    [["--net=no-such"], `open /run/netns/no-such (net namespace): ${missing}`],
    [["--ipc=/nowhere"], `open /nowhere (ipc namespace): ${missing}`],
    [["--net=4194305"], "pidfd_open (pid 4194305): No such process (ESRCH)"],
    [["-t", "4194305", "-a"], "pidfd_open (pid 4194305): No such process (ESRCH)"],
    [["-t", "1:5", "-n"], "pidfd_open 1:5 (that pid is another process's by now): No such process (ESRCH)"],
    [["--root", "/nowhere"], `open /nowhere: ${missing}`],
    [["--wd=/nowhere"], `open /nowhere: ${missing}`],
    [["--wdns", "/nowhere"], `chdir /nowhere: ${missing}`],
    [["--exec", "--wdns", "/nowhere"], `chdir /nowhere: ${missing}`],
    [["--cgroup-path", "/nowhere"], `open /nowhere: ${missing}`],
  ]);
});

claim("without a command, and with an option that is unknown, it has status 2", async () => {
  const hint = "'ipcx spawn --help' tells what it understands.\n";
  for (
    const [args, message] of [
      [[], "which CMD?"],
      [["--"], "there is no command behind --"],
      [["--exec"], "which CMD?"],
      [["--bogus", "true"], "unknown option '--bogus'"],
    ] as const
  ) {
    assertEquals(await spawned(args), {
      status: 2,
      signal: null,
      out: "",
      err: `ipcx spawn: ${message}\n${hint}`,
    });
  }
});

claim("an option's value that is not UTF-8 is refused: it would come out as another one", async () => {
  using directory = new OwnDirectory();
  const { deno, cli } = { deno: Deno.execPath(), cli: new URL("../../cli.ts", import.meta.url).pathname };
  for (const option of ["--env", "--wdns", "--pid-file"]) {
    const script = `"$0" run --quiet -A "$1" spawn ${option} "A=$(printf '\\377')" true`;
    const { status, err } = await runProgram(["bash", "-c", script, deno, cli], { cwd: directory.path });
    assertEquals(status, 2, err);
    assert(err.startsWith("ipcx spawn: 'A=\ufffd' is not UTF-8: only the arguments of CMD may be other bytes\n"), err);
  }
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});
