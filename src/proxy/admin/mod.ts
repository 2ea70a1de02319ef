/**
 * What a gateway shows of itself, over HTTP, to those who look after it.
 *
 * @module
 */

export { adminHandler, type AdminOptions } from "./handler.ts";
export { type AdminView } from "./view.ts";
