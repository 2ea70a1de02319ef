import { assert, assertEquals } from "@std/assert";
import { claim, type OwnDirectory, ownName } from "../claim.ts";
import { ipcx, until } from "./program.ts";
import { Manager } from "./manager.ts";
import { ProxyCommand, saying, waitingFor } from "./proxying.ts";

const LONG = { grace: 600_000 };

/** The processes whose command line has a word, but for zombies. */
function processesWith(word: string): number[] {
  return Array.from(Deno.readDirSync("/proc")).filter(({ name }) => /^\d+$/.test(name)).flatMap(({ name }) => {
    try {
      return Deno.readTextFileSync(`/proc/${name}/cmdline`).includes(word) ? [Number(name)] : [];
    } catch {
      return []; // It has ended meanwhile.
    }
  });
}

async function runs(word: string, count: number): Promise<void> {
  await until(() => processesWith(word).length === count, `there are not ${count} processes`);
}

const namesIn = ({ path }: OwnDirectory): string[] => Array.from(Deno.readDirSync(path), ({ name }) => name).sort();

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  claim(`${signal} lets running requests end, removes all files, and the status is 0`, async () => {
    await using proxy = new ProxyCommand();
    const file = proxy.directory.file("go");
    proxy.configure({
      ...LONG,
      socketpath: "./back",
      admin: { address: "./admin" },
      routes: { "GET /held": waitingFor(file) },
    });
    await proxy.start(["--pidfile", proxy.directory.file("pid")]);
    assertEquals(namesIn(proxy.directory), ["admin", "back", "pid", "proxy.yaml"]);
    assertEquals(Deno.readTextFileSync(proxy.directory.file("pid")).trim(), `${proxy.process.child.pid}`);
    const answer = proxy.ask("/held");
    await runs(file, 1);
    proxy.process.kill(signal);
    await proxy.process.says('"stopping"');
    assertEquals(await proxy.ask("/held").then(() => "answered", () => "refused"), "refused");
    Deno.writeTextFileSync(file, "late");
    assertEquals(await answer, "200 late");
    const { status, err } = await proxy.process.ended();
    assertEquals([status, JSON.parse(err.trimEnd().split("\n").at(-1)!).message], [0, "stopping"]);
    assertEquals(namesIn(proxy.directory), ["go", "proxy.yaml"]);
  });
}

claim("after the grace requests are answered with 503, and their processes end", async () => {
  await using proxy = new ProxyCommand();
  const file = proxy.directory.file("go");
  proxy.configure({ grace: 100, routes: { "GET /held": waitingFor(file) } });
  await proxy.start();
  const answer = proxy.ask("/held");
  await runs(file, 1);
  assertEquals((await proxy.stop()).status, 0);
  assert((await answer).startsWith("503 "), await answer);
  assertEquals(processesWith(file), []);
});

claim("told once more to stop, it does not wait for requests; a SIGHUP meanwhile does nothing", async () => {
  await using proxy = new ProxyCommand();
  const file = proxy.directory.file("go");
  proxy.configure({ ...LONG, address: "./front", routes: { "GET /held": waitingFor(file) } });
  await proxy.start();
  const answer = proxy.ask("/held");
  await runs(file, 1);
  proxy.process.kill("SIGTERM");
  await proxy.process.says('"stopping"');
  proxy.process.kill("SIGHUP");
  proxy.process.kill("SIGTERM");
  assert((await answer).startsWith("503 "), await answer);
  assertEquals(await proxy.process.ended().then(({ status, signal }) => ({ status, signal })), {
    status: 0,
    signal: null,
  });
  assertEquals(processesWith(file), []);
  assertEquals(namesIn(proxy.directory), ["proxy.yaml"]);
});

claim("when it is killed its processes die, too, and another one takes the place of what it has left", async () => {
  await using proxy = new ProxyCommand();
  const file = proxy.directory.file("go");
  const settings = { address: "./front", socketpath: "./back" };
  proxy.configure({ ...settings, routes: { "GET /held": waitingFor(file), "GET /": saying("hello") } });
  await proxy.start(["--pidfile", proxy.directory.file("pid")]);
  const answers = Array.from({ length: 3 }, () => proxy.ask("/held").catch(() => "gone"));
  await runs(file, 3);
  proxy.process.kill("SIGKILL");
  assertEquals((await proxy.process.ended()).signal, "SIGKILL");
  assertEquals(await Promise.all(answers), ["gone", "gone", "gone"]);
  await runs(file, 0);
  assertEquals(namesIn(proxy.directory), ["back", "front", "pid", "proxy.yaml"]);
  await proxy.start(["--pidfile", proxy.directory.file("pid")]);
  assertEquals(await proxy.ask("/"), "200 hello");
  assertEquals((await proxy.stop()).status, 0);
  assertEquals(namesIn(proxy.directory), ["proxy.yaml"]);
});

claim("what cannot be started leaves nothing behind", async () => {
  await using proxy = new ProxyCommand({ address: "./front", socketpath: "./back", admin: { address: "./admin" } });
  const { status, err } = await proxy.launch(["--pidfile", "/nonexistent/pid"]).ended();
  assertEquals(status, 1);
  assert(err.includes("/nonexistent/pid"), err);
  assertEquals(namesIn(proxy.directory), ["proxy.yaml"]);
  Deno.mkdirSync(proxy.directory.file("admin"));
  assertEquals((await proxy.launch().ended()).status, 1);
  assertEquals(namesIn(proxy.directory), ["admin", "proxy.yaml"]);
});

claim("a configuration that cannot be used is told with its places, and nothing is opened", async () => {
  await using proxy = new ProxyCommand({ address: "./front", routes: { "GET /": { answer: "nowhere" } } });
  const { status, err } = await proxy.launch().ended();
  assertEquals(status, 1);
  assert(/proxy\.yaml:\d+:\d+: /.test(err), err);
  assertEquals(namesIn(proxy.directory), ["proxy.yaml"]);
  const missing = await ipcx(["proxy", "--config", proxy.directory.file("none.yaml")]);
  assertEquals(missing.status, 1);
  assert(missing.err.includes("none.yaml cannot be read: there is no such file"), missing.err);
});

claim("SIGHUP serves the file as it is by then", async () => {
  await using proxy = await new ProxyCommand({ routes: { "GET /": saying("old"), "GET /gone": saying("x") } }).start();
  const { front } = proxy;
  proxy.configure({ routes: { "GET /": saying("new"), "GET /there": saying("y") } });
  const { message, routes } = await proxy.reload();
  assertEquals([message, routes], ["reloaded", 2]);
  assertEquals([await proxy.ask("/"), await proxy.ask("/there")], ["200 new", "200 y"]);
  assert((await proxy.ask("/gone")).startsWith("404 "));
  assertEquals(proxy.front, front);
});

claim("a file that cannot be used changes nothing, and the log says where it is wrong", async () => {
  await using proxy = await new ProxyCommand({ routes: { "GET /": saying("old") } }).start();
  const good = Deno.readTextFileSync(proxy.config);
  const bad: [string, RegExp][] = [
    ["paths:\n  /:\n    get:\n      answer: nowhere\n      inject: { cmd: [echo] }\n", /proxy\.yaml:4:15: /],
    ["nonsense: [\n", /proxy\.yaml:\d+:\d+: /],
    ["", /proxy\.yaml/],
    [good.replace(/"port": 0/, '"address": "192.0.2.1", "port": 0'), /192\.0\.2\.1/],
  ];
  for (const [text, fault] of bad) {
    Deno.writeTextFileSync(proxy.config, text);
    const { level, message, error } = await proxy.reload();
    assertEquals([level, message], ["error", "reload failed, the old configuration stays"]);
    assert(fault.test(error as string), `${error}`);
    assertEquals(await proxy.ask("/"), "200 old");
  }
  Deno.removeSync(proxy.config);
  assert(((await proxy.reload()).error as string).includes("there is no such file"));
  proxy.configure({ routes: { "GET /": saying("new") } });
  assertEquals((await proxy.reload()).message, "reloaded");
  assertEquals(await proxy.ask("/"), "200 new");
});

claim("SIGHUP opens the log anew", async () => {
  await using proxy = new ProxyCommand({ address: "./front", access_log: true });
  const log = proxy.directory.file("log");
  proxy.launch(["--log-file", log]);
  const says = (file: string, text: string) => until(() => Deno.readTextFileSync(file).includes(text), `no ${text}`);
  await says(log, '"serving"');
  Deno.renameSync(log, `${log}.1`);
  const front = `unix:${proxy.directory.file("front")}`;
  assertEquals(await proxy.ask("/?a=1", {}, front), "200 hello");
  await says(`${log}.1`, '"answered"');
  proxy.process.kill("SIGHUP");
  await says(log, '"reloaded"');
  assertEquals(await proxy.ask("/", {}, front), "200 hello");
  await says(log, '"answered"');
  await proxy.stop();
  assert(!Deno.readTextFileSync(`${log}.1`).includes('"reloaded"'));
});

claim(
  "a service manager hears READY, RELOADING, READY and STOPPING, also if a reload fails; processes hear nothing of it",
  async () => {
    using manager = new Manager(ownName());
    const routes = { "GET /": { answer: "stdout", inject: { cmd: ["env"] } } };
    await using proxy = new ProxyCommand({ address: "./front", routes });
    const front = `unix:${proxy.directory.file("front")}`;
    proxy.launch([], { env: manager.env });
    const { READY, MAINPID, STATUS } = await manager.hear();
    assertEquals([READY, MAINPID, STATUS], ["1", `${proxy.process.child.pid}`, `serving ${front}`]);
    for (const text of [Deno.readTextFileSync(proxy.config), "nonsense"]) {
      Deno.writeTextFileSync(proxy.config, text);
      proxy.process.kill("SIGHUP");
      assertEquals((await manager.hear()).RELOADING, "1");
      assertEquals(await manager.hear(), { READY: "1" });
    }
    const environment = await proxy.ask("/", {}, front);
    assert(environment.includes("REQUEST_ID="), environment);
    assert(!environment.includes("NOTIFY_SOCKET"), environment);
    proxy.process.kill("SIGTERM");
    assertEquals(await manager.hear(), { STOPPING: "1" });
    assertEquals((await proxy.process.ended()).status, 0);
  },
);

claim("at the limit of descriptors nobody new is let in, and as soon as there is room all are served", async () => {
  await using proxy = new ProxyCommand({ socketpath: "./back" });
  await proxy.start([], { through: ["prlimit", "--nofile=64:64"] });
  const { hostname, port } = new URL(proxy.front);
  const clients = await Promise.all(Array.from({ length: 100 }, () => Deno.connect({ hostname, port: Number(port) })));
  await proxy.process.says("accept failed");
  const { level, at, error } = proxy.log.find(({ message }) => message === "accept failed")!;
  assertEquals([level, at], ["warn", proxy.front]);
  assert((error as string).includes("RLIMIT_NOFILE is reached"), `${error}`);
  for (const client of clients) client.close();
  // Those who waited are let in first, and go at once; until then there is no room for a process either.
  await until(async () => await proxy.ask("/") === "200 hello", "nobody is served");
  assertEquals((await proxy.stop()).status, 0);
});
