import { assert, assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { isAlive, until } from "../cli/program.ts";
import { type Serving, serving } from "./gateway.ts";
import { idle, PYTHON, SHELL, workers, workersAre } from "./working.ts";

const post = (body: string): RequestInit => ({ method: "POST", body });

function pids(gateway: Serving): number[] {
  return gateway.proxy.status.workers.map(({ pid }) => pid).sort();
}

async function isWaiting(gateway: Serving): Promise<void> {
  const file = gateway.directory.file("waiting");
  await until(() => Deno.statSync(file).isFile, "no worker waits");
  Deno.removeSync(file);
}

claim("workers stay over a reload that does not change how they are started", async () => {
  await using gateway = await serving({ "POST /": workers(PYTHON, { workers: 2 }) });
  await idle(gateway, 2);
  const before = pids(gateway);
  const running = gateway.ask("/", post("wait go"));
  await isWaiting(gateway);
  await gateway.reload({
    "POST /": workers(PYTHON, { workers: 2, timeout: 30_000, encoding: "json" }, { limits: { concurrency: 7 } }),
    "POST /more": workers(PYTHON),
  });
  await idle(gateway, 2);
  assert(before.every((pid) => pids(gateway).includes(pid)));
  assertEquals((await gateway.ask("/", post("{no"))).status, 400, "the new configuration holds");
  Deno.writeTextFileSync(gateway.directory.file("go"), "");
  assert(before.includes(Number((await running).text)));
  assertEquals((await gateway.ask("/more", post("more"))).text, "more");
});

claim("workers that would be started in another way are replaced when they have answered", async () => {
  await using gateway = await serving({ "POST /": workers(PYTHON) });
  const [{ pid }] = await idle(gateway, 1);
  const running = gateway.ask("/", post("wait go"));
  await isWaiting(gateway);
  await gateway.reload({ "POST /": workers(PYTHON, { env: { NEW: "1" } }) });
  const states = await workersAre(gateway, (all) => all.some(({ state }) => state === "idle"));
  const next = states.find(({ state }) => state === "idle")!.pid;
  assertEquals((await gateway.ask("/", post("pid"))).text, `${next}`);
  assert(isAlive(pid));
  Deno.writeTextFileSync(gateway.directory.file("go"), "");
  assertEquals((await running).text, `${pid}`);
  await workersAre(gateway, (all) => all.length === 1 && all[0].pid === next);
  assert(!isAlive(pid));
});

claim("workers of a route that is taken away end, but not before those who wait for them are answered", async () => {
  await using gateway = await serving({ "POST /": workers(PYTHON), "GET /": workers(PYTHON) });
  await idle(gateway, 2);
  const running = gateway.ask("/", post("wait go"));
  await isWaiting(gateway);
  const queued = gateway.ask("/", post("echo"));
  const waits = () => gateway.proxy.status.routes.some(({ waiting }) => waiting === 1);
  await until(waits, "it does not wait");
  await gateway.reload({ "GET /other": workers(SHELL) });
  assertEquals((await gateway.ask("/", post("echo"))).status, 404);
  Deno.writeTextFileSync(gateway.directory.file("go"), "");
  assertEquals([(await running).status, (await queued).text], [200, "echo"]);
  await workersAre(gateway, (all) => all.length === 1 && all[0].path === "/other");
});

claim("a reload adds workers, and ends those with nothing to do first", async () => {
  await using gateway = await serving({ "POST /": workers(PYTHON, { workers: 1 }) });
  const [{ pid }] = await idle(gateway, 1);
  const running = gateway.ask("/", post("wait go"));
  await isWaiting(gateway);
  await gateway.reload({ "POST /": workers(PYTHON, { workers: 3 }) });
  await idle(gateway, 2);
  await gateway.reload({ "POST /": workers(PYTHON, { workers: 1 }) });
  await workersAre(gateway, (all) => all.length === 1 && all[0].pid === pid);
  Deno.writeTextFileSync(gateway.directory.file("go"), "");
  assertEquals((await running).text, `${pid}`);
  assertEquals((await gateway.ask("/", post("pid"))).text, `${pid}`);
});

claim("reloads under load lose no request", async () => {
  await using gateway = await serving({ "POST /": workers(PYTHON, { workers: 2 }) });
  await idle(gateway, 2);
  let isOver = false;
  let answered = 0;
  const clients = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      const text = crypto.randomUUID();
      const answer = await gateway.ask("/", post(text));
      assertEquals([answer.status, answer.text], [200, text]);
      answered++;
    }
  });
  for (let round = 0; round < 6; round++) {
    const goal = answered + 20;
    await gateway.reload({ "POST /": workers(PYTHON, { workers: 2, env: { ROUND: `${round}` } }) });
    await until(() => answered >= goal, "it does not go on");
  }
  isOver = true;
  await Promise.all(clients);
  await idle(gateway, 2);
  assertEquals(gateway.proxy.status.routes[0].requests, answered);
});

claim("a configuration that cannot be used changes nothing for workers", async () => {
  await using gateway = await serving({ "POST /": workers(PYTHON) });
  const [{ pid }] = await idle(gateway, 1);
  let message = "";
  try {
    await gateway.reload({ "POST /": workers(SHELL) }, { address: "192.0.2.1" });
  } catch (error) {
    message = (error as Error).message;
  }
  assert(message !== "");
  assertEquals((await gateway.ask("/", post("pid"))).text, `${pid}`);
});
