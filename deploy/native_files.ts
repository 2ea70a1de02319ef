/**
 * What the C compiler has made: `deno task build`.
 *
 * @module
 */

import { HOST, type Target } from "./targets.ts";

const FOLDER = decodeURIComponent(new URL("../ffi/", import.meta.url).pathname);

type Files = { library: Uint8Array<ArrayBuffer>; waiter: Uint8Array<ArrayBuffer> };

/** Each is renewed once. */
const renewed = new Set<Target["name"]>();

/** Compiles again what is older than its sources: tasks that depend on `build` do that for this machine only. */
function renew({ name }: Target): void {
  if (name === HOST.name || renewed.has(name)) return;
  const { success, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-lock", "--allow-all", `${FOLDER}build.ts`, "--target", name],
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
  renewed.add(name);
}

function read(target: Target): Files {
  const folder = target === HOST ? FOLDER : `${FOLDER}build/${target.name}/`;
  try {
    return {
      library: Deno.readFileSync(`${folder}libipcx.so`),
      waiter: Deno.readFileSync(`${folder}ipcx-waiter`),
    };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(
      `the C library is not built for ${target.name}: run 'deno task build --target ${target.name}' first`,
    );
  }
}

/**
 * Reads the C library and the waiter.
 *
 * @param target For which processor; what is built for another one than this machine's is built again if it is older
 * than the sources.
 * @returns Their bytes.
 * @throws {Error} If they have not been built, or what the C compiler says.
 */
export function nativeFiles(target: Target): Files {
  read(target);
  renew(target);
  return read(target);
}
