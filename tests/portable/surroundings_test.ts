import { assert, assertEquals, assertMatch } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { type ProcessOptions, type Result, runProgram } from "../cli/program.ts";
import { missing } from "../spawn/compiled.ts";
import { portableIpcx } from "./binary.ts";
import { staticProgram } from "./static_program.ts";
import { withPortable } from "./two_forms.ts";

const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const needsMounts = NEEDS_ROOT || missing("unshare");
const VERSION = { status: 0, signal: null, out: `ipcx ${manifest.version}\n`, err: "" };

/** The repository may be anywhere, also below what a script mounts over. */
const KEEP = "mount -t tmpfs none /mnt; touch /mnt/ipcx /mnt/tool; " +
  'mount --bind "$0" /mnt/ipcx; mount --bind "$1" /mnt/tool';

/** What `ipcx --version` and a spawned program print where a script has prepared the mounts. */
async function after(script: string, more: readonly string[] = []): Promise<Result> {
  const job = `set -e; ${KEEP}; ${script}\n/mnt/ipcx --version; exec /mnt/ipcx spawn -- /mnt/tool say hello`;
  const command = ["unshare", "--mount", ...more, "sh", "-c", job, await portableIpcx(), staticProgram("tool")];
  return await runProgram(command);
}

/** Does its job, as everywhere. */
const WELL = { ...VERSION, out: `${VERSION.out}hello\n` };

/** Cannot, and says why. */
function refused(message: string): Result {
  return { status: 1, signal: null, out: "", err: `ipcx: ${message}\n` };
}

/** `ipcx --version` in a directory with a copy of the binary, which is all that the script is given. */
async function withCopy(script: string, options: ProcessOptions = {}): Promise<Result> {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o755);
  const job = `cp --reflink=auto '${await portableIpcx()}' ipcx; ${script}`;
  return await runProgram(["sh", "-c", job], { cwd: directory.path, ...options });
}

claim("without HOME, or with one that is nobody's, nothing is written anywhere", async () => {
  using home = new OwnDirectory();
  using temporary = new OwnDirectory();
  const env = { HOME: home.path, TMPDIR: temporary.path, XDG_CACHE_HOME: home.path };
  assertEquals(await withPortable("ipcx --version", { env, cwd: temporary.path }), VERSION);
  const { status } = await withPortable("ipcx limits --json; ipcx spawn -- $tool say x", { env, cwd: temporary.path });
  assertEquals(status, 0);
  for (const { path } of [home, temporary]) assertEquals(Array.from(Deno.readDirSync(path)), []);
  assertEquals(await withPortable('env -u HOME "${program[@]}" --version'), VERSION);
  assertEquals(await withPortable("ipcx --version", { env: { HOME: "/absent" } }), VERSION);
});

claim("a read-only root, and /tmp that is noexec, full or not there, make no difference", async () => {
  const full = "mount -t tmpfs -o size=4k,noexec none /tmp; head -c 4096 /dev/zero >/tmp/full";
  const gone = "mount -t tmpfs none /tmp; mount -t tmpfs none /var/tmp; mount -o remount,ro /tmp";
  for (const script of ["mount -o remount,bind,ro /", full, gone]) {
    assertEquals(await after(script), WELL, script);
  }
}, { skip: needsMounts });

claim("without devices it works; without /proc it says that it needs that", async () => {
  assertEquals(await after("mount -t tmpfs none /dev"), WELL);
  assertEquals(
    await after("mount -t tmpfs none /proc"),
    refused("cannot open /proc/self/exe: no such file or directory; ipcx needs /proc: mount -t proc proc /proc"),
  );
}, { skip: needsMounts });

claim("limits that its runtime could not live with are told, others are no hindrance", async () => {
  const told: Record<string, string | undefined> = {
    "-n 3": "cannot open /proc/self/exe: too many open files: see ulimit -n",
    "-n 5": "cannot put its libraries into memory (memfd_create): too many open files: see ulimit -n",
    "-n 12": "its runtime needs more open files than it may have; see ulimit -n",
    "-n 24": undefined,
    "-v 20000000": "its runtime reserves 34 GB of addresses, without using that much memory, and may not; " +
      "ulimit -v unlimited; cgroups limit memory",
    "-d 400000": "its runtime reserves 640 MB of writable memory, without using that much, and may not; " +
      "ulimit -d unlimited; cgroups limit memory",
    "-d 655360": undefined,
    "-s 256": "its runtime needs a stack of 512 KB; ulimit -s 8192",
    "-s 1024": undefined,
    "-s unlimited": undefined,
    "-f 0": "cannot put its libraries into memory (memfd_create): file too large: see ulimit -f",
    "-Sf 0": undefined,
    "-c 0": undefined,
    "-l 0": undefined,
  };
  for (const [limit, message] of Object.entries(told)) {
    const seen = await withPortable(`ulimit ${limit}; exec "\${program[@]}" --version`);
    assertEquals(seen, message === undefined ? VERSION : refused(message), `ulimit ${limit}`);
  }
  const { out } = await withPortable(`ulimit -Sf 10; ipcx lock ${ownName()} -- bash -c 'ulimit -Sf; ulimit -Hf'`);
  assertEquals(out, "10\nunlimited\n");
});

claim("where memory must not be executable, it works, and programs in memory are refused with the reason", async () => {
  for (const value of [1, 2]) {
    const through = ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", `echo ${value} >$1; shift; exec "$@"`];
    const options = { through: [...through, "sh", "/proc/sys/vm/memfd_noexec"] };
    assertEquals(await withPortable("ipcx --version", options), VERSION);
    const spawned = await withPortable("ipcx spawn -- $tool say hello", options);
    if (value === 1) assertEquals(spawned, { ...VERSION, out: "hello\n" });
    else assertMatch(spawned.err, /EACCES.*this host forbids programs in memory: sysctl vm.memfd_noexec=1\n$/);
  }
}, { skip: needsMounts || (isThere("/proc/sys/vm/memfd_noexec") ? false : "needs Linux 6.3") });

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path) !== null;
  } catch {
    return false;
  }
}

claim("what may not be read or run is told by it, or by the kernel", async () => {
  const unreadable =
    "cannot read its own file: permission denied; ipcx must be readable for those who run it: chmod a+r";
  const nobody = NOBODY.join(" ");
  assertEquals(await withCopy(`chmod 711 ipcx; ${nobody} ./ipcx --version`), refused(unreadable));
  const rights = "will not run with rights that its caller has not (set-user-ID, set-group-ID, file capabilities); " +
    "a caller that has them can pass them on (ambient capabilities, sudo)";
  for (const mode of ["u+s", "g+s"]) {
    assertEquals(
      await withCopy(`chmod 755 ipcx; chmod ${mode} ipcx; ${nobody} ./ipcx --version`),
      refused(rights),
      mode,
    );
  }
  if (!missing("setcap")) {
    const seen = await withCopy(`setcap cap_net_admin+ep ipcx; ${nobody} ./ipcx --version`);
    assertEquals(seen, refused(rights));
  }
  const mount = ["unshare", "--mount", "sh", "-c"];
  const noexec = await runProgram([
    ...mount,
    'mount -t tmpfs -o noexec none /mnt; cp "$0" /mnt/ipcx; /mnt/ipcx --version',
    await portableIpcx(),
  ]);
  assertEquals([noexec.status, noexec.out], [126, ""]);
  assertMatch(noexec.err, /Permission denied/);
}, { skip: needsMounts || missing("setpriv") });

claim("a filter that refuses memory without a name is told", async () => {
  const message = "cannot put its libraries into memory (memfd_create): operation not permitted";
  assertEquals(await withPortable('exec $tool filtered "${program[@]}" --version'), refused(message));
});

claim(
  "whoever runs it, wherever from: nobody, a user namespace, memory, a path with spaces and line ends",
  async () => {
    assertEquals(await withPortable('$tool from-memory "${program[@]}" --version'), VERSION);
    const odd = await withCopy("mkdir 'a b'; ln ipcx 'a b/c\nd'; './a b/c\nd' --version");
    assertEquals(odd, VERSION);
    assertEquals(await withCopy("ln -s ipcx link; PATH=$PWD:$PATH; link --version"), VERSION);
    if (NEEDS_ROOT) return;
    assertEquals(await withPortable("ipcx --version", { through: NOBODY }), VERSION);
    const through = ["unshare", "--user", "--map-root-user", "--net", "--pid", "--fork", "--mount-proc"];
    assertEquals(await withPortable("ipcx --version", { through }), VERSION);
  },
);

claim("32 starts at once are as one", async () => {
  const { status, out } = await withPortable("for n in {1..32}; do ipcx spawn -- $tool say $n & done; wait");
  assertEquals(status, 0);
  assertEquals(
    out.trim().split("\n").map(Number).toSorted((a, b) => a - b),
    Array.from({ length: 32 }, (_, n) => n + 1),
  );
});

claim("replaced or removed while it runs, it goes on with what it was", async () => {
  for (const change of ["cp /bin/true new; mv new ipcx", "rm ipcx", "(: >ipcx) 2>/dev/null"]) {
    // The control socket's server, and metrics, are parts that are loaded when somebody asks.
    const script = `./ipcx broker --socket ./b --pidfile pid 2>log & trap 'kill $!' EXIT
      until [ -e pid ]; do sleep 0.01; done; ${change}
      '${await portableIpcx()}' brokerctl --socket ./b metrics; trap - EXIT; kill $!; wait $!; echo "status $?"`;
    const { out } = await withCopy(script);
    assert(out.includes("# HELP ipcx_broker") && out.endsWith("status 0\n"), `${change}: ${out}`);
  }
});
