import { assert, assertEquals } from "@std/assert";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { ROOT, runProgram } from "./program.ts";
import { ProxyCommand } from "./proxying.ts";

/** Starts a program with sockets, as a service manager does. */
function activated(...sockets: string[]): { through: string[] } {
  return { through: ["python3", `${ROOT}tests/cli/programs/activate.py`, ...sockets, "--"] };
}

const modeOf = (path: string): number => Deno.lstatSync(path).mode! & 0o7777;

async function isRefused(hostname: string, port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname, port })).close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.ConnectionRefused;
  }
}

/** A gateway that cannot start: its status and what it says. */
async function failure(proxy: ProxyCommand, args: string[] = []): Promise<[status: number, error: string]> {
  const { status, err } = await proxy.launch(args).ended();
  return [status, err.trimEnd()];
}

claim("only the host itself can connect unless the configuration says otherwise", async () => {
  await using proxy = await new ProxyCommand().start();
  const { hostname, port } = new URL(proxy.front);
  assertEquals(hostname, "127.0.0.1");
  assertEquals(await proxy.ask(), "200 hello");
  const others = Deno.networkInterfaces().filter(({ family }) => family === "IPv4").map(({ address }) => address);
  for (const address of new Set(["127.0.0.2", ...others.filter((one) => one !== "127.0.0.1")])) {
    assert(await isRefused(address, Number(port)), address);
  }
});

claim("it listens where it is told to: all addresses, another one, IPv6, a name", async () => {
  for (
    const [address, front] of [["0.0.0.0", "0.0.0.0"], ["127.0.0.2"], ["::1", "[::1]"], ["[::1]"], [
      "localhost",
      "127.0.0.1",
    ]]
  ) {
    await using proxy = await new ProxyCommand({ address, port: 0 }).start();
    const url = new URL(proxy.front);
    assert([front ?? address, "[::1]"].includes(url.hostname), proxy.front);
    assertEquals(await proxy.ask(), "200 hello", address);
  }
});

claim("a port that is taken is an error that names it", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  await using proxy = new ProxyCommand({ port, socketpath: "./back.sock" });
  const [status, error] = await failure(proxy);
  assertEquals(status, 1);
  assert(error.includes("EADDRINUSE") && error.includes(`127.0.0.1:${port}`), error);
  assertEquals(Array.from(Deno.readDirSync(proxy.directory.path), ({ name }) => name), ["proxy.yaml"]);
});

claim("a host that is not there is an error that names it", async () => {
  await using proxy = new ProxyCommand({ address: "192.0.2.1", port: 0 });
  const [status, error] = await failure(proxy);
  assertEquals(status, 1);
  assert(error.includes("192.0.2.1"), error);
});

claim("a Unix socket is for its owner only, and gone at the end", async () => {
  using elsewhere = new OwnDirectory();
  const path = elsewhere.file("front");
  await using proxy = await new ProxyCommand({ address: path }).start();
  assertEquals(proxy.front, `unix:${path}`);
  assertEquals(modeOf(path), 0o600);
  assertEquals(await proxy.ask(), "200 hello");
  assertEquals((await proxy.stop()).status, 0);
  assertEquals(Array.from(Deno.readDirSync(elsewhere.path)), []);
});

claim("a relative path starts from the folder of the configuration", async () => {
  await using proxy = await new ProxyCommand({ address: "./front" }).start([], { cwd: "/" });
  assertEquals(proxy.front, `unix:${proxy.directory.file("front")}`);
  assertEquals(await proxy.ask(), "200 hello");
});

claim("a socket file on which somebody listens is an error, and a stale one is replaced", async () => {
  for (const settings of [{ address: "./it" }, { socketpath: "./it" }, { admin: { address: "./it" } }]) {
    await using proxy = new ProxyCommand(settings);
    const path = proxy.directory.file("it");
    {
      using _live = Deno.listen({ transport: "unix", path });
      const [status, error] = await failure(proxy);
      assertEquals(status, 1);
      assert(error.includes("EADDRINUSE") && error.includes(path), error);
      // Connecting shows that it is there still, and the same.
      (await Deno.connect({ transport: "unix", path })).close();
    }
    await runProgram(["python3", "-c", "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])", path]);
    assert(Deno.lstatSync(path).isSocket, "there is no stale file");
    await proxy.start();
    (await Deno.connect({ transport: "unix", path })).close();
    assertEquals((await proxy.stop()).status, 0);
    assertEquals(Array.from(Deno.readDirSync(proxy.directory.path), ({ name }) => name), ["proxy.yaml"]);
  }
});

claim("a file that is no socket is not replaced", async () => {
  await using proxy = new ProxyCommand({ address: "./it" });
  Deno.writeTextFileSync(proxy.directory.file("it"), "precious");
  const [status, error] = await failure(proxy);
  assertEquals(status, 1);
  assert(error.includes("a file that is no socket"), error);
  assertEquals(Deno.readTextFileSync(proxy.directory.file("it")), "precious");
});

claim("a socket file that somebody else has put there meanwhile stays", async () => {
  await using proxy = await new ProxyCommand({ address: "./front", socketpath: "./back" }).start();
  for (const name of ["front", "back"]) Deno.removeSync(proxy.directory.file(name));
  using _front = Deno.listen({ transport: "unix", path: proxy.directory.file("front") });
  using _back = Deno.listen({ transport: "unix", path: proxy.directory.file("back") });
  assertEquals((await proxy.stop()).status, 0);
  for (const name of ["front", "back"]) {
    (await Deno.connect({ transport: "unix", path: proxy.directory.file(name) })).close();
  }
});

claim("an abstract name leaves no file", async () => {
  const address = ownName();
  await using proxy = await new ProxyCommand({ address }).start();
  assertEquals(proxy.front, `unix:${address}`);
  const { out } = await runProgram(["curl", "-s", "--abstract-unix-socket", address.slice(1), "http://localhost/"]);
  assertEquals(out, "hello\n");
});

claim("the reply socket has the mode and owner that it is told to have, and 0600 otherwise", async () => {
  await using proxy = await new ProxyCommand({ socketpath: "./back" }).start();
  assertEquals(modeOf(proxy.directory.file("back")), 0o600);
  await using other = new ProxyCommand({ socketpath: "./back", socketmode: "0666" });
  await other.start();
  assertEquals(modeOf(other.directory.file("back")), 0o666);
  if (Deno.uid() !== 0) return;
  await using third = new ProxyCommand({ socketpath: "./back", socketowner: "daemon:mail" });
  await third.start();
  const { uid, gid } = Deno.lstatSync(third.directory.file("back"));
  assertEquals([uid, gid], [1, 8]);
});

claim(
  "descriptors of a service manager are served: the front, the reply socket and the admin server by their names",
  async () => {
    using elsewhere = new OwnDirectory();
    const [front, back, admin] = ["front", "back", "admin"].map((name) => elsewhere.file(name));
    const reply = {
      inject: { cmd: ["sh", "-c", 'curl -s --unix-socket "$REPLY_SOCKET" -d passed "$REPLY_URL"'], timeout: 20_000 },
    };
    const settings = { port: 1, socketpath: back, admin: { address: "@unused" }, routes: { "GET /": reply } };
    await using proxy = new ProxyCommand(settings);
    await proxy.start([], activated(`admin=${admin}`, `web=${front}`, `reply=${back}`));
    assertEquals(await proxy.ask("/", {}, `unix:${front}`), "200 passed");
    assertEquals(await proxy.ask("/readyz", {}, `unix:${admin}`), "200 ready");
    assertEquals(proxy.log[0].front, `unix:${front}`);
    // A reload serves them on, whatever it says.
    proxy.configure({ ...settings, port: 2 });
    assertEquals((await proxy.reload()).message, "reloaded");
    assertEquals(await proxy.ask("/", {}, `unix:${front}`), "200 passed");
    assertEquals((await proxy.stop()).status, 0);
    // They are the service manager's, who keeps them.
    assertEquals(Array.from(Deno.readDirSync(elsewhere.path), ({ name }) => name).sort(), ["admin", "back", "front"]);
  },
);

claim("a TCP socket of a service manager is served as well", async () => {
  await using proxy = new ProxyCommand({ port: 1 });
  await proxy.start([], activated("=127.0.0.1:0"));
  assert(!proxy.front.endsWith(":1"), proxy.front);
  assertEquals(await proxy.ask(), "200 hello");
});

claim("two sockets for clients are too many", async () => {
  using elsewhere = new OwnDirectory();
  await using proxy = new ProxyCommand();
  const through = activated(`a=${elsewhere.file("a")}`, `b=${elsewhere.file("b")}`);
  const { status, err } = await proxy.launch([], through).ended();
  assertEquals([status, err], [1, "ipcx proxy: 2 sockets were passed for clients: one is served\n"]);
});

claim("a listening descriptor is served by its number", async () => {
  using elsewhere = new OwnDirectory();
  const front = elsewhere.file("front");
  await using proxy = new ProxyCommand({ address: "fd:3" });
  await proxy.start([], activated("LISTEN_PID=1", `=${front}`));
  assertEquals(await proxy.ask("/", {}, `unix:${front}`), "200 hello");
  proxy.configure({ address: "fd:3", servicename: "other" });
  assertEquals((await proxy.reload()).message, "reloaded");
  assertEquals(await proxy.ask("/", {}, `unix:${front}`), "200 hello");
});

claim("a descriptor that is not open, or does not listen, is an error", async () => {
  await using proxy = new ProxyCommand({ address: "fd:0" });
  const [status, error] = await failure(proxy);
  assertEquals(status, 1);
  assert(error.includes("fd:0"), error);
});
