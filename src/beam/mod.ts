/**
 * Messages that carry descriptors.
 *
 * @module
 */

export {
  Beam,
  type BeamBrokerOptions,
  type BeamPairOptions,
  type BeamReceiveOptions,
  type BeamWaitOptions,
} from "./beam.ts";
export { type BeamCopyCounts, type BeamCopyOptions, type BeamJoinCounts, copy, joinBeams } from "./copy.ts";
export { BeamError, type BeamErrorCode } from "./errors.ts";
export { BeamListener, type BeamListenOptions } from "./listener.ts";
export { type BeamOptions, type BeamSettings } from "./options.ts";
