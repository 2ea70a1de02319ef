/**
 * Everything that two processes on a Linux host can say to each other: Unix
 * sockets with descriptors and credentials, a broker of private sockets, messages
 * that carry descriptors, processes in other namespaces, and a gateway from HTTP
 * to processes.
 *
 * @module
 */

export * from "./src/beam/mod.ts";
export * from "./src/broker/mod.ts";
export * from "./src/core/mod.ts";
export * from "./src/doctor/mod.ts";
export * from "./src/handover/mod.ts";
export * from "./src/hold/mod.ts";
export * from "./src/instance/mod.ts";
export * from "./src/limits/mod.ts";
export * from "./src/proxy/mod.ts";
export * from "./src/sockets/mod.ts";
export * from "./src/spawn/mod.ts";
