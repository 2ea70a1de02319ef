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
export { Fd, type FdOwner, raiseDescriptorLimit } from "./fd.ts";
export { type InternetName, internetNameOf, listenTcp, takeOverTcp } from "./internet.ts";
export { join, type JoinOptions } from "./join.ts";
export { type FdAccess, type FdDescription } from "./fd_description.ts";
export { fetchOver } from "./fetch_over.ts";
export { JsonPacket, JsonPackets, type JsonPacketsOptions, PacketError, type PacketFault } from "./json_packets.ts";
export { type ListenOptions, UnixListener } from "./listener.ts";
export { type Seal } from "./memory_seals.ts";
export {
  Message,
  type MessageParts,
  type Payload,
  type ReceiveManyOptions,
  type ReceiveOptions,
  type SendOptions,
} from "./message.ts";
export { notify, notifyReloading, type ServiceState, startWatchdog } from "./notify.ts";
export { type FileAccess, openFile } from "./open_file.ts";
export { type SocketOptions, type SocketType } from "./options.ts";
export { PeerProcess } from "./peer_process.ts";
export { Pidfile } from "./pidfile.ts";
export { openPipe, type PipeEnds } from "./pipe.ts";
export { type NamespaceKind } from "./process_folder.ts";
export { belongsTo, type ProcessIdentity } from "./process_identity.ts";
export { type IdSet, type ProcessIds } from "./process_ids.ts";
export { pump, type PumpOptions } from "./pump.ts";
export { type ReadyHandler, startReactor, Watch } from "./reactor.ts";
export { relay, type Relayed } from "./relay.ts";
export { sendFile, type SendFileOptions } from "./send_file.ts";
export { runService, type Service } from "./service.ts";
export { type AdoptMemoryOptions, type CreateMemoryOptions, SharedMemory } from "./shared_memory.ts";
export { UnixSocket } from "./socket.ts";
export { SocketFile, type SocketFileOptions } from "./socket_file.ts";
export { splice, type SpliceOptions, tee } from "./splice.ts";
export { SpliceError } from "./splice_error.ts";
export { type StopSignal } from "./stop.ts";
export { Cork, cork, setNoDelay } from "./tcp_segments.ts";
export { vmsplice } from "./vmsplice.ts";
export { type Direction, Waiters } from "./waiters.ts";
export { type WebStreams } from "./web_streams.ts";
export { writeAll, type WriteOptions } from "./write_all.ts";
