import { assert, assertEquals } from "@std/assert";
import { request } from "node:http";
import { isOwnHost } from "../../src/proxy/admin/allowed_hosts.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { AdminServer, FedView } from "./admin_server.ts";
import { parseExposition } from "./exposition.ts";

interface Reply {
  status: number;
  headers: Record<string, unknown>;
  text: string;
}

type Target = { port: number } | { socketPath: string };

function ask(target: Target, path: string, options: { method?: string; host?: string } = {}): Promise<Reply> {
  const { method = "GET", host = "localhost" } = options;
  return new Promise((resolve, reject) => {
    const at = "port" in target ? { host: "127.0.0.1", port: target.port } : target;
    const asked = request({ ...at, path, method, headers: { host }, agent: false }, async (answer) => {
      let text = "";
      for await (const part of answer.setEncoding("utf8")) text += part;
      resolve({ status: answer.statusCode!, headers: answer.headers, text });
    });
    asked.on("error", reject).end();
  });
}

/** Answers of a server in the raw, for what no client would send or hide. */
async function raw(port: number, text: string): Promise<string> {
  using connection = await Deno.connect({ port });
  await connection.write(new TextEncoder().encode(text));
  return await new Response(connection.readable).text();
}

claim("it tells of health, readiness, figures and status", async () => {
  const view = new FedView(["GET /pets"]);
  view.answer("GET /pets", 200, { path: "/pets?token=secret" });
  view.metrics.refusedWithoutRoute(404);
  await using server = await AdminServer.start(view);

  const health = await ask(server, "/healthz");
  assertEquals([health.status, health.text], [200, "ok\n"]);
  const ready = await ask(server, "/readyz");
  assertEquals([ready.status, ready.text], [200, "ready\n"]);

  const metrics = await ask(server, "/metrics");
  assertEquals(metrics.status, 200);
  assert(String(metrics.headers["content-type"]).startsWith("text/plain; version=0.0.4"));
  const { samples } = parseExposition(metrics.text);
  assertEquals(samples.get('ipcx_proxy_requests_total{method="GET",route="/pets",status="200"}'), 1);

  const status = await ask(server, "/status?whatever");
  assertEquals([status.status, status.headers["content-type"]], [200, "application/json"]);
  assertEquals(JSON.parse(status.text), JSON.parse(JSON.stringify({ ...view.status() })));
  assert(!status.text.includes("secret"));
});

claim("it is healthy but not ready while the gateway starts or stops", async () => {
  const view = new FedView([]);
  view.isReady = false;
  await using server = await AdminServer.start(view);
  assertEquals((await ask(server, "/healthz")).status, 200);
  const ready = await ask(server, "/readyz");
  assertEquals([ready.status, ready.text], [503, "not ready\n"]);
});

claim("every answer forbids scripts from elsewhere, frames, guessing at types, and keeping it", async () => {
  await using server = await AdminServer.start(new FedView([]));
  for (const path of ["/", "/page.js", "/page.css", "/icon.svg", "/healthz", "/status", "/metrics", "/nowhere"]) {
    const { headers } = await ask(server, path);
    const policy = String(headers["content-security-policy"]).split("; ");
    assert(policy.includes("default-src 'none'") && policy.includes("script-src 'self'"), path);
    assert(policy.includes("frame-ancestors 'none'") && !policy.join().includes("unsafe"), path);
    assertEquals([headers["x-content-type-options"], headers["cache-control"]], ["nosniff", "no-store"], path);
  }
});

claim("the page and what it needs have their types, and nothing is inline or from elsewhere", async () => {
  await using server = await AdminServer.start(new FedView(["GET /pets"]));
  const types = { "/": "text/html", "/page.js": "text/javascript", "/page.css": "text/css", "/icon.svg": "image/svg" };
  for (const [path, type] of Object.entries(types)) {
    const { status, headers, text } = await ask(server, path);
    assertEquals(status, 200);
    assert(String(headers["content-type"]).startsWith(type), path);
    assertEquals(Number(headers["content-length"]), new TextEncoder().encode(text).length);
  }
  const { text } = await ask(server, "/");
  assert(
    !/\bstyle=|\son[a-z]+=|<style|<script(?! type="module" src="page.js"><\/script>)|https?:\/\/(?!127)/.test(text),
  );
});

claim("other paths are 404, and it can only be read", async () => {
  await using server = await AdminServer.start(new FedView([]));
  for (const path of ["/nowhere", "/healthz/", "//healthz", "/__proto__", "/toString", "/page.js/../status"]) {
    assertEquals((await ask(server, path)).status, 404, path);
  }
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"]) {
    const { status, headers } = await ask(server, "/status", { method });
    assertEquals([status, headers.allow], [405, "GET, HEAD"], method);
  }
});

claim("HEAD tells the same as GET, without the body", async () => {
  await using server = await AdminServer.start(new FedView([]));
  const { headers } = await ask(server, "/page.css");
  const answer = await raw(server.port, "HEAD /page.css HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const [head, body] = answer.split("\r\n\r\n");
  assert(
    head.startsWith("HTTP/1.1 200 ") && head.toLowerCase().includes(`content-length: ${headers["content-length"]}`),
  );
  assertEquals(body, "");
});

claim("requests under names that are not ours are refused, as they may be of a page that was rebound", async () => {
  await using server = await AdminServer.start(new FedView([]), { hosts: ["Admin.example.org"] });
  const { port } = server;
  const own = ["localhost", `localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, "admin.example.org:9090"];
  for (const host of own) assertEquals((await ask(server, "/status", { host })).status, 200, host);
  const foreign = [
    "evil.example",
    `evil.example:${port}`,
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "10.0.0.1",
  ];
  for (const host of [...foreign, "localhost@evil.example", "[::1", "localhost:80:80"]) {
    for (const path of ["/", "/status", "/metrics", "/healthz", "/nowhere"]) {
      assertEquals((await ask(server, path, { host })).status, 403, `${host} ${path}`);
    }
  }
  const old = await raw(server.port, "GET /healthz HTTP/1.0\r\n\r\n");
  assert(old.startsWith("HTTP/1.1 200 "), "browsers name a host; a health check that names none is let in");
});

claim("the address that a client connected to is ours, however it is written", () => {
  assert(isOwnHost("192.0.2.7:9090", ["192.0.2.7"]));
  assert(isOwnHost("192.0.2.7", ["::ffff:192.0.2.7"]), "IPv4 on a socket of IPv6");
  assert(isOwnHost("[2001:DB8::1]:9090", ["2001:db8::1"]));
  assert(isOwnHost("[2001:db8::1]", ["[2001:db8::1]"]));
  assert(!isOwnHost("", [""]));
  assert(!isOwnHost("192.0.2.8", ["192.0.2.7", undefined, ""]));
});

claim("at a Unix socket every name will do", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("admin.sock");
  await using _server = await AdminServer.start(new FedView([]), { path, hosts: "any" });
  for (const host of ["localhost", "pets", "evil.example"]) {
    assertEquals((await ask({ socketPath: path }, "/healthz", { host })).status, 200, host);
  }
});

claim("a status that cannot be told is an error, and the server goes on", async () => {
  const view = new FedView([]);
  const told = view.status.bind(view);
  view.status = () => {
    throw new Error("no status today");
  };
  await using server = await AdminServer.start(view);
  const { status, text } = await ask(server, "/status");
  assertEquals([status, text], [500, "It cannot be told: no status today\n"]);
  view.status = told;
  assertEquals((await ask(server, "/status")).status, 200);
});
