/** Many requests, each told apart from all others: whether each gets its own answer, once. */

import { startGateway, WORKERS } from "./proxy_candidates.ts";
import { KeptConnection } from "./proxy_client.ts";
import { compilePrograms, type Programs } from "./proxy_programs.ts";

export interface SoakResult {
  requests: number;
  connections: number;
  seconds: number;
  /** Answered with what was sent. */
  right: number;
  /** Not answered, or not with success, by what came instead. */
  lost: Record<string, number>;
  /** Answered with what another request had sent, or nobody. */
  mixedUp: number;
  /** Bytes that came when all had been answered. */
  unasked: number;
  /** What the gateway itself has counted, by status. */
  counted: Record<string, number>;
}

/** The last of these answers every request twice; the second answer must be refused. */
const PATHS = ["/stdout", "/socket", "/worker", "/twice"];
const LONG_EVERY = 50;
const LONG_BYTES = 30_000;

function gatewayPaths({ answer, reply, worker }: Programs) {
  const timeout = 60_000;
  const payload = "{{jsonpayload}}";
  return {
    "/stdout": { post: { answer: "stdout", output: "cgi", inject: { cmd: [answer, payload], timeout } } },
    "/socket": { post: { inject: { cmd: [reply, payload], timeout } } },
    "/worker": { post: { inject: { cmd: [worker], mode: "worker", workers: WORKERS, timeout } } },
    "/twice": { post: { inject: { cmd: [reply, payload], env: { TWICE: "1" }, timeout } } },
  };
}

function bodyOf(number: number): string {
  const body = `request ${number} ${crypto.randomUUID()}`;
  return number % LONG_EVERY === 0 ? body.padEnd(LONG_BYTES, body) : body;
}

/** What a problem says of itself (RFC 9457), without what differs from one to the next. */
function detailOf(body: string): string {
  return /"detail": ?"([^"]*)"/.exec(body)?.[1] ?? body.slice(0, 80);
}

async function countedBy(adminPort: number): Promise<Record<string, number>> {
  const { routes } = await (await fetch(`http://127.0.0.1:${adminPort}/status`)).json();
  const counted: Record<string, number> = {};
  for (const { statuses } of routes) {
    for (const [status, count] of Object.entries(statuses)) counted[status] = (counted[status] ?? 0) + Number(count);
  }
  return counted;
}

/** Sends so many requests over so many connections, in all ways. */
export async function soak(
  requests: number,
  connections: number,
  progress: (text: string) => void,
): Promise<SoakResult> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "ipcx-bench-proxy-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const { port, adminPort } = await startGateway(folder, gatewayPaths(compilePrograms(folder)), stack);
  const result: SoakResult = {
    ...{ requests, connections, seconds: 0, right: 0, lost: {}, mixedUp: 0, unasked: 0, counted: {} },
  };
  const lose = (what: string) => result.lost[what] = (result.lost[what] ?? 0) + 1;
  let next = 0;
  const drive = async (): Promise<void> => {
    let client = await KeptConnection.open(port);
    try {
      while (next < requests) {
        const number = next++;
        if (number % 10_000 === 0) progress(`request ${number} of ${requests}`);
        const body = bodyOf(number);
        try {
          const path = PATHS[number % PATHS.length];
          const answered = await client.post(path, body);
          if (answered.status !== 200) lose(`${path}: ${answered.status} ${detailOf(answered.body)}`);
          else if (answered.body !== body) result.mixedUp++;
          else result.right++;
        } catch (error) {
          lose((error as Error).message);
          client[Symbol.dispose]();
          client = await KeptConnection.open(port);
        }
      }
      result.unasked += (await client.finish()).length;
    } finally {
      client[Symbol.dispose]();
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: connections }, drive));
  result.seconds = (performance.now() - began) / 1000;
  result.counted = await countedBy(adminPort);
  return result;
}

/** Whether every request was answered once, with its own answer. */
export function isFlawless({ requests, right, unasked, counted }: SoakResult): boolean {
  return right === requests && unasked === 0 && Object.keys(counted).length === 1 && counted[200] === requests;
}

/** The result as text. */
export function renderSoak(result: SoakResult): string {
  const { requests, connections, seconds, right, lost, mixedUp, unasked, counted } = result;
  const total = Object.values(lost).reduce((sum, count) => sum + count, 0);
  return [
    `${requests} requests over ${connections} connections in ${seconds.toFixed(0)} s, ` +
    `${(requests / seconds).toFixed(0)} a second, in turn to ${PATHS.join(", ")} ` +
    "(a process that answers on its output, at the socket, a worker, a process that tries to answer twice)",
    `answered with what was sent: ${right}; lost: ${total}${total > 0 ? ` ${JSON.stringify(lost)}` : ""}; ` +
    `mixed up: ${mixedUp}; bytes nobody had asked for: ${unasked}`,
    `counted by the gateway, by status: ${JSON.stringify(counted)}`,
    isFlawless(result) ? "nothing lost, nothing answered twice" : "NOT AS IT SHOULD BE",
  ].join("\n");
}
