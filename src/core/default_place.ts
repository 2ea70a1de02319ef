/**
 * Where servers are that everybody looks for, unless somebody says otherwise.
 *
 * @module
 */

/** Such a server. */
export interface DefaultPlace {
  /** The variable that says where it is. */
  readonly variable: string;
  /** The name of its file, in the directory for such files. */
  readonly file: string;
  /** What is said where there is no such directory. */
  readonly complaint: string;
}

/** The broker. */
export const BROKER_PLACE: DefaultPlace = {
  variable: "ONE_SOCKET_PATH",
  file: "one.socket",
  complaint: "XDG_RUNTIME_DIR is not set: say --socket ADDR, or set ONE_SOCKET_PATH",
};

/** The holder of descriptors. */
export const HOLDER_PLACE: DefaultPlace = {
  variable: "IPCX_HOLD_SOCKET",
  file: "ipcx-hold.socket",
  complaint: "XDG_RUNTIME_DIR is not set: say --socket ADDR, or set IPCX_HOLD_SOCKET",
};

/** The variable that says where the broker's control socket is. */
export const CONTROL_VARIABLE = "ONE_SOCKET_CTL_PATH";

/**
 * Finds the directory for sockets of this user: /run for root, XDG_RUNTIME_DIR for others.
 *
 * @returns The directory; `undefined` if that is not set.
 */
export function runtimeDirectory(): string | undefined {
  return Deno.uid() === 0 ? "/run" : Deno.env.get("XDG_RUNTIME_DIR") || undefined;
}

/**
 * Reads an address from a variable.
 *
 * @param variable Its name.
 * @returns The address as text, where a word without a slash is a file; `undefined` if the variable is empty or not set.
 */
export function addressIn(variable: string): string | undefined {
  const path = Deno.env.get(variable);
  if (!path) return undefined;
  return path.startsWith("@") || path.includes("/") ? path : `./${path}`;
}

/**
 * Finds a server.
 *
 * @param place Which.
 * @returns Its address as text: what its variable says, else its file in the directory of this user.
 * @throws {Error} If there is no such directory.
 */
export function addressOf({ variable, file, complaint }: DefaultPlace): string {
  const address = addressIn(variable);
  if (address !== undefined) return address;
  const directory = runtimeDirectory();
  if (directory === undefined) throw new Error(complaint);
  return `${directory}/${file}`;
}

/**
 * Finds the control socket of a broker that is at its address.
 *
 * @param socket The broker's address, as it is written out.
 * @returns The address as text: what ONE_SOCKET_CTL_PATH says, else the same with `.ctl` behind it.
 */
export function controlAddressOf(socket: string): string {
  return addressIn(CONTROL_VARIABLE) ?? `${socket}.ctl`;
}
