/**
 * The petstore that the seed shows, message by message.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { ApiDocument } from "../../../src/proxy/openapi/mod.ts";
import { claim } from "../../claim.ts";
import { answer, answerFaultsOf, documentFile, faultsOf, jsonAnswer, jsonRequest, request } from "./messages.ts";

const petstore = await ApiDocument.load(documentFile("petstore.yaml"));
const addPet = petstore.operation("/pets", "POST")!;
const listPets = petstore.operation("/pets", "get")!;
const getPet = petstore.operation("/pets/{id}", "GET")!;

const PET = { id: 1, name: "Rex", category: { id: 2, name: "Dogs" }, photoUrls: ["a"], tags: [{ id: 3, name: "b" }] };
const FORM = "application/x-www-form-urlencoded";

claim("operations are found by path and verb, with their id and summary", () => {
  assertEquals([addPet.id, addPet.summary], ["addPet", "Add a new pet to the store"]);
  assertEquals([listPets.id, getPet.id], ["listPets", "getPetById"]);
  assertEquals(petstore.operation("/pets", "DELETE"), undefined);
  assertEquals(petstore.operation("/cats", "GET"), undefined);
  assertEquals(petstore.operation("/pets/{id}/x", "GET"), undefined);
});

claim("a pet in JSON is let pass", async () => {
  assertEquals(await faultsOf(addPet, jsonRequest(PET)), []);
  assertEquals(await faultsOf(addPet, jsonRequest({ ...PET, status: "sold", unknown: true })), []);
});

claim("a pet that is none is refused with 422 and every fault", async () => {
  const pet = { id: 1.5, photoUrls: "a", category: { name: 5 }, tags: [{ id: "x" }], status: "eaten" };
  assertEquals(await faultsOf(addPet, jsonRequest(pet)), [
    422,
    "body/name is required",
    "body/id must be an integer",
    "body/category/name must be a string",
    "body/photoUrls must be an array",
    "body/tags/0/id must be an integer",
    'body/status must be "available", "pending" or "sold"',
  ]);
});

claim("a pet in XML is let pass unread", async () => {
  assertEquals(await faultsOf(addPet, request({ headers: { "content-type": "application/xml" }, body: "<pet>" })), []);
});

claim("a pet in an urlencoded form is checked", async () => {
  const headers = { "content-type": FORM };
  const body = "id=1&name=Rex&photoUrls=a&photoUrls=b&category=%7B%22id%22%3A2%7D&tags=%7B%22id%22%3A3%7D&status=sold";
  assertEquals(await faultsOf(addPet, request({ headers, body })), []);
  assertEquals(await faultsOf(addPet, request({ headers, body: "id=x&photoUrls=a&category=y" })), [
    422,
    "body/name is required",
    "body/id must be an integer",
    "body/category must be an object",
  ]);
});

claim("a body that is missing, of another type, or broken is refused with 400, 415, 400", async () => {
  assertEquals(await faultsOf(addPet, request()), [400, "body is required"]);
  const types = `application/json, application/xml, ${FORM}`;
  assertEquals(await faultsOf(addPet, request({ body: "x" })), [415, `header.Content-Type is required: ${types}`]);
  const text = request({ headers: { "content-type": "text/plain" }, body: "x" });
  assertEquals(await faultsOf(addPet, text), [415, `header.Content-Type must be ${types}`]);
  const broken = request({ headers: { "content-type": "application/json" }, body: '{\n"a": secret}' });
  assertEquals(await faultsOf(addPet, broken), [400, "body is not valid JSON"]);
  const cut = request({ headers: { "content-type": "application/json" }, body: '{\n"a": 1' });
  assertEquals(await faultsOf(addPet, cut), [400, "body is not valid JSON (line 2, column 7)"]);
});

claim("parameters of a query are checked", async () => {
  for (const query of ["", "limit=5", "status=sold&status=pending", "limit=100&other=%ZZ"]) {
    assertEquals(await faultsOf(listPets, request({ query })), [], query);
  }
  assertEquals(await faultsOf(listPets, request({ query: "limit=x&status=eaten" })), [
    400,
    "query.limit must be an integer",
    'query.status/0 must be "available", "pending" or "sold"',
  ]);
  assertEquals(await faultsOf(listPets, request({ query: "limit=0" })), [400, "query.limit must be at least 1"]);
  assertEquals(await faultsOf(listPets, request({ query: "limit=1&limit=2" })), [
    400,
    "query.limit is given more than once",
  ]);
});

claim("a parameter of the path is found by its position", async () => {
  assertEquals(await faultsOf(getPet, request({ parameters: { id: "12" } })), []);
  assertEquals(await faultsOf(getPet, request({ parameters: { id: "x" } })), [400, "path.petId must be an integer"]);
});

claim("answers are checked: status, header fields, media type, body", async () => {
  const next = ["X-Next", "2"] as const;
  const json = ["content-type", "application/json; charset=utf-8"] as const;
  assertEquals(await answerFaultsOf(listPets, answer(200, [next, json], JSON.stringify([PET]))), []);
  assertEquals(await answerFaultsOf(listPets, answer(200, [json], "[]")), ["header.x-next is required"]);
  assertEquals(await answerFaultsOf(listPets, answer(200, [["x-next", "y"], json], "[]")), [
    "header.x-next must be an integer",
  ]);
  assertEquals(await answerFaultsOf(listPets, answer(200, [next, json], "[{}]")), [
    "body/0/name is required",
    "body/0/photoUrls is required",
  ]);
  assertEquals(await answerFaultsOf(listPets, answer(200, [next, ["Content-Type", "text/html"]], "x")), [
    "header.Content-Type must be application/json",
  ]);
  assertEquals(await answerFaultsOf(listPets, answer(500, [["Content-Type", "application/problem+json"]], "{}")), [
    "body/title is required",
  ]);
});

claim("an answer whose status is not documented is told of", async () => {
  assertEquals(await answerFaultsOf(getPet, jsonAnswer({}, 500)), ["status 500 is not documented"]);
  assertEquals(await answerFaultsOf(getPet, answer(404)), []);
});

claim("the sentence names the first fault, and how many more there are", async () => {
  const violation = await addPet.validateRequest(jsonRequest({ id: "x" }));
  assertEquals(violation?.detail, "body/name is required, and 2 more");
  const one = await listPets.validateRequest(request({ query: "limit=x" }));
  assertEquals(one?.detail, "query.limit must be an integer");
});
