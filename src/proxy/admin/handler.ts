/**
 * The admin server: health, metrics, status, and the page. It reads and changes nothing.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { renderMetrics } from "../metrics.ts";
import { dropRuntimeSpan } from "../runtime_span.ts";
import { splitTarget } from "../request_target.ts";
import { isOwnHost } from "./allowed_hosts.ts";
import icon from "./assets/icon.svg" with { type: "text" };
import style from "./assets/page.css" with { type: "text" };
import script from "./assets/page.js" with { type: "text" };
import { pageHtml } from "./page.ts";
import type { AdminView } from "./view.ts";

/** Who may ask. */
export interface AdminOptions {
  /**
   * Names and addresses under which the server is reached beside loopback, such as the configured one. `"any"` for a
   * Unix socket, which no page in a browser can reach.
   */
  hosts?: readonly string[] | "any";
}

interface Reply {
  status?: number;
  type: string;
  body: string;
}

const TEXT = "text/plain; charset=utf-8";

/** Nothing but what the server itself sends, nothing inline, in nobody's frame, kept nowhere. */
const HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
};

const ANSWERS: Readonly<Record<string, (view: AdminView) => Reply | Promise<Reply>>> = {
  "/": (view) => ({ type: "text/html; charset=utf-8", body: pageHtml(view.status(), view.document) }),
  "/page.css": () => ({ type: "text/css; charset=utf-8", body: style }),
  "/page.js": () => ({ type: "text/javascript; charset=utf-8", body: script }),
  "/icon.svg": () => ({ type: "image/svg+xml", body: icon }),
  "/healthz": () => ({ type: TEXT, body: "ok\n" }),
  "/readyz": (view) =>
    view.isReady ? { type: TEXT, body: "ready\n" } : { status: 503, type: TEXT, body: "not ready\n" },
  "/metrics": async (view) => {
    const { text, contentType } = await renderMetrics(view.metrics);
    return { type: contentType, body: text };
  },
  "/status": (view) => ({ type: "application/json", body: `${JSON.stringify(view.status())}\n` }),
};

function refusal(status: number, why: string): Reply {
  return { status, type: TEXT, body: `${why}\n` };
}

async function replyTo(request: IncomingMessage, view: AdminView, options: AdminOptions): Promise<Reply> {
  const { hosts = [] } = options;
  const own = hosts === "any" ? [] : [...hosts, request.socket.localAddress];
  if (hosts !== "any" && !isOwnHost(request.headers.host, own)) {
    return refusal(403, "This server is not known by that name.");
  }
  const [path] = splitTarget(request.url ?? "/");
  if (!Object.hasOwn(ANSWERS, path)) return refusal(404, "There is nothing here.");
  if (request.method !== "GET" && request.method !== "HEAD") return refusal(405, "This can only be read.");
  try {
    return await ANSWERS[path](view);
  } catch (error) {
    return refusal(500, `It cannot be told: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * Makes what answers the requests to the admin server.
 *
 * @param view What is told of the gateway.
 * @param options Who may ask.
 * @returns A handler for the `request` event of a `node:http` server.
 */
export function adminHandler(
  view: AdminView,
  options: AdminOptions = {},
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    // What looks after the gateway is not what somebody wants to trace.
    dropRuntimeSpan(response);
    const { status = 200, type, body } = await replyTo(request, view, options);
    const bytes = new TextEncoder().encode(body);
    response.writeHead(status, {
      ...HEADERS,
      "Content-Type": type,
      "Content-Length": bytes.length,
      ...(status === 405 ? { Allow: "GET, HEAD" } : {}),
    });
    response.end(request.method === "HEAD" ? undefined : bytes);
  };
}
