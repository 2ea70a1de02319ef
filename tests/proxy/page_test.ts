import { assert, assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { AdminServer, FedView } from "./admin_server.ts";
import { BrowserPage, NEEDS_CHROMIUM, type Sight } from "./browser.ts";
import { HOSTILE, PETS_DOCUMENT } from "./pets_document.ts";

const ROUTES = ["GET /pets", "POST /pets", "GET /pets/{petId}", "GET /reports/{year}"];
const TARGET = "#GET%2520%252Fpets";
/** Longer than the page waits between two looks. */
const SEVERAL_LOOKS_MS = 3500;

function petsView(): FedView {
  const view = new FedView(ROUTES);
  view.document = PETS_DOCUMENT;
  return view;
}

/** Looks at the page of a gateway with a real browser. */
async function look(view: FedView, test: (opened: BrowserPage) => Promise<void>, sight?: Sight): Promise<void> {
  await using server = await AdminServer.start(view);
  await using opened = await BrowserPage.open(`http://127.0.0.1:${server.port}/`, sight);
  await test(opened);
}

/** The cells of a table, row by row, once there are rows enough. */
async function rowsOf({ page }: BrowserPage, table: string, count: number): Promise<string[][]> {
  const rows = page.locator(`#${table} tbody tr`);
  await rows.nth(count - 1).waitFor();
  return await Promise.all((await rows.all()).map((row) => row.locator("td").allInnerTexts()));
}

const options = { skip: NEEDS_CHROMIUM };

claim("figures and last requests change by themselves as requests are answered", async () => {
  const view = petsView();
  await look(view, async (opened) => {
    const { page } = opened;
    const answered = page.locator('[data-figure="requests"]');
    await answered.filter({ hasText: /^0$/ }).waitFor();
    assertEquals((await rowsOf(opened, "route-figures", 4)).map(([name]) => name.replace(/\s+/, " ")), ROUTES);
    assert(await page.getByText("Nothing yet.").last().isVisible());
    assert(!await page.locator("#worker-figures").isVisible());

    view.answer("GET /pets", 200, { ms: 20 });
    view.answer("POST /pets", 504, { ms: 1000, outcome: "timed out" });
    view.metrics.route("POST", "/pets").killed("timeout");
    view.metrics.route("GET", "/pets").started();
    view.metrics.refusedWithoutRoute(404);
    view.workers = [{ method: "GET", path: "/pets", pid: 4711, state: "busy", requests: 12, uptime: 61 }];
    await answered.filter({ hasText: /^2$/ }).waitFor();
    for (const [name, value] of Object.entries({ failed: "1", refused: "1", running: "1", connections: "3" })) {
      assertEquals(await page.locator(`[data-figure="${name}"]`).innerText(), value, name);
    }
    const [list, add] = await rowsOf(opened, "route-figures", 4);
    assertEquals([list[2], list[3], list[6]], ["200 × 1", "20 ms", "1"]);
    assertEquals([add[2], add[5], add[8]], ["504 × 1", "1.00 s", "timeout × 1"]);
    const [newest, older] = await rowsOf(opened, "last-requests", 2);
    assertEquals(newest.slice(2, 5), ["504", "1.00 s", "timed out"]);
    assertEquals(older.slice(2, 5), ["200", "20 ms", "answered"]);
    assertEquals((await rowsOf(opened, "worker-figures", 1))[0].slice(1), ["4711", "busy", "12", "1 min 1 s"]);
    await page.locator(".live", { hasText: "1 answered · " }).first().waitFor();

    await page.getByLabel("only failures").check();
    assertEquals((await rowsOf(opened, "last-requests", 1)).length, 1);
    assertEquals(opened.complaints, []);
  });
}, options);

claim("the documentation of an operation is opened by keyboard, and by its link among the routes", async () => {
  await look(petsView(), async (opened) => {
    const { page } = opened;
    const operation = page.locator("details").first();
    assert(!await operation.getByText("There may be none.").isVisible());
    await operation.locator("summary").focus();
    await page.keyboard.press("Enter");
    const text = await operation.locator(".inside").innerText();
    const expected = [
      "Lists them by name.",
      "limit",
      "integer (int32) · at least 1 · at most 100 · 20 by default",
      "How many at most",
      "application/json",
      "array of Pet",
      'at most 40 characters · such as "Mia"',
      "string or null (date)",
      "array of Pet · at most 2 items · as above",
      "application/problem+json",
    ];
    for (const part of expected) assert(text.includes(part), part);

    await page.locator("#route-figures a").nth(2).click();
    const target = page.locator("details", { hasText: "Tells of one pet" });
    await target.getByText("string (uuid)").waitFor();
    assertEquals(await page.evaluate("document.activeElement.localName"), "summary");
    assertEquals(await page.locator("details", { hasText: "no route" }).count(), 2);
    assertEquals(opened.complaints, []);
  });
}, options);

claim("a link to an operation opens it, and a broken one does no harm", async () => {
  await using server = await AdminServer.start(petsView());
  for (const [hash, isOpen] of [[TARGET, true], ["#%", false], ["#api", false]] as const) {
    await using opened = await BrowserPage.open(`http://127.0.0.1:${server.port}/${hash}`);
    await rowsOf(opened, "route-figures", 4);
    assertEquals(await opened.page.locator("details").first().getAttribute("open") !== null, isOpen, hash);
    assertEquals(opened.complaints, []);
  }
}, options);

claim("what looks like markup is shown as text, wherever it comes from", async () => {
  const view = petsView();
  for (const text of HOSTILE) {
    view.metrics.route("GET", `/${text}`);
    view.answer("GET /pets", 502, { path: `/pets/${text}`, outcome: `process said ${text}` });
  }
  view.workers = [{ method: "GET", path: `/${HOSTILE[0]}`, pid: 1, state: "idle", requests: 0, uptime: 0 }];
  await look(view, async (opened) => {
    const { page } = opened;
    const texts = (await rowsOf(opened, "last-requests", HOSTILE.length)).toReversed();
    for (const [at, text] of HOSTILE.entries()) {
      assert(texts[at][1].endsWith(`/pets/${text}`), texts[at][1]);
      assertEquals(texts[at][4], `process said ${text}`);
    }
    for (const details of await page.locator("details").all()) await details.evaluate("(one) => { one.open = true }");
    const everything = await page.locator("body").innerText();
    for (const text of HOSTILE) assert(everything.split(text).length > 3, text);
    assertEquals(await page.locator("img, script:not([src='page.js']), [onerror], [onfocus], [autofocus]").count(), 0);
    assertEquals(opened.complaints, []);
  });
}, options);

claim("the page asks no more while it is paused or hidden, and at once when it is looked at again", async () => {
  const view = petsView();
  await look(view, async (opened) => {
    const { page } = opened;
    await rowsOf(opened, "route-figures", 4);
    const turn = (isHidden: boolean): Promise<unknown> =>
      page.evaluate(`Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"))`);
    const quiet = async (): Promise<void> => {
      await page.waitForTimeout(1000); // What was under way has come.
      const asked = view.asked;
      await page.waitForTimeout(SEVERAL_LOOKS_MS);
      assertEquals(view.asked, asked);
    };
    await page.getByRole("button", { name: "Pause" }).click();
    await quiet();
    view.answer("GET /pets", 200);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.locator('[data-figure="requests"]', { hasText: /^1$/ }).waitFor();
    await turn(true);
    await quiet();
    view.answer("GET /pets", 200);
    await turn(false);
    await page.locator('[data-figure="requests"]', { hasText: /^2$/ }).waitFor();
    assertEquals(opened.complaints, []);
  });
}, options);

claim("a gateway that does not answer is said to be out of reach until it does", async () => {
  const view = petsView();
  await look(view, async ({ page }) => {
    const state = page.locator('[data-figure="state"]');
    await state.filter({ hasText: "serving" }).waitFor();
    const told = view.status.bind(view);
    view.status = () => {
      throw new Error("not now");
    };
    await state.filter({ hasText: "out of reach" }).waitFor();
    view.status = told;
    view.isReady = false;
    await state.filter({ hasText: "stopping" }).waitFor();
  });
}, options);

claim("a new configuration is told of, since the documentation may have changed", async () => {
  const view = petsView();
  await look(view, async (opened) => {
    await rowsOf(opened, "route-figures", 4);
    const notice = opened.page.getByText("The configuration has changed.");
    assert(!await notice.isVisible());
    view.configuredAt++;
    view.metrics.route("GET", "/new");
    await notice.waitFor();
    assertEquals((await rowsOf(opened, "route-figures", 5)).length, 5);
    await notice.getByRole("link").click();
    await opened.page.locator("details", { hasText: "/new" }).waitFor();
    assert(!await notice.isVisible());
    assertEquals(opened.complaints, []);
  });
}, options);

claim("without an OpenAPI document the routes of the configuration are there", async () => {
  await look(new FedView(ROUTES), async (opened) => {
    const summaries = await opened.page.locator("details > summary").allInnerTexts();
    assertEquals(summaries.map((text) => text.split(/\s+/).slice(0, 2).join(" ")), ROUTES);
    await opened.page.locator("details > summary").first().click();
    assert(await opened.page.getByText("There is no OpenAPI document.").first().isVisible());
    assertEquals(opened.complaints, []);
  });
}, options);

claim("without JavaScript the documentation is there, and it is said where the figures are", async () => {
  await look(petsView(), async ({ page }) => {
    assert((await page.locator("noscript p").innerText()).startsWith("Live figures need JavaScript"));
    await page.locator("details > summary").first().click();
    assert(await page.getByText("There may be none.").isVisible());
    assertEquals(await page.locator("button:visible").count(), 0);
  }, { javaScriptEnabled: false });
}, options);

/** The least contrast of a text to what is behind it, as WCAG 2 reckons, and that text. */
const LEAST_CONTRAST = `(() => {
  const light = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const { backgroundColor } = getComputedStyle(one);
      if (!backgroundColor.endsWith(", 0)")) return backgroundColor;
    }
  };
  let least = [Infinity];
  for (const element of document.querySelectorAll("body *")) {
    const hasText = Array.from(element.childNodes).some((node) => node.nodeType === 3 && node.data.trim() !== "");
    if (!hasText || !element.checkVisibility()) continue;
    const [one, other] = [light(getComputedStyle(element).color), light(behind(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < least[0]) least = [contrast, element.outerHTML.slice(0, 200)];
  }
  return least;
})()`;

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1280, 360]) {
    const name = `in ${colorScheme} on ${width} pixels all text can be read, and nothing is wider than the window`;
    claim(name, async () => {
      const view = petsView();
      for (const status of [200, 302, 404, 502]) {
        view.answer("GET /pets", status, { path: `/pets/${"long".repeat(50)}` });
      }
      view.metrics.route("DELETE", "/pets/{petId}");
      await look(view, async (opened) => {
        const { page } = opened;
        await rowsOf(opened, "last-requests", 4);
        for (const details of await page.locator("details").all()) {
          await details.evaluate("(one) => { one.open = true }");
        }
        const [contrast, where] = await page.evaluate(LEAST_CONTRAST) as [number, string];
        assert(contrast >= 4.5, `${contrast}: ${where}`);
        const [wide, window] = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]") as number[];
        assert(wide <= window, `${wide} > ${window}`);
        assertEquals(opened.complaints, []);
      }, { colorScheme, viewport: { width, height: 800 } });
    }, options);
  }
}
