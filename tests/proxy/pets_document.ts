/**
 * An OpenAPI document with everything that the page shows, and what should not be taken for markup.
 *
 * @module
 */

/** What would do something if it were taken for markup. */
export const HOSTILE: readonly string[] = [
  "<script>alert('in a script')</script>",
  `"><img src=x onerror="alert('in an image')">`,
  "' autofocus onfocus='alert(1)' x='",
];

const [SCRIPT, IMAGE, ATTRIBUTE] = HOSTILE;

/** The document. */
export const PETS_DOCUMENT: unknown = {
  openapi: "3.1.0",
  info: { title: "Pets", version: "1.2.0", description: `All the pets of the house.\n${SCRIPT}` },
  paths: {
    "/pets": {
      get: {
        summary: "Lists pets",
        description: "Lists them by name.\n\nThere may be none.",
        parameters: [
          {
            name: "limit",
            in: "query",
            description: "How many at most",
            schema: { type: "integer", format: "int32", minimum: 1, maximum: 100, default: 20 },
          },
          { $ref: "#/components/parameters/kind" },
        ],
        responses: {
          "200": {
            description: "The pets",
            content: { "application/json": { schema: { type: "array", items: { $ref: "#/components/schemas/Pet" } } } },
          },
          default: { $ref: "#/components/responses/Problem" },
        },
      },
      post: {
        summary: `Takes a pet in ${IMAGE}`,
        description: SCRIPT,
        requestBody: {
          required: true,
          content: { "application/json": { schema: { $ref: "#/components/schemas/Pet" } } },
        },
        responses: { "201": { description: `Taken in ${ATTRIBUTE}` }, "422": { description: "No pet" } },
      },
    },
    "/pets/{petId}": {
      parameters: [{ name: "petId", in: "path", required: true, schema: { type: "string", format: "uuid" } }],
      get: {
        summary: "Tells of one pet",
        responses: { "200": { description: "The pet" }, "404": { description: "None" } },
      },
      delete: { summary: "Gives a pet away", deprecated: true, responses: { "204": { description: "Done" } } },
    },
    [`/hostile/${ATTRIBUTE}${IMAGE}`]: { get: { summary: "A path that looks like markup", responses: {} } },
  },
  components: {
    parameters: {
      kind: { name: "kind", in: "query", schema: { type: "string", enum: ["cat", "dog", SCRIPT] } },
    },
    responses: { Problem: { description: "What went wrong", content: { "application/problem+json": {} } } },
    schemas: {
      Pet: {
        type: "object",
        required: ["name"],
        properties: {
          name: { type: "string", minLength: 1, maxLength: 40, description: "What it is called", example: "Mia" },
          born: { type: ["string", "null"], format: "date" },
          [IMAGE]: { type: "boolean", description: ATTRIBUTE },
          parents: { type: "array", maxItems: 2, items: { $ref: "#/components/schemas/Pet" } },
          owner: { oneOf: [{ type: "string" }, { type: "object", properties: { id: { type: "integer" } } }] },
        },
      },
    },
  },
};
