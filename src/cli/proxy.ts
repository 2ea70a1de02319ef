/**
 * `ipcx proxy`: arguments in, a table of routes or a running gateway, exit status out.
 *
 * @module
 */

import { readCertificate } from "../proxy/certificate.ts";
import { ConfigError } from "../proxy/configuration/config_error.ts";
import { loadOperations } from "../proxy/operations.ts";
import { readProxyConfig } from "../proxy/read_config.ts";
import { ROUTE_HEADINGS, routesTable } from "../proxy/routes_table.ts";
import { print } from "./output.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { type Column, table } from "./text_table.ts";

const RIGHT = ["TIMEOUT", "AT ONCE"];

const COLUMNS: readonly Column[] = ROUTE_HEADINGS.map((heading) => [
  heading,
  RIGHT.includes(heading) ? "right" : "left",
]);

async function check(path: string): Promise<number> {
  try {
    const config = readProxyConfig(path);
    await loadOperations(config);
    for (const target of [config.front, config.admin]) if (target?.tls) readCertificate(target.tls);
    print(table(COLUMNS, routesTable(config)));
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // No prefix: editors and terminals jump to FILE:LINE:COLUMN at the beginning of a line.
    console.error(error.message);
    return 1;
  }
}

/**
 * Runs `ipcx proxy`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  if (args.words.length > 0) throw new UsageError(`unexpected '${args.words[0]}'`);
  const path = args.get("config");
  if (path === undefined) throw new UsageError("which configuration? Say --config FILE");
  if (args.has("check")) return await check(path);
  const { runGateway } = await import("./proxy_service.ts");
  return await runGateway(path, args);
}
