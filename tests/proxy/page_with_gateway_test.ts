import { assert, assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { BrowserPage, NEEDS_CHROMIUM } from "./browser.ts";
import { type Serving, serving } from "./gateway.ts";
import { PYTHON } from "./working.ts";

const OPENAPI = `openapi: 3.0.3
info: { title: Rockets, version: 1.0.0, description: All that fly. }
paths:
  /rockets/{name}:
    parameters:
      - { name: name, in: path, required: true, description: What it is called, schema: { type: string, maxLength: 20 } }
    get:
      summary: Tells of a rocket
      responses: { "200": { description: The rocket } }
    put:
      summary: Builds a rocket
      requestBody:
        content:
          application/json: { schema: { $ref: "rocket.yaml#/Rocket" } }
      responses: { "200": { description: It is built } }
`;

const ROCKET = `Rocket:
  type: object
  required: [stages]
  properties:
    stages: { type: integer, minimum: 1, maximum: 5, description: How many it has }
`;

/** A gateway with a program that answers, one that fails, and a worker. */
async function rockets(): Promise<Serving> {
  const timeout = 20_000;
  return await serving(
    {
      "GET /rockets/{name}": {
        validatein: true,
        answer: "stdout",
        inject: { cmd: ["echo", "{{path.name}} flies"], timeout },
      },
      "PUT /rockets/{name}": { validatein: true, answer: "stdout", inject: { cmd: ["sh", "-c", "exit 7"], timeout } },
      "POST /worked": { inject: { mode: "worker", cmd: PYTHON, timeout } },
    },
    { servicename: "rockets", openapi: "rockets.yaml", admin: { port: 0 } },
    { "rockets.yaml": OPENAPI, "rocket.yaml": ROCKET },
  );
}

/** The cells of the row that has a text. */
async function rowWith({ page }: BrowserPage, table: string, text: string): Promise<string[]> {
  const row = page.locator(`#${table} tbody tr`, { hasText: text }).first();
  await row.waitFor();
  return await row.locator("td").allInnerTexts();
}

const options = { skip: NEEDS_CHROMIUM };

claim("requests at the front, and the workers, are seen on the page while it is open", async () => {
  await using own = await rockets();
  await using opened = await BrowserPage.open(own.proxy.adminUrl!);
  const { page } = opened;
  const figure = (name: string, value: string) =>
    page.locator(`[data-figure="${name}"]`, { hasText: new RegExp(`^${value}$`) }).first().waitFor();
  await figure("state", "serving");
  assertEquals(await page.title(), "rockets – ipcx proxy");
  const facts = await page.locator("header").innerText();
  for (const fact of [own.proxy.url, own.socket, `${Deno.pid}`]) assert(facts.includes(fact), fact);

  const flown = await own.ask("/rockets/saturn?token=secret");
  assertEquals([flown.status, flown.text], [200, "saturn flies\n"]);
  const json = { "content-type": "application/json" };
  const refused = await own.ask("/rockets/saturn", { method: "PUT", body: '{"stages": 9}', headers: json });
  assertEquals(refused.status, 422);
  const failed = await own.ask("/rockets/ariane", { method: "PUT", body: '{"stages": 2}', headers: json });
  assertEquals(failed.status, 502);
  assertEquals((await own.ask("/nowhere")).status, 404);
  for (let count = 0; count < 3; count++) {
    assertEquals((await own.ask("/worked", { method: "POST", body: "head" })).status, 200);
  }

  for (const [name, value] of Object.entries({ requests: "6", failed: "1", refused: "1" })) await figure(name, value);
  assertEquals((await rowWith(opened, "route-figures", "GET /rockets"))[2], "200 × 1");
  const [, , built] = await rowWith(opened, "route-figures", "PUT /rockets");
  assert(built.includes("422 × 1") && built.includes("502 × 1"), built);
  assertEquals((await rowWith(opened, "route-figures", "/worked"))[2], "200 × 3");

  const last = JSON.parse(failed.text).instance.slice("urn:uuid:".length);
  const [, request, status, , outcome, pid, , id] = await rowWith(opened, "last-requests", "process exited with 7");
  assertEquals([request.replace(/\s+/, " "), status, outcome], [
    "PUT /rockets/ariane",
    "502",
    "process exited with 7",
  ]);
  assert(Number(pid) > 1 && last.startsWith(id.replace("…", "")), `${pid} ${id}`);
  assertEquals((await rowWith(opened, "last-requests", "/rockets/saturn"))[2], "422");

  const [route, worker, state, answered] = await rowWith(opened, "worker-figures", "/worked");
  const [known] = own.proxy.status.workers;
  assertEquals([route.replace(/\s+/, " "), worker, answered], ["POST /worked", `${known.pid}`, "3"]);
  assert(["idle", "busy"].includes(state), state);
  assert(!(await page.content()).includes("secret"), "queries are not shown");
  assertEquals(opened.complaints, []);
}, options);

claim("the documentation of the API is that of the gateway's document, and of the files it refers to", async () => {
  await using own = await rockets();
  await using opened = await BrowserPage.open(own.proxy.adminUrl!);
  const { page } = opened;
  const operation = page.locator("details", { hasText: "Builds a rocket" });
  await operation.locator("summary").click();
  await operation.getByText("How many it has").waitFor();
  const text = await operation.innerText();
  for (const part of ["What it is called", "at most 20 characters", "stages", "integer · at least 1 · at most 5"]) {
    assert(text.includes(part), `${part} in ${text}`);
  }
  assert((await page.locator("body").innerText()).includes("All that fly."));
  assertEquals(opened.complaints, []);
}, options);

claim("a reload is told of on the page, and a gateway that has stopped is out of reach", async () => {
  const own = await rockets();
  await using opened = await BrowserPage.open(own.proxy.adminUrl!);
  const { page } = opened;
  const state = page.locator('[data-figure="state"]');
  try {
    await state.filter({ hasText: "serving" }).waitFor();
    const settings = { servicename: "rockets", admin: { port: 0 } };
    await own.reload({ "GET /new": { answer: "stdout", inject: { cmd: ["echo", "new"] } } }, settings);
    const notice = page.getByText("The configuration has changed.");
    await notice.waitFor();
    await page.getByText("Load the page again").click();
    await page.locator("#route-figures", { hasText: "GET /new" }).waitFor();
    assert(!await notice.isVisible());
  } finally {
    await own[Symbol.asyncDispose]();
  }
  await state.filter({ hasText: "out of reach" }).waitFor();
}, options);
