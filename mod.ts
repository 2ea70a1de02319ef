/**
 * Everything that two processes on a Linux host can say to each other: Unix
 * sockets with descriptors and credentials, and a broker of private sockets.
 *
 * @module
 */

export * from "./src/broker/mod.ts";
export * from "./src/core/mod.ts";
