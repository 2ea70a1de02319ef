/**
 * A traced server: each request starts a process, as the gateway does.
 *
 * @module
 */

import { createServer } from "node:http";
import { spawn } from "../../../src/spawn/mod.ts";
import { dropRuntimeSpan } from "../../../src/proxy/runtime_span.ts";
import { startTracing } from "../../../src/proxy/tracing.ts";

const tracing = await startTracing("pets");

const server = createServer(async (request, response) => {
  const [path] = request.url!.split("?");
  if (!tracing) return void response.end("not traced");
  dropRuntimeSpan(response);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  const isRouted = path !== "/nowhere";
  const span = tracing.request(
    { id: "id-1", method: request.method!, path, headers },
    isRouted ? "/pets/{id}" : undefined,
    { startedAt: Date.now() - 1000, client: "203.0.113.9" },
  );
  if (!isRouted) {
    response.writeHead(404).end("nothing");
    return span.end(404, "no route");
  }
  if (path === "/gone") {
    request.socket.destroy();
    return span.end(0, "client gone");
  }
  const process = span.process("/bin/sh");
  const child = spawn({
    command: "/bin/sh",
    args: ["-c", path === "/pets/dead" ? "kill -9 $$" : 'echo "$TRACEPARENT"'],
    env: { TRACEPARENT: process.traceparent },
    stdout: "piped",
  });
  process.started(child.pid);
  const [printed, status] = await Promise.all([new Response(child.stdout).text(), child.status]);
  process.end(status);
  response.writeHead(status.success ? 200 : 502).end(printed);
  span.end(status.success ? 200 : 502, status.success ? "answered" : "process was killed");
});
server.listen(0, "127.0.0.1", () => console.error(`port ${(server.address() as { port: number }).port}`));
