/**
 * What the npm package says of itself.
 *
 * @module
 */

import manifest from "../../deno.json" with { type: "json" };
import type { Target } from "../targets.ts";

/** The commands, each of which is deploy/npm/command.sh. */
export const PROGRAMS: readonly string[] = ["ipcx", "nsexec", "one-socket"];

/** As npm calls processors. */
const CPU: Readonly<Record<Target["name"], string>> = { x86_64: "x64", aarch64: "arm64" };

/**
 * Makes package.json.
 *
 * @param targets The processors that the package is for.
 * @returns Its text.
 */
export function packageJson(targets: readonly Target[]): string {
  const { version, license } = manifest;
  return JSON.stringify(
    {
      name: "ipcx",
      version,
      description: "Unix sockets with descriptors, a broker of socket pairs, message pipes, HTTP to processes, " +
        "processes in namespaces: a program, and a library for Deno",
      keywords: ["deno", "unix-socket", "ipc", "file-descriptor", "scm-rights", "socketpair", "namespaces", "nsexec"],
      license,
      type: "module",
      bin: Object.fromEntries(PROGRAMS.map((name) => [name, `bin/${name}`])),
      exports: {
        ".": { types: "./lib/mod.d.ts", deno: "./lib/mod.js", default: "./lib/elsewhere.js" },
        "./package.json": "./package.json",
      },
      os: ["linux"],
      cpu: targets.map(({ name }) => CPU[name]),
      libc: ["glibc"],
      // That which has made and tested it: the program goes as far into the runtime as no range of versions promises.
      dependencies: { deno: Deno.version.deno },
    },
    null,
    2,
  ) + "\n";
}
