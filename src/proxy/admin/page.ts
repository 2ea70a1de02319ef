/**
 * The page for people. What it says of the API is written here; assets/page.js fills in what changes.
 *
 * @module
 */

import type { ProxyStatus } from "../status.ts";
import { type Html, html } from "./html.ts";
import { apiHtml } from "./operation_html.ts";

/** What a document was shown as last: a large one takes a while, and requests wait meanwhile. */
const shown = new WeakMap<object, { routes: string; api: Html }>();

function apiOf(document: unknown, status: ProxyStatus): Html {
  if (typeof document !== "object" || document === null) return apiHtml(document, status.routes);
  const routes = status.routes.map(({ method, path }) => `${method} ${path}`).join("\n");
  let known = shown.get(document);
  if (known?.routes !== routes) shown.set(document, known = { routes, api: apiHtml(document, status.routes) });
  return known.api;
}

function tile(name: string, label: string): Html {
  return html`
    <div class="tile">
      <dt>${label}</dt>
      <dd data-figure="${name}">–</dd>
    </div>
  `;
}

function table(id: string, label: string, columns: readonly (readonly [name: string, isNumber?: "number"])[]): Html {
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="${label}">
      <table id="${id}">
        <thead>
          <tr>${columns.map(([name, kind]) =>
            html`
              <th scope="col" ${kind && html`
                class="number"
              `}>${name}</th>
            `
          )}</tr>
        </thead>
        <tbody></tbody>
      </table>
      <p class="empty" hidden>Nothing yet.</p>
    </div>
  `;
}

function fact(label: string, value: string | number | undefined): Html | false {
  return value !== undefined && html`
    <div>
      <dt>${label}</dt>
      <dd>${value}</dd>
    </div>
  `;
}

/**
 * Writes the page.
 *
 * @param status What holds now.
 * @param document The OpenAPI document; `undefined` if there is none.
 * @returns The page.
 */
export function pageHtml(status: ProxyStatus, document: unknown): string {
  return html`
    <!doctype html>
    <html lang="en" data-configured="${status.configuredAt ?? ""}">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>${status.servicename} – ipcx proxy</title>
        <link rel="icon" href="icon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="page.css">
        <script type="module" src="page.js"></script>
      </head>
      <body>
        <a class="skip" href="#api">Skip to the API</a>
        <header>
          <div
            class="bar"><h1>${status
              .servicename}</h1> <span class="badge state" data-figure="state" role="status">${status.state}</span>
    <nav aria-label="Sections"><a href="#routes">Routes</a> <a href="#api">API</a> <a href="#requests">Requests</a> <a href="metrics">Metrics</a> <a href="status">JSON</a></nav>
    <button type="button" id="pause" aria-pressed="false" hidden>Pause</button></div>
          <dl
            class="facts">${fact("Listens at", status.front)}${fact("Reply socket", status.reply)}${fact(
              "Configuration",
              status.config,
            )}${fact("ipcx", status.version)}${fact(
              "Process",
              status.pid,
            )}<div><dt>Up</dt><dd data-figure="uptime">–</dd></div></dl>
        </header>
        <main>
          <p class="notice" id="changed" hidden
            role="alert">The configuration has changed. <a href="">Load the page again</a></p>
          <noscript><p class="notice">Live figures need JavaScript; <a href="status">status</a> and <a href="metrics">metrics</a> do not.</p></noscript>
          <dl class="tiles">${tile("perSecond", "requests / s")}${tile("requests", "answered")}${tile(
            "failed",
            "failed (5xx)",
          )}${tile("refused", "without a route")}${tile("running", "processes running")}${tile(
            "waiting",
            "requests waiting",
          )}${tile("connections", "connections")}</dl>
          <section aria-labelledby="routes"><h2 id="routes">Routes</h2>${table(
            "route-figures",
            "Figures of the routes",
            [
              ["Route"],
              ["per s", "number"],
              ["Answers"],
              ["p50", "number"],
              ["p95", "number"],
              ["p99", "number"],
              ["Running", "number"],
              ["Waiting", "number"],
              ["Ended by ipcx"],
              ["CPU", "number"],
              ["Memory", "number"],
            ],
          )}</section>
          <section aria-labelledby="workers" id="workers-section" hidden><h2 id="workers">Workers</h2>${table(
            "worker-figures",
            "Workers",
            [["Route"], ["Process", "number"], ["State"], ["Answered", "number"], [
              "Up",
              "number",
            ]],
          )}</section>
          <section aria-labelledby="api"><h2 id="api">API</h2>${apiOf(document, status)}</section>
          <section aria-labelledby="requests"><div class="bar"><h2 id="requests">Last requests</h2>
    <label class="filter" hidden><input type="checkbox" id="failures"> only failures</label></div>${table(
      "last-requests",
      "Last requests",
      [
        ["Time"],
        ["Request"],
        ["Status"],
        ["Took", "number"],
        ["Outcome"],
        ["Process", "number"],
        ["CPU", "number"],
        ["Id"],
      ],
    )}</section>
        </main>
      </body>
    </html>
  `.toString();
}
