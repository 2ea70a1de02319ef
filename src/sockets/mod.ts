/**
 * The Unix sockets of this host, as the kernel tells of them.
 *
 * @module
 */

export { type SocketHolder } from "../core/socket_holders.ts";
export { type BoundFileState, type SocketEntry, type SocketPeer, type SocketState } from "./entry.ts";
export { type SocketFilter } from "./filter.ts";
export { listSockets, type ListSocketsOptions } from "./list_sockets.ts";
export { type SocketChange, watchSockets, type WatchSocketsOptions } from "./watch_sockets.ts";
