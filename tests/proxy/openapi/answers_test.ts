/**
 * Answers: their status, header fields, media types and bodies.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { claim } from "../../claim.ts";
import { answer, answerFaultsOf, documentOf, jsonAnswer, load, operationOf } from "./messages.ts";

const TEXT = { "application/json": { schema: { type: "string" } } };
const NUMBER = { "application/json": { schema: { type: "number" } } };

claim("an answer is found by its status, by its hundred, or by default", async () => {
  const responses = {
    200: { description: "d", content: TEXT },
    "2XX": { description: "d", content: NUMBER },
    "4xx": { description: "d" },
    "x-mine": 5,
  };
  const spelled = { ...responses, "4XX": responses["4xx"] } as Record<string, unknown>;
  delete spelled["4xx"];
  const strict = await operationOf({ responses: spelled });
  assertEquals(await answerFaultsOf(strict, jsonAnswer(1, 200)), ["body must be a string"]);
  assertEquals(await answerFaultsOf(strict, jsonAnswer("", 201)), ["body must be a number"]);
  assertEquals(await answerFaultsOf(strict, answer(404)), []);
  assertEquals(await answerFaultsOf(strict, answer(500)), ["status 500 is not documented"]);
  const lenient = await operationOf({ responses: { ...spelled, default: { description: "d", content: NUMBER } } });
  assertEquals(await answerFaultsOf(lenient, jsonAnswer("", 500)), ["body must be a number"]);
});

claim("an operation of 3.1 without answers lets all pass", async () => {
  const document = await load({ ...documentOf({}), openapi: "3.1.0", paths: { "/x": { get: {} } } });
  assertEquals(await answerFaultsOf(document.operation("/x", "GET")!, answer(500, [], "x")), []);
});

claim("a body of another media type, without one, or none at all is told of", async () => {
  const operation = await operationOf({ responses: { 200: { description: "d", content: TEXT } } });
  assertEquals(await answerFaultsOf(operation, answer(200, [["content-type", "text/html"]], "x")), [
    "header.Content-Type must be application/json",
  ]);
  assertEquals(await answerFaultsOf(operation, answer(200, [], "x")), [
    "header.Content-Type is required: application/json",
  ]);
  assertEquals(await answerFaultsOf(operation, answer(200, [["content-type", "application/json"]])), [
    "body is not valid JSON",
  ]);
  assertEquals(await answerFaultsOf(operation, answer(200, [["content-type", "application/json"]], "nope")), [
    "body is not valid JSON",
  ]);
});

claim("a body is let pass where none is documented", async () => {
  const operation = await operationOf({ responses: { 200: { description: "d" } } });
  assertEquals(await answerFaultsOf(operation, answer(200, [["content-type", "text/html"]], "x")), []);
  const empty = await operationOf({ responses: { 200: { description: "d", content: {} } } });
  assertEquals(await answerFaultsOf(empty, answer(200, [["content-type", "text/html"]], "x")), [
    "header.Content-Type is not documented",
  ]);
});

claim("answers without a body, 204, 304 and those to HEAD, may be empty", async () => {
  const responses = {
    200: { description: "d", content: TEXT },
    204: { description: "d", content: TEXT },
    304: { description: "d", content: TEXT },
  };
  const document = await load({ ...documentOf({}), paths: { "/x": { head: { responses }, get: { responses } } } });
  assertEquals(await answerFaultsOf(document.operation("/x", "HEAD")!, answer(200)), []);
  assertEquals(await answerFaultsOf(document.operation("/x", "GET")!, answer(204)), []);
  assertEquals(await answerFaultsOf(document.operation("/x", "GET")!, answer(304)), []);
  assertEquals(await answerFaultsOf(document.operation("/x", "GET")!, answer(200)), [
    "header.Content-Type is required: application/json",
  ]);
});

claim("header fields are checked, in any case, joined if there are several", async () => {
  const headers = {
    "X-Count": { required: true, schema: { type: "integer" } },
    "X-List": { schema: { type: "array", items: { type: "integer" } } },
    "X-Map": { explode: true, schema: { type: "object", properties: { a: { type: "integer" } } } },
    "X-Pairs": { schema: { type: "object" } },
    "Content-Type": { required: true, schema: { type: "integer" } },
  };
  const operation = await operationOf({ responses: { 200: { description: "d", headers } } });
  assertEquals(await answerFaultsOf(operation, answer(200, [["x-count", "5"]])), []);
  assertEquals(
    await answerFaultsOf(
      operation,
      answer(200, [["X-COUNT", "5"], ["x-list", "1"], ["X-List", "2"], ["x-map", "a=1"]]),
    ),
    [],
  );
  assertEquals(await answerFaultsOf(operation, answer(200, [["x-list", "1,x"], ["x-map", "a=b"], ["x-pairs", "a"]])), [
    "header.X-Count is required",
    "header.X-List/1 must be an integer",
    "header.X-Map/a must be an integer",
    "header.X-Pairs must be names and values in turn",
  ]);
});
