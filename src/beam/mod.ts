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
