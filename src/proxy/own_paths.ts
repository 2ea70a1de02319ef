/**
 * Which paths of the front no route can have.
 *
 * @module
 */

/** Where all paths begin that are the gateway's own. */
export const OWN_PATHS = "/_urocket/";
