/**
 * How endpoints behave, and their limits.
 *
 * @module
 */

/** How an endpoint behaves, and what it can be made to hold. */
export interface BeamEndpointOptions {
  /** Closes the endpoint when it is aborted. */
  signal?: AbortSignal;
  /**
   * Told of what went wrong without anybody waiting for it: what a handler
   * threw, what a peer sent that makes no sense, a beam that broke. By default
   * it is printed to standard error.
   */
  onError?: (error: unknown, name?: string) => void;
  /**
   * Whether names that are not accepted here are kept as offers, which
   * {@linkcode BeamEndpoint.dial} takes up; by default they are refused. A peer
   * that means to dial such a name hears nothing then: it cannot be told apart.
   */
  offers?: boolean;
  /** The most offers that are kept, 1 or more, by default 64; those beyond are refused as `"busy"`. */
  maxOffers?: number;
  /**
   * The most private channels, each of them a descriptor, that peers may have
   * open here, those that are being forwarded included: 1 or more, by default
   * 256; those beyond are refused as `"busy"`.
   */
  maxChannels?: number;
  /**
   * The most connections that are being handled at once, 1 or more, by default
   * 256. Those beyond wait in their channels until a handler is done.
   */
  maxConnections?: number;
  /** How many tries in a row may fail to make a beam, or make one that does not last; by default there is no end. */
  connectAttempts?: number;
  /** The longest pause between two tries, in milliseconds: 1 or more, by default 2000. The first are 20, 40, 80…. */
  longestPause?: number;
}

/** What holds for an endpoint. */
export type EndpointSettings = Readonly<
  Required<Omit<BeamEndpointOptions, "signal">> & Pick<BeamEndpointOptions, "signal">
>;

/**
 * Makes sure that a number is in its range.
 *
 * @param name What the number is called.
 * @param value The number.
 * @param isEndless Whether `Infinity` will do.
 * @returns The number.
 * @throws {RangeError} If it is no whole number of 1 or more.
 */
export function atLeastOne(name: string, value: number, isEndless = false): number {
  if ((Number.isSafeInteger(value) && value >= 1) || (isEndless && value === Infinity)) return value;
  throw new RangeError(`${name} is a whole number of 1 or more, not ${value}`);
}

/**
 * Makes sure that a name can be sent.
 *
 * @param name The name.
 * @throws {RangeError} If it is empty.
 */
export function checkName(name: string): void {
  if (name === "") throw new RangeError("a name has at least one byte: the kernel sends no empty message");
}

function print(error: unknown, name?: string): void {
  console.error(name === undefined ? "ipcx: a beam's endpoint:" : `ipcx: the service "${name}":`, error);
}

/** Those who are told cannot do harm by what they throw. */
function tell(onError: (error: unknown, name?: string) => void, error: unknown, name?: string): void {
  try {
    onError(error, name);
  } catch (another) {
    print(another, name);
  }
}

/**
 * Checks options and fills in what they leave open.
 *
 * @param options What was asked for.
 * @returns What holds.
 * @throws {RangeError} For a value out of its range.
 */
export function settleEndpoint(options: BeamEndpointOptions): EndpointSettings {
  return {
    signal: options.signal,
    onError: (error, name) => tell(options.onError ?? print, error, name),
    offers: options.offers ?? false,
    maxOffers: atLeastOne("maxOffers", options.maxOffers ?? 64),
    maxChannels: atLeastOne("maxChannels", options.maxChannels ?? 256),
    maxConnections: atLeastOne("maxConnections", options.maxConnections ?? 256),
    connectAttempts: atLeastOne("connectAttempts", options.connectAttempts ?? Infinity, true),
    longestPause: atLeastOne("longestPause", options.longestPause ?? 2000),
  };
}
