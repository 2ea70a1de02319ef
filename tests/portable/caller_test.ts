import { assert, assertEquals, assertMatch } from "@std/assert";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { runProgram } from "../cli/program.ts";
import { missing } from "../spawn/compiled.ts";
import { portableIpcx } from "./binary.ts";
import { EmptyRoot } from "./empty_root.ts";
import { staticProgram } from "./static_program.ts";
import { withBoth, withPortable } from "./two_forms.ts";

/** A variable with bytes that are no text, and what the runtime or its loader would look at. */
const STRANGE = [
  String.raw`X=\377\200`,
  "EMPTY=",
  "LD_PRELOAD=/absent.so",
  "LD_LIBRARY_PATH=/absent",
  "LD_DEBUG=all",
  String.raw`DENO_DIR=\376/x`,
  "DENO_NO_UPDATE_CHECK=0",
  "DENO_V8_FLAGS=--absent",
  "DENO_COVERAGE_DIR=coverage",
  "DENO_IPCX_DIRECTORY=77",
  "DENO_CERT=/absent.pem",
  "NODE_CHANNEL_FD=9",
  "NODE_OPTIONS=--absent",
  "GLIBC_TUNABLES=glibc.malloc.check=3",
];

claim("what the caller has open is passed on with its number and place, and nothing of the binary's own", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("open");
  Deno.writeTextFileSync(file, "0123456789");
  const command =
    `exec 5<${file} 7<>${file}; read -N 3 -u 5 x; ipcx spawn --keep-fd 5 --keep-fd 7 -- $tool descriptors`;
  const { status, out } = await withPortable(command);
  assertEquals(status, 0);
  const lines = out.trimEnd().split("\n");
  assertEquals(lines.filter((line) => /^[3-9] /.test(line)), [`5 3 ${file}`, `7 0 ${file}`]);
});

claim("standard streams that are closed look to a program as they do from source", async () => {
  using directory = new OwnDirectory();
  for (const closed of ["<&-", "<&- >&-", "<&- >&- 2>&-", "2>&-"]) {
    const file = directory.file("seen");
    const seen = `ipcx spawn -- bash -c '$0 descriptors >${file}' $tool ${closed}; sed 's/pipe:.*/pipe/' ${file}`;
    assertEquals((await withBoth(seen)).status, 0, closed);
  }
});

claim("without /dev/null a closed stream is an error that says so", async () => {
  await using root = await EmptyRoot.make();
  const through = ["/tool", "without-input"];
  const message = "ipcx: standard input, output or error is closed, and there is no /dev/null to take its place: ";
  assertEquals(await root.run(["--version"], { through }), {
    status: 1,
    signal: null,
    out: "",
    err: `${message}no such file or directory\n`,
  });
}, { skip: NEEDS_ROOT || missing("unshare") || missing("nsenter") });

claim("arguments of any bytes, none, long and many, are those of the program", async () => {
  const strange = String.raw`$'\377\376' '' 'a b' $'\n' $'\xc3' --version ü`;
  const { status, out, err } = await withBoth(`ipcx spawn -- $tool arguments ${strange} | od -An -tx1`);
  assertEquals({ status, err }, { status: 0, err: "" });
  assertEquals(out.replace(/\s+/g, ""), "fffe0000612062000a00c3002d2d76657273696f6e00c3bc00");
  const long = "ipcx spawn -- $tool arguments $(printf %0100000d 0) $(seq 5000) | wc -c";
  assertEquals((await withBoth(long)).out.trim(), `${100_001 + 9 * 2 + 90 * 3 + 900 * 4 + 4001 * 5}`);
});

claim("called without even a name, it says what is missing", async () => {
  const { status, err } = await runProgram([staticProgram("tool"), "nameless", await portableIpcx()]);
  assertEquals({ status, err }, { status: 2, err: "ipcx: which command? 'ipcx --help' lists them\n" });
});

claim("variables of any bytes, and those for loaders and runtimes, are passed on and change nothing", async () => {
  using directory = new OwnDirectory();
  const variables = STRANGE.map((text) => `$'${text}'`).join(" ");
  const { status, out, err } = await withPortable(
    `env -i ${variables} "\${program[@]}" spawn -- $tool environment | od -An -v -tx1`,
    { cwd: directory.path },
  );
  assertEquals({ status, err }, { status: 0, err: "" });
  const bytes = Uint8Array.from(out.trim().split(/\s+/), (digits) => parseInt(digits, 16));
  const seen = String.fromCharCode(...bytes).split("\0").slice(0, -1);
  const octal = (text: string) => text.replace(/\\(\d{3})/g, (_, digits) => String.fromCharCode(parseInt(digits, 8)));
  assertEquals(seen.toSorted(), STRANGE.map(octal).toSorted());
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
  assertEquals((await withPortable('env -i "${program[@]}" spawn -- $tool environment')).out, "");
});

claim("a working directory that is gone, or that one may not look at, is that of the program", async () => {
  const gone = await withPortable('$tool homeless "${program[@]}" spawn -- $tool follow /proc/self/cwd');
  assertMatch(gone.out, /^\/tmp\/ipcx-homeless-\w{6} \(deleted\)$/);
  assertEquals([gone.status, gone.err], [0, ""]);
  const fds = await withPortable('$tool homeless "${program[@]}" spawn -- $tool descriptors');
  assertEquals(fds.out.split("\n").filter((line) => line.includes("homeless")), []);
  if (NEEDS_ROOT) return;
  using directory = new OwnDirectory();
  const through = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const { status, out, err } = await withPortable("ipcx spawn -- $tool say here", { cwd: directory.path, through });
  assertEquals({ status, out, err }, { status: 0, out: "here\n", err: "" });
});

claim("what lies in the working directory for Deno and Node is not read", async () => {
  using directory = new OwnDirectory();
  const names = ["deno.json", "deno.jsonc", "package.json", "deno.lock", ".npmrc", ".env", "tsconfig.json", "jsr.json"];
  for (const name of names) Deno.writeTextFileSync(directory.file(name), "{ this is nothing");
  const env = { HOME: directory.path };
  const { status, out, err } = await withPortable("ipcx spawn -- $tool say fine", { cwd: directory.path, env });
  assertEquals({ status, out, err }, { status: 0, out: "fine\n", err: "" });
  assertEquals(Array.from(Deno.readDirSync(directory.path), ({ name }) => name).toSorted(), names.toSorted());
});

claim("called nsexec or one-socket, by whatever link, it is that program", async () => {
  using directory = new OwnDirectory();
  const program = await portableIpcx();
  for (const name of ["nsexec", "one-socket"]) {
    Deno.symlinkSync(program, directory.file(name));
    const { out } = await runProgram([directory.file(name), "--help"]);
    assert(out.startsWith(`Usage: ipcx ${name}`), out);
  }
  const { out } = await runProgram([directory.file("nsexec"), "--", staticProgram("tool"), "say", "hello"]);
  assertEquals(out, "hello\n");
});

claim("from the binary, a broker goes to the background and serves", async () => {
  using directory = new OwnDirectory();
  const [socket, pidfile] = [directory.file("socket"), directory.file("pid")];
  const begun = await withPortable(
    `ipcx broker --daemonize --pidfile ${pidfile} --socket ${socket} --log-file /dev/null`,
  );
  assertEquals([begun.status, begun.err], [0, ""]);
  const pid = Number(Deno.readTextFileSync(pidfile));
  const shown = Deno.readFileSync(`/proc/${pid}/cmdline`);
  assert(!new TextDecoder().decode(shown).includes("--daemonize"));
  const { status } = await withPortable(`ipcx brokerctl --socket ${socket} shutdown; ipcx pair -t 9 -s ${socket} x`);
  assertEquals(status, 1);
});
