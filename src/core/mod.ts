/**
 * Descriptors, addresses, sockets, readiness, credentials, errors, activation.
 *
 * @module
 */

export { type AcceptHandler, Acceptor } from "./acceptor.ts";
export { type AccessPeer, AccessRuleError } from "./access_rules.ts";
export { type ActivatedFd, takeActivatedFds } from "./activation.ts";
export { AddressError, type AddressKind, escapeBytes, unescapeBytes, UnixAddress } from "./address.ts";
export { type Adoptable, adoptReader, adoptSocket, adoptStreams, serveConnection, serveListener } from "./adoption.ts";
export { PacketBatch, type PacketBatchOptions } from "./batch.ts";
export { type ConnectOptions } from "./connect.ts";
export { type Credentials } from "./credentials.ts";
export { daemonize, isDaemonized } from "./daemonize.ts";
export { Endpoint } from "./endpoint.ts";
export { type EphemeralListener, type EphemeralOptions, listenEphemeral } from "./ephemeral.ts";
export { ClosedError, SystemError, type SystemErrorContext } from "./errors.ts";
export { exec, type ExecOptions } from "./exec.ts";
export { Fd, raiseDescriptorLimit } from "./fd.ts";
export { type InternetName, internetNameOf, listenTcp, takeOverTcp } from "./internet.ts";
export { join, type JoinOptions } from "./join.ts";
export { type FdAccess, type FdDescription } from "./fd_description.ts";
export { fetchOver } from "./fetch_over.ts";
export { JsonPacket, JsonPackets, type JsonPacketsOptions, PacketError, type PacketFault } from "./json_packets.ts";
export { type ListenOptions, UnixListener } from "./listener.ts";
export {
  Message,
  type MessageParts,
  type Payload,
  type ReceiveManyOptions,
  type ReceiveOptions,
  type SendOptions,
} from "./message.ts";
export { notify, notifyReloading, type ServiceState, startWatchdog } from "./notify.ts";
export { type SocketOptions, type SocketType } from "./options.ts";
export { Pidfile } from "./pidfile.ts";
export { belongsTo } from "./process_identity.ts";
export { type ReadyHandler, startReactor, Watch } from "./reactor.ts";
export { runService, type Service } from "./service.ts";
export { UnixSocket } from "./socket.ts";
export { SocketFile, type SocketFileOptions } from "./socket_file.ts";
export { type Direction, Waiters } from "./waiters.ts";
export { type WebStreams } from "./web_streams.ts";
