/**
 * A collector of OpenTelemetry spans, as Deno exports them (OTLP in JSON).
 *
 * @module
 */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A span that has arrived. */
export interface Span {
  /** The name of the library that made it. */
  scope: string;
  /** Its name. */
  name: string;
  /** 1 internal, 2 server. */
  kind: number;
  /** Its trace. */
  traceId: string;
  /** Its id. */
  spanId: string;
  /** What it is below, or `""`. */
  parentSpanId: string;
  /** How long it was, in milliseconds. */
  ms: number;
  /** Its attributes. */
  attributes: Record<string, unknown>;
  /** Whether it failed (2), and why. */
  status: { code: number; message: string };
}

// deno-lint-ignore no-explicit-any
function spansOf(message: any): Span[] {
  // deno-lint-ignore no-explicit-any
  return message.resourceSpans.flatMap((resource: any) =>
    // deno-lint-ignore no-explicit-any
    resource.scopeSpans.flatMap(({ scope, spans }: any) =>
      // deno-lint-ignore no-explicit-any
      spans.map((span: any) => ({
        ...span,
        scope: scope.name,
        ms: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6,
        attributes: Object.fromEntries(
          // deno-lint-ignore no-explicit-any
          span.attributes.map(({ key, value }: any) => [key, Object.values(value)[0]]),
        ),
      }))
    )
  );
}

/** A collector at a port of its own. */
export class Collector implements AsyncDisposable {
  /** The spans that have arrived. */
  readonly spans: Span[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const parts: Uint8Array[] = [];
      for await (const part of request) parts.push(part);
      const text = await new Blob(parts as BlobPart[]).text();
      if (request.url === "/v1/traces") this.spans.push(...spansOf(JSON.parse(text)));
      response.setHeader("content-type", "application/json");
      response.end("{}");
    });
  }

  /** Starts one. */
  static async start(): Promise<Collector> {
    const collector = new Collector();
    await new Promise<void>((resolve) => collector.#server.listen(0, "127.0.0.1", resolve));
    return collector;
  }

  /** The variables that make a Deno program send its spans here. */
  get environment(): Record<string, string> {
    const { port } = this.#server.address() as AddressInfo;
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_BSP_SCHEDULE_DELAY: "50",
    };
  }

  /** Stops it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
