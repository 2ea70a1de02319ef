/**
 * OpenTelemetry: a span for each request, and one below it for each process.
 *
 * Nothing is loaded unless somebody collects spans: Deno itself with OTEL_DENO=true, or a provider that was registered.
 *
 * @module
 */

import type { Attributes, Context, Span, Tracer } from "@opentelemetry/api";
import type { ExitStatus } from "../spawn/mod.ts";
import type { FrontRequest } from "./request.ts";

type Api = typeof import("@opentelemetry/api");

/** Where @opentelemetry/api, and Deno by itself, note who collects what. */
const REGISTRY = Symbol.for("opentelemetry.js.api.1");

/** The verbs that have a meaning of their own; any other one is `_OTHER`, so that nobody fills the collector with names. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"]);

/** What a span needs to know of a request. */
export type TracedRequest = Pick<FrontRequest, "id" | "method" | "path" | "headers">;

/** How a request came. */
export interface TracedFront {
  /** Its scheme, `"http"` by default. */
  scheme?: "http" | "https";
  /** When it began, in milliseconds since 1970; now by default. */
  startedAt?: number;
  /** The client's address. */
  client?: string;
}

/** The context of a span as W3C's Trace Context writes it. */
function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}

/** The span of a process. */
export class ProcessSpan {
  readonly #api: Api;
  readonly #span: Span;

  /**
   * Takes over a span; see `RequestSpan.process`.
   *
   * @param api The loaded API.
   * @param span The span.
   */
  constructor(api: Api, span: Span) {
    this.#api = api;
    this.#span = span;
  }

  /** What the process finds in TRACEPARENT, so that its own spans are below this one. */
  get traceparent(): string {
    return traceparentOf(this.#span);
  }

  /**
   * Tells which process it is.
   *
   * @param pid Its id.
   */
  started(pid: number): void {
    this.#span.setAttribute("process.pid", pid);
  }

  /**
   * Ends the span as the process has ended, or has been told of its answer if it is a worker.
   *
   * @param status How it ended; without one, nothing is said of it.
   * @param why Why it is a failure, such as `"timeout"`.
   */
  end(status?: ExitStatus, why?: string): void {
    if (status) {
      const { code, signal, usage } = status;
      this.#span.setAttributes({
        "process.exit.code": code,
        ...(signal === null ? {} : { "ipcx.process.signal": signal }),
        "ipcx.process.cpu.user_seconds": usage.userTime / 1e6,
        "ipcx.process.cpu.system_seconds": usage.systemTime / 1e6,
        "ipcx.process.max_rss_bytes": usage.maxRss * 1024,
      });
    }
    const fault = why ?? (status?.success === false ? status.signal ?? `exit status ${status.code}` : undefined);
    if (fault !== undefined) {
      this.#span.setAttribute("error.type", fault);
      this.#span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: fault });
    }
    this.#span.end();
  }
}

/** The span of a request. */
export class RequestSpan {
  readonly #api: Api;
  readonly #tracer: Tracer;
  readonly #context: Context;
  readonly #span: Span;

  /**
   * Takes over a span; see `Tracing.request`.
   *
   * @param api The loaded API.
   * @param tracer What makes the spans of its processes.
   * @param context What the span is below.
   * @param span The span.
   */
  constructor(api: Api, tracer: Tracer, context: Context, span: Span) {
    this.#api = api;
    this.#tracer = tracer;
    this.#context = api.trace.setSpan(context, span);
    this.#span = span;
  }

  /** Its context as W3C's Trace Context writes it. */
  get traceparent(): string {
    return traceparentOf(this.#span);
  }

  /**
   * Begins the span of its process.
   *
   * @param command The program alone: its arguments may hold secrets.
   * @param pid Its id, if it runs already.
   * @returns The span.
   */
  process(command: string, pid?: number): ProcessSpan {
    const name = command.slice(command.lastIndexOf("/") + 1) || command;
    const attributes: Attributes = { "process.command": command, ...(pid === undefined ? {} : { "process.pid": pid }) };
    return new ProcessSpan(this.#api, this.#tracer.startSpan(`process ${name}`, { attributes }, this.#context));
  }

  /**
   * Ends the span as the request has been answered.
   *
   * @param status The status; 0 if the client has gone before it was answered.
   * @param outcome What came of it, such as `"answered"` or `"timed out"`.
   */
  end(status: number, outcome: string): void {
    this.#span.setAttribute("ipcx.outcome", outcome);
    if (status > 0) this.#span.setAttribute("http.response.status_code", status);
    // By the conventions, a client's fault is no error of the server.
    if (status >= 500 || status === 0) {
      this.#span.setAttribute("error.type", status > 0 ? String(status) : outcome);
      this.#span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: outcome });
    }
    this.#span.end();
  }
}

/** Makes the spans of a gateway. */
export class Tracing {
  readonly #api: Api;
  readonly #tracer: Tracer;
  readonly #servicename: string;

  /**
   * Gets ready; see {@linkcode startTracing}.
   *
   * @param api The loaded API.
   * @param servicename The service's name.
   */
  constructor(api: Api, servicename: string) {
    this.#api = api;
    this.#tracer = api.trace.getTracer("ipcx proxy");
    this.#servicename = servicename;
  }

  /**
   * Begins the span of a request, below that of the client if it named one (`traceparent`).
   *
   * @param request The request. Its query is left out, as it may hold secrets.
   * @param route The path of its route with placeholders; `undefined` if none was found.
   * @param front How it came.
   * @returns The span.
   */
  request(request: TracedRequest, route?: string, front: TracedFront = {}): RequestSpan {
    const api = this.#api;
    const method = METHODS.has(request.method) ? request.method : "_OTHER";
    const name = method === "_OTHER" ? "HTTP" : method;
    const attributes: Attributes = {
      "http.request.method": method,
      "url.path": request.path,
      "url.scheme": front.scheme ?? "http",
      "ipcx.servicename": this.#servicename,
      "ipcx.request.id": request.id,
    };
    if (route !== undefined) attributes["http.route"] = route;
    if (front.client !== undefined) attributes["client.address"] = front.client;
    if ("user-agent" in request.headers) attributes["user_agent.original"] = request.headers["user-agent"];
    const parent = api.propagation.extract(api.ROOT_CONTEXT, request.headers);
    const span = this.#tracer.startSpan(route === undefined ? name : `${name} ${route}`, {
      kind: api.SpanKind.SERVER,
      startTime: front.startedAt,
      attributes,
    }, parent);
    return new RequestSpan(api, this.#tracer, parent, span);
  }
}

/**
 * Loads what is needed for spans, if somebody collects them.
 *
 * @param servicename The service's name, which each span tells. OTEL_SERVICE_NAME names it for the collector.
 * @returns What makes spans; `undefined` if nobody collects them.
 */
export async function startTracing(servicename: string): Promise<Tracing | undefined> {
  const registry = (globalThis as Record<symbol, unknown>)[REGISTRY] as { trace?: unknown } | undefined;
  if (!registry?.trace) return undefined;
  return new Tracing(await import("@opentelemetry/api"), servicename);
}
