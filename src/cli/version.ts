/**
 * Which ipcx this is.
 *
 * @module
 */

/**
 * Reads the version, when somebody asks.
 *
 * @returns Such as `"0.1.0"`.
 */
export async function version(): Promise<string> {
  const { default: manifest } = await import("../../deno.json", { with: { type: "json" } });
  return manifest.version;
}
