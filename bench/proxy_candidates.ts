/** What is compared: our gateway three ways, and others that start a program for each request. */

import type { Programs } from "./proxy_programs.ts";
import { freePort, isInstalled, startServer } from "./proxy_server.ts";

/** What answers a request. */
export type Way = "stdout" | "socket" | "worker" | "nothing";

/** What is loaded. */
export interface Candidate {
  name: string;
  way: Way;
  /** Where, which may depend on how many connections there are. */
  url(connections: number): string;
}

/** A peer that does not take part. */
export interface Missing {
  name: string;
  reason: string;
}

/** How many processes answer in worker mode. */
export const WORKERS = 2;

/** How many processes fcgiwrap has: fewer than connections were slower, and more, too. */
export function fcgiwraps(connections: number): number {
  return Math.min(64, Math.max(4, connections));
}

/** Names that the report looks for. */
export const OURS = "ipcx proxy";
export const WEBHOOK = "webhook";
export const FCGIWRAP = "nginx, fcgiwrap";
export const HELLO = 'node:http, "hello"';

/** Starts our gateway with a configuration that lacks its addresses; `adminPort` serves its status. */
export async function startGateway(
  folder: string,
  paths: unknown,
  stack: AsyncDisposableStack,
): Promise<{ port: number; adminPort: number }> {
  const [port, adminPort] = [freePort(), freePort()];
  const config = `${folder}/gateway.yaml`;
  // JSON is YAML.
  await Deno.writeTextFile(
    config,
    JSON.stringify({ port, socketpath: `${folder}/reply.sock`, admin: { port: adminPort }, paths }),
  );
  const cli = new URL("../cli.ts", import.meta.url).pathname;
  const command = [Deno.execPath(), "run", "--quiet", "-A", cli, "proxy", "--config", config] as const;
  stack.use(await startServer({ name: OURS, command, at: port, log: `${folder}/gateway.log` }));
  return { port, adminPort };
}

async function startOurs({ answer, reply, worker }: Programs, folder: string, stack: AsyncDisposableStack) {
  const timeout = 30_000;
  const { port } = await startGateway(folder, {
    "/stdout": { get: { answer: "stdout", output: "cgi", inject: { cmd: [answer], timeout } } },
    "/socket": { get: { inject: { cmd: [reply], timeout } } },
    "/worker": { get: { inject: { cmd: [worker], mode: "worker", workers: WORKERS, timeout } } },
  }, stack);
  return (["stdout", "socket", "worker"] as const).map((way): Candidate => ({
    name: OURS,
    way,
    url: () => `http://127.0.0.1:${port}/${way}`,
  }));
}

async function startWebhook({ answer }: Programs, folder: string, stack: AsyncDisposableStack): Promise<Candidate> {
  const port = freePort();
  const hooks = `${folder}/hooks.json`;
  const hook = { id: "answer", "execute-command": answer, "include-command-output-in-response": true };
  await Deno.writeTextFile(hooks, JSON.stringify([hook]));
  const command = ["webhook", "-ip", "127.0.0.1", "-port", `${port}`, "-hooks", hooks] as const;
  stack.use(await startServer({ name: WEBHOOK, command, at: port, log: `${folder}/webhook.log` }));
  return { name: WEBHOOK, way: "stdout", url: () => `http://127.0.0.1:${port}/hooks/answer` };
}

function nginxConfig(folder: string, port: number, sockets: Map<number, string>, program: string): string {
  const folders = ["client_body", "fastcgi", "proxy", "scgi", "uwsgi"].map((name) => `${name}_temp_path ${folder};`);
  const locations = Array.from(sockets, ([count, socket]) => `
    location /${count} {
      fastcgi_pass unix:${socket};
      fastcgi_param SCRIPT_FILENAME ${program};
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param QUERY_STRING $query_string;
    }`);
  return `
daemon off;
pid ${folder}/nginx.pid;
error_log stderr error;
worker_processes auto;
${Deno.uid() === 0 ? "user root;" : ""}
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000000;
  ${folders.join(" ")}
  server {
    listen 127.0.0.1:${port};
    ${locations.join("")}
  }
}
`;
}

async function startFcgiwrap(
  { answer }: Programs,
  folder: string,
  stack: AsyncDisposableStack,
  connections: readonly number[],
): Promise<Candidate> {
  const sockets = new Map<number, string>();
  for (const count of new Set(connections.map(fcgiwraps))) {
    const socket = `${folder}/fcgiwrap-${count}.sock`;
    const command = ["fcgiwrap", "-c", `${count}`, "-s", `unix:${socket}`] as const;
    stack.use(await startServer({ name: "fcgiwrap", command, at: socket, log: `${folder}/fcgiwrap.log` }));
    sockets.set(count, socket);
  }
  const port = freePort();
  const config = `${folder}/nginx.conf`;
  await Deno.writeTextFile(config, nginxConfig(folder, port, sockets, answer));
  const command = ["nginx", "-p", folder, "-e", "stderr", "-c", config] as const;
  stack.use(await startServer({ name: "nginx", command, at: port, log: `${folder}/nginx.log` }));
  return { name: FCGIWRAP, way: "stdout", url: (connections) => `http://127.0.0.1:${port}/${fcgiwraps(connections)}` };
}

async function startHello(folder: string, stack: AsyncDisposableStack): Promise<Candidate> {
  const port = freePort();
  const script = new URL("proxy_hello.ts", import.meta.url).pathname;
  const command = [Deno.execPath(), "run", "--quiet", "--no-lock", "-A", script, `${port}`] as const;
  stack.use(await startServer({ name: HELLO, command, at: port, log: `${folder}/hello.log` }));
  return { name: HELLO, way: "nothing", url: () => `http://127.0.0.1:${port}/` };
}

/** Starts all that is installed. */
export async function startCandidates(
  programs: Programs,
  folder: string,
  connections: readonly number[],
  stack: AsyncDisposableStack,
): Promise<{ candidates: Candidate[]; missing: Missing[] }> {
  const candidates = await startOurs(programs, folder, stack);
  const missing: Missing[] = [];
  const peers = [
    { name: WEBHOOK, needs: ["webhook"], packages: "webhook", start: startWebhook },
    { name: FCGIWRAP, needs: ["fcgiwrap", "nginx"], packages: "fcgiwrap nginx-light", start: startFcgiwrap },
  ];
  for (const { name, needs, packages, start } of peers) {
    const installed = await Promise.all(needs.map(isInstalled));
    if (installed.every(Boolean)) candidates.push(await start(programs, folder, stack, connections));
    else missing.push({ name, reason: `not installed (Debian, Ubuntu: apt-get install ${packages})` });
  }
  candidates.push(await startHello(folder, stack));
  return { candidates, missing };
}
