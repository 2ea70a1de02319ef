/**
 * Requests and answers for tests of an OpenAPI document.
 *
 * @module
 */

import type { Answer, FrontRequest } from "../../../src/proxy/request.ts";
import { ApiDocument, type ApiOperation } from "../../../src/proxy/openapi/mod.ts";
import { OwnDirectory } from "../../claim.ts";

/** Makes a request; what is not said is empty. */
export function request(
  parts: Partial<Omit<FrontRequest, "body">> & { body?: string | Uint8Array<ArrayBuffer> } = {},
): FrontRequest {
  const { body = "", headers = {}, ...rest } = parts;
  return {
    id: "id",
    method: "POST",
    path: "/",
    query: "",
    parameters: {},
    headers,
    ...rest,
    body: typeof body === "string" ? new TextEncoder().encode(body) : body,
  };
}

/** Makes a request with a JSON body. */
export function jsonRequest(value: unknown): FrontRequest {
  return request({ headers: { "content-type": "application/json" }, body: JSON.stringify(value) });
}

/** Makes an answer. */
export function answer(status: number, headers: Answer["headers"] = [], body = ""): Answer {
  return { status, headers, body: new TextEncoder().encode(body) };
}

/** Makes an answer in JSON. */
export function jsonAnswer(value: unknown, status = 200): Answer {
  return answer(status, [["Content-Type", "application/json"]], JSON.stringify(value));
}

/** A document of the folder `documents`. */
export function documentFile(name: string): string {
  return new URL(`documents/${name}`, import.meta.url).pathname;
}

/** Loads a document that is given as a value or as text. */
export async function load(document: unknown): Promise<ApiDocument> {
  using directory = new OwnDirectory();
  const file = directory.file("api.yaml");
  Deno.writeTextFileSync(file, typeof document === "string" ? document : JSON.stringify(document));
  return await ApiDocument.load(file);
}

/** A document with one operation, `POST /x`. */
export function documentOf(
  operation: Record<string, unknown>,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  const info = { title: "Test", version: "1" };
  const responses = { 200: { description: "Right" } };
  return { openapi: "3.0.3", info, paths: { "/x": { post: { responses, ...operation } } }, ...more };
}

/** Compiles that operation. */
export async function operationOf(
  operation: Record<string, unknown>,
  more: Record<string, unknown> = {},
): Promise<ApiOperation> {
  return (await load(documentOf(operation, more))).operation("/x", "POST")!;
}

/** An operation whose JSON body has a schema. */
export function bodyOperation(schema: unknown, more: Record<string, unknown> = {}): Promise<ApiOperation> {
  return operationOf({ requestBody: { content: { "application/json": { schema } } } }, more);
}

/** The faults of a request in one text each, `where message`, with the status before them. */
export async function faultsOf(operation: ApiOperation, message: FrontRequest): Promise<(string | number)[]> {
  const violation = await operation.validateRequest(message);
  return violation ? [violation.status, ...violation.errors.map(({ where, message }) => `${where} ${message}`)] : [];
}

/** The faults of an answer, without the status. */
export async function answerFaultsOf(operation: ApiOperation, message: Answer): Promise<string[]> {
  const violation = await operation.validateAnswer(message);
  return violation ? violation.errors.map(({ where, message }) => `${where} ${message}`) : [];
}
