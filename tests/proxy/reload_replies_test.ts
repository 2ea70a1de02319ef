import { assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { until } from "../cli/program.ts";
import { type Routes, type Serving, serving } from "./gateway.ts";

const SCRIPT = `touch began; until [ -e go ]; do sleep 0.02; done
curl -sd late --unix-socket "$REPLY_SOCKET" "$REPLY_URL"`;

const ROUTES: Routes = {
  "POST /": { limits: { concurrency: 1 }, inject: { cmd: ["sh", "-ec", SCRIPT], wd: ".", timeout: 60_000 } },
};

const post = { method: "POST" };

function sockets({ directory }: Serving): string[] {
  return Array.from(Deno.readDirSync(directory.path), ({ name }) => name).filter((name) => name.endsWith(".sock"))
    .sort();
}

async function isThere(gateway: Serving, name: string): Promise<void> {
  await until(() => Deno.statSync(gateway.directory.file(name)).isFile, `there is no ${name}`);
}

claim("who was told an address to answer at may do so after a reload that moves the socket", async () => {
  await using gateway = await serving(ROUTES);
  const running = gateway.ask("/", post);
  await isThere(gateway, "began");
  const waiting = gateway.ask("/", post);
  await until(() => gateway.proxy.status.routes[0].waiting === 1, "it does not wait");
  using arriving = await gateway.connect();
  await arriving.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  await arriving.until("100 Continue");
  await gateway.reload(ROUTES, { socketpath: gateway.directory.file("other.sock") });
  assertEquals(sockets(gateway), ["other.sock", "urocket.sock"]);
  Deno.writeTextFileSync(gateway.directory.file("go"), "");
  assertEquals([(await running).text, (await waiting).text], ["late", "late"]);
  assertEquals(sockets(gateway), ["other.sock", "urocket.sock"]);
  await arriving.send("x");
  await arriving.until("\r\n\r\nlate");
  await until(() => sockets(gateway).length === 1, "the old socket is still there");
  assertEquals((await gateway.ask("/", post)).text, "late");
});

claim("a socket that was moved away may come back before it has gone", async () => {
  await using gateway = await serving(ROUTES);
  const running = gateway.ask("/", post);
  await isThere(gateway, "began");
  const elsewhere = { socketpath: gateway.directory.file("other.sock") };
  await gateway.reload(ROUTES, elsewhere);
  await gateway.reload(ROUTES);
  await until(() => sockets(gateway).length === 1, "the other socket is still there");
  await gateway.reload(ROUTES, elsewhere);
  await gateway.reload(ROUTES);
  Deno.writeTextFileSync(gateway.directory.file("go"), "");
  assertEquals((await running).text, "late");
  await until(() => sockets(gateway).length === 1, "the other socket is still there");
  assertEquals((await gateway.ask("/", post)).text, "late");
});

claim("a gateway that stops does not wait for a socket that was moved away", async () => {
  const gateway = await serving(ROUTES);
  const running = gateway.ask("/", post);
  await isThere(gateway, "began");
  await gateway.reload(ROUTES, { socketpath: gateway.directory.file("other.sock") });
  await gateway.proxy.stop();
  assertEquals([(await running).status, sockets(gateway)], [503, []]);
  await gateway[Symbol.asyncDispose]();
});
