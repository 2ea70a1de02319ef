/**
 * The spans that Deno makes by itself.
 *
 * With OTEL_DENO=true, Deno makes a span for each request to a `node:http` server. It knows neither the route nor the
 * process, keeps the query, and is not the active span in the handler, so that nothing can be its child; requests that
 * clients give up never end theirs. The gateway has its own span instead.
 *
 * @module
 */

/** Under this symbol Deno keeps the span at the response. */
const KEY = "kOtelSpan";
let key: symbol | undefined;

/**
 * Takes Deno's own span away from a request, so that it is never exported. If Deno keeps it elsewhere one day, there
 * are two spans for a request, and nothing else changes.
 *
 * @param response The response of a `node:http` server, before it is ended.
 */
export function dropRuntimeSpan(response: object): void {
  key ??= Object.getOwnPropertySymbols(response).find(({ description }) => description === KEY);
  if (key !== undefined && key in response) (response as Record<symbol, unknown>)[key] = null;
}
