/**
 * Messages that carry descriptors.
 *
 * @module
 */

export { Beam } from "./beam.ts";
export { type BeamCopyCounts, type BeamCopyOptions, type BeamJoinCounts, copy, joinBeams } from "./copy.ts";
export { BeamError, type BeamErrorCode } from "./errors.ts";
export { BeamListener, type BeamListenOptions } from "./listener.ts";
export {
  type BeamBrokerOptions,
  type BeamOptions,
  type BeamPairOptions,
  type BeamReceiveOptions,
  type BeamSettings,
  type BeamWaitOptions,
} from "./options.ts";
export { type BeamCodec, jsonCodec } from "./json_codec.ts";
export { BeamPort, type BeamPortHandler, type BeamPortOptions } from "./port.ts";
export { BeamCloseEvent, BeamMessageEvent, type BeamPortEvents } from "./port_events.ts";
export { adoptByteStreams, adoptMessageStreams, type MessageStreams, type OutgoingMessage } from "./streams.ts";
export { BeamEndpoint } from "./services/endpoint.ts";
export { type BeamEndpointOptions } from "./services/endpoint_options.ts";
export { type BeamSource } from "./services/beam_link.ts";
export {
  type DialOptions,
  type ServiceConnectionOptions,
  type WithConnectionOptions,
} from "./services/dial_options.ts";
export { NoServiceError, type NoServiceReason, type Refusal } from "./services/no_service.ts";
export {
  type ConnectionKind,
  type NameRegistration,
  type ServiceConnections,
  type ServiceHandler,
} from "./services/service_connection.ts";
