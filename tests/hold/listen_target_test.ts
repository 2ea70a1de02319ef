import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FdHolder, openListener, UnixAddress, UnixListener, UnixSocket } from "ipcx";
import fc from "fast-check";
import { fileOfInherited, parseHoldTarget } from "../../src/hold/listen_target.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { isCloseOnExec, isNonblocking } from "../core/open_descriptors.ts";

claim("a place to listen is read as people write it", () => {
  const unix = (address: string, type = "stream", file = {}): unknown => ({
    kind: "unix",
    type,
    address: UnixAddress.parse(address),
    file,
  });
  const cases: Record<string, unknown> = {
    "tcp:127.0.0.1:8080": { kind: "tcp", host: "127.0.0.1", port: 8080 },
    "tcp:localhost:0": { kind: "tcp", host: "localhost", port: 0 },
    "tcp:[::1]:65535": { kind: "tcp", host: "::1", port: 65535 },
    "tcp:[fe80::1%eth0]:80": { kind: "tcp", host: "fe80::1%eth0", port: 80 },
    "unix:/run/web": unix("/run/web"),
    "unix:./web": unix("./web"),
    "unix:@web": unix("@web"),
    "/run/web": unix("/run/web"),
    "@web\\x00": unix("@web\\x00"),
    "seqpacket:/run/web": unix("/run/web", "seqpacket"),
    "seqpacket:@web": unix("@web", "seqpacket"),
    "/run/web,mode=0660": unix("/run/web", "stream", { mode: 0o660 }),
    "unix:/run/web,group=12,mode=666,owner=34": unix("/run/web", "stream", { mode: 0o666, gid: 12, uid: 34 }),
    "/run/a,b/web": unix("/run/a,b/web"),
    "/run/a=b": unix("/run/a=b"),
    "fd:7": { kind: "inherited", number: 7 },
  };
  for (const [text, target] of Object.entries(cases)) assertEquals<unknown>(parseHoldTarget(text), target, text);
});

claim("any port of any address of both families is read back", () => {
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(65535), (host, port) => {
    const text = host.includes(":") ? `tcp:[${host}]:${port}` : `tcp:${host}:${port}`;
    assertEquals<unknown>(parseHoldTarget(text), { kind: "tcp", host, port });
  }));
});

claim("no text is anything but a place or an error", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.constantFrom("", "tcp:", "unix:", "fd:"), (text, prefix) => {
    try {
      assert(["tcp", "unix", "inherited"].includes(parseHoldTarget(prefix + text).kind));
    } catch (error) {
      assert(error instanceof Error && error.message.length > 0);
    }
  }));
});

claim("what is wrong with a place is said", () => {
  const write = "write tcp:HOST:PORT or tcp:[IPV6]:PORT";
  const wrong: Record<string, string> = {
    "tcp:8080": `'tcp:8080' is no place to listen: ${write}`,
    "tcp::8080": `'tcp::8080' is no place to listen: ${write}`,
    "tcp:::1:80": `'tcp:::1:80' is no place to listen: ${write}`,
    "tcp:localhost:65536": `'tcp:localhost:65536' is no place to listen: ${write}`,
    "tcp:localhost:http": `'tcp:localhost:http' is no place to listen: ${write}`,
    "tcp:localhost:80,mode=0660": `'tcp:localhost:80,mode=0660' is no place to listen: ${write}`,
    "web": "'web' is no address: write ./web for a file, @web for an abstract name, or fd:N",
    "": "an address cannot be empty: write /path, ./path, @name or fd:N",
    "/web,mode=9": "'9' is no mode: write three octal digits, such as 0660",
    "/web,mode=1777": "'1777' is no mode: write three octal digits, such as 0660",
    "/web,owner=no-such-user": "there is no user 'no-such-user' in /etc/passwd",
    "/web,group=no-such-group": "there is no group 'no-such-group' in /etc/group",
    "/web,perm=0660": "'perm=0660': of a socket file, mode, owner and group can be said",
    "@web,mode=0660": "'@web,mode=0660': mode, owner and group are for the file of a socket, and @web has none",
    "unix:fd:7": "'unix:fd:7': what is open already is written fd:7",
    "fd:x": "'fd:x': fd: is followed by a descriptor's number",
  };
  for (const [text, message] of Object.entries(wrong)) {
    assertEquals(assertThrows(() => parseHoldTarget(text), Error).message, message, text);
  }
});

claim("listeners are opened as programs expect them: calls wait; and as we do: close-on-exec", async () => {
  using directory = new OwnDirectory();
  const places = ["tcp:127.0.0.1:0", "tcp:localhost:0", `unix:${directory.file("s")}`, `seqpacket:${ownName()}`];
  for (const place of places) {
    const { fd, file } = await openListener(place);
    using holder = new FdHolder();
    holder.hold("it", fd, { file });
    assertEquals([isNonblocking(fd.number), isCloseOnExec(fd.number)], [false, true], place);
    const [{ listens, type, address }] = holder.held;
    assertEquals([listens, type], [true, place.startsWith("seqpacket") ? "seqpacket" : "stream"], place);
    if (place.startsWith("tcp")) assert(/^(127\.0\.0\.1|\[::1\]):[1-9]\d+$/.test(address!), address);
  }
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});

claim("IPv6 is listened at, and told with brackets", async () => {
  const { fd } = await openListener("tcp:[::1]:0");
  using holder = new FdHolder();
  holder.hold("it", fd);
  assert(/^\[::1\]:\d+$/.test(holder.held[0].address!), holder.held[0].address);
});

claim("a socket file has the mode that is said, 0600 if none is", async () => {
  using directory = new OwnDirectory();
  for (const [suffix, mode] of [["", 0o600], [",mode=0666", 0o666], [",mode=0640", 0o640]] as const) {
    const { fd, file } = await openListener(`unix:${directory.file("s")}${suffix}`);
    assertEquals(Deno.statSync(directory.file("s")).mode! & 0o777, mode);
    fd.close();
    file!.remove();
  }
});

claim("a socket file has the owner and group that are said", async () => {
  using directory = new OwnDirectory();
  const { fd, file } = await openListener(`${directory.file("s")},owner=34,group=12`);
  const { uid, gid } = Deno.statSync(directory.file("s"));
  assertEquals([uid, gid], [34, 12]);
  fd.close();
  file!.remove();
}, { skip: NEEDS_ROOT });

claim("what cannot be listened at is an error, and nothing is left", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("s");
  using _taken = UnixListener.listen(path);
  await assertRejects(() => openListener(path), Error, "the name is taken");
  await assertRejects(() => openListener("tcp:192.0.2.1:0"), Error, "EADDRNOTAVAIL");
  await assertRejects(() => openListener("tcp:no-such-host.invalid:0"), Error, "no-such-host.invalid");
  await assertRejects(() => openListener("fd:999"), Error, "EBADF");
});

claim("a file goes with its listener, unless somebody else still listens there or has put another there", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("s");
  const hold = async (holder: FdHolder): Promise<void> => {
    const { fd, file } = await openListener(path);
    holder.hold("it", fd, { file });
  };
  const isThere = (): boolean => Array.from(Deno.readDirSync(directory.path)).length > 0;
  using holder = new FdHolder();
  await hold(holder);
  holder.drop("it");
  assertEquals(isThere(), false, "nobody is left");

  await hold(holder);
  {
    using server = UnixListener.fromFd(holder.retrieve("it")!);
    holder.drop("it");
    using _client = await UnixSocket.connect(path);
    (await server.accept()).close();
  }
  assertEquals(isThere(), true, "the server's, which has ended since");

  await hold(holder);
  Deno.removeSync(path);
  Deno.writeTextFileSync(path, "another's");
  holder.close();
  assertEquals(Deno.readTextFileSync(path), "another's");
});

claim(
  "the file of a listener that was passed is ours if it is at the path that we would have listened at",
  async () => {
    using directory = new OwnDirectory();
    const path = directory.file("s");
    const { fd, file } = await openListener(path);
    const { fd: tcp } = await openListener("tcp:127.0.0.1:0");
    const found = (where: string, listener = fd): boolean => {
      using file = fileOfInherited(parseHoldTarget(where), listener);
      return file !== undefined;
    };
    assertEquals([found(path), found(`unix:${path},mode=0666`)], [true, true]);
    assertEquals(
      [found(directory.file("t")), found("@s"), found("tcp:127.0.0.1:0"), found(path, tcp)],
      Array(4).fill(false),
    );
    file!.remove();
    assertEquals(found(path), false);
    fd.close();
    tcp.close();
  },
);

claim("a listener that is on its way to somebody has not ended", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("s");
  using holder = new FdHolder();
  const { fd, file } = await openListener(path);
  holder.hold("it", fd, { file });
  const [left, right] = UnixSocket.pair();
  using copy = holder.retrieve("it")!;
  await left.send("x", { fds: [copy] });
  copy.close();
  holder.close();
  using message = (await right.receive())!;
  using server = UnixListener.fromFd(message.takeFd()!);
  using _client = await UnixSocket.connect(path);
  (await server.accept()).close();
  left.close();
  right.close();
});
