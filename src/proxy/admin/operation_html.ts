/**
 * The documentation of the API, for people.
 *
 * @module
 */

import type { RouteFigures } from "../metrics.ts";
import { type Html, html } from "./html.ts";
import {
  type ContentDescription,
  OpenApiReader,
  type OperationDescription,
  type ParameterDescription,
} from "./openapi_reader.ts";
import { SchemaPrinter } from "./schema_html.ts";

/** A route or an operation, by what requests it is for: the names of placeholders make no difference. */
function keyOf({ method, path }: { method: string; path: string }): string {
  return `${method} ${path.replaceAll(/\{[^{}]*\}/g, "{}")}`;
}

function textBlock(text: string): Html | false {
  return text.trim() !== "" && html`<p class="text">${text.trim()}</p>`;
}

function parameterRow(parameter: ParameterDescription, printer: SchemaPrinter): Html {
  return html`
    <tr>
      <td><code>${parameter.name}</code>${parameter.isRequired && html`
        <strong>required</strong>
      `}</td>
      <td>${parameter.place}</td>
      <td>${printer.show(parameter.schema)}${parameter.description !== "" &&
        html`<div class="text">${parameter.description}</div>`}</td>
    </tr>
  `;
}

function bodies(content: readonly ContentDescription[], printer: SchemaPrinter): Html[] {
  return content.map(({ type, schema }) =>
    html`<div class="body"><code class="media">${type}</code>${schema !== undefined && printer.show(schema)}</div>`
  );
}

function operationBody(operation: OperationDescription, printer: SchemaPrinter): Html {
  const { parameters, body, responses } = operation;
  const summary = operation.description === "" ? operation.summary : operation.description;
  return html`${textBlock(summary)}${
    parameters.length > 0 && html`
      <h4>Parameters</h4>
      <div class="scroll" tabindex="0" role="region" aria-label="Parameters"
      >
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">In</th>
              <th scope="col">What it is</th>
            </tr>
          </thead>
          <tbody>${parameters.map((one) => parameterRow(one, printer))}</tbody>
        </table>
      </div>
    `
  }${
    body !== undefined && html`<h4>Request body${
      body.isRequired && html`
        <strong>required</strong>
      `
    }</h4>${textBlock(body.description)}${bodies(body.content, printer)}`
  }${
    responses.length > 0 && html`
      <h4>Answers</h4>
      <dl class="responses">${responses.map(({ status, description, content }) =>
        html`
          <div>
            <dt><span class="status s${status.slice(0, 1)}">${status}</span></dt>
            <dd><div class="text">${description}</div>${bodies(content, printer)}</dd>
          </div>
        `
      )}</dl>
    `
  }`;
}

function entry(method: string, path: string, route: RouteFigures | undefined, rest: {
  summary?: string;
  isDeprecated?: boolean;
  body: Html;
}): Html {
  return html`
    <details class="operation" id="${operationId({ method, path: route?.path ?? path })}">
      <summary
      ><span class="verb v-${method.toLowerCase()}">${method}</span> <code class="path${rest.isDeprecated &&
        " deprecated"}">${path}</code> <span class="summary">${rest.summary}</span>${rest.isDeprecated && html`
        <span class="badge warn">deprecated</span>
      `}${route === undefined
        ? html`
          <span class="badge warn">no route</span>
        `
        : html`
          <span class="live" data-route="${method} ${route.path}"></span>
        `}</summary>
      <div class="inside">${rest.body}</div>
    </details>
  `;
}

/**
 * Names the documentation of an operation, for links.
 *
 * @param route Its verb, in capitals, and its path.
 * @returns The id of the element.
 */
export function operationId(route: { method: string; path: string }): string {
  return encodeURIComponent(`${route.method} ${route.path}`);
}

/**
 * Writes the documentation: each operation of the document, then the routes that are not in it.
 *
 * @param document The OpenAPI document; `undefined` if there is none.
 * @param routes The routes of the configuration.
 * @returns The markup.
 */
export function apiHtml(document: unknown, routes: readonly RouteFigures[]): Html {
  const reader = new OpenApiReader(document);
  const printer = new SchemaPrinter(reader);
  const byKey = new Map(routes.map((route) => [keyOf(route), route]));
  const described = reader.operations.map((operation) => {
    const route = byKey.get(keyOf(operation));
    byKey.delete(keyOf(operation));
    const { method, path, summary, isDeprecated } = operation;
    return entry(method, path, route, { summary, isDeprecated, body: operationBody(operation, printer) });
  });
  const undescribed = Array.from(byKey.values(), (route) =>
    entry(route.method, route.path, route, {
      body: html`<p>${
        document === undefined ? "There is no OpenAPI document." : "The OpenAPI document does not have this route."
      }</p>`,
    }));
  const title = [reader.title, reader.version].filter((text) => text !== "").join(" · ");
  return html`${title !== "" && html`<p class="title">${title}</p>`}${textBlock(reader.description)}${described}${
    described.length > 0 && undescribed.length > 0 && html`<h3>Not in the document</h3>`
  }${undescribed}`;
}
