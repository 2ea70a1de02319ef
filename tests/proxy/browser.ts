/**
 * A real browser: Debian's chromium, driven by Playwright.
 *
 * @module
 */

import type { Browser, Page } from "playwright-core";
import { missing } from "../spawn/compiled.ts";

/** Why a test that needs a browser cannot run, or `false`. */
export const NEEDS_CHROMIUM: string | false = missing("chromium");

/** Longer than anything takes that works. */
const PATIENCE_MS = 30_000;

/** How a page is seen. */
export interface Sight {
  /** Whether the user likes it dark. */
  colorScheme?: "light" | "dark";
  /** The size of the window. */
  viewport?: { width: number; height: number };
  /** Whether scripts run. */
  javaScriptEnabled?: boolean;
}

/** One window of a browser of its own, and what the page complained of. */
export class BrowserPage implements AsyncDisposable {
  /** The page. */
  readonly page: Page;
  /** Errors on its console, uncaught ones and requests that failed. */
  readonly complaints: string[] = [];
  readonly #browser: Browser;

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.page = page;
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("dialog", (dialog) => {
      this.complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  /**
   * Opens a page.
   *
   * @param url Its address.
   * @param sight How it is seen.
   */
  static async open(url: string, sight: Sight = {}): Promise<BrowserPage> {
    const { chromium } = await import("playwright-core");
    const browser = await chromium.launch({
      executablePath: "/usr/bin/chromium",
      // Root, as in a container, has no sandbox; /dev/shm may be tiny there.
      args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
      timeout: 2 * PATIENCE_MS,
    });
    try {
      const opened = new BrowserPage(browser, await (await browser.newContext(sight)).newPage());
      await opened.page.goto(url);
      return opened;
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  /** Closes the browser. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}
