/**
 * The SocketPair broker, and how to ask it for a pair.
 *
 * @module
 */

export { type AccessDecision, type AccessRequest, AccessRules } from "./access.ts";
export { announce, Announcement, type AnnounceOptions } from "./announce.ts";
export { Broker, type BrokerOptions, type BrokerStatus, type ClientInfo } from "./broker.ts";
export { type Limits } from "./limits.ts";
export { type ControlOwner, ControlServer } from "./control.ts";
export { askControl, type ControlAnswer } from "./control_client.ts";
export { defaultBrokerAddress, defaultControlAddress } from "./defaults.ts";
export { type Announced, lookUp, LookUpError, type LookUpOptions } from "./look_up.ts";
export { BrokerMetrics, type CountsByReason } from "./metrics.ts";
export {
  decodeGetPair,
  decodeSetPair,
  encodeGetPair,
  encodeSetPair,
  MAX_KEY_BYTES,
  MESSAGE_BYTES,
  PADDED_MESSAGE_BYTES,
  type PairMode,
  type PairRequest,
  ProtocolError,
  SHORT_REPLY_BYTES,
} from "./protocol.ts";
export { PairRefusedError, requestPair, type RequestPairOptions } from "./request_pair.ts";
