/**
 * Checks messages against an OpenAPI document.
 *
 * @module
 */

export { ApiDocument } from "./document.ts";
export { OpenApiError } from "./errors.ts";
export { type ApiOperation } from "./operation.ts";
export type { Answer, FrontRequest, HeaderList, Violation } from "../request.ts";
