/**
 * `ipcx proxy` as a service.
 *
 * @module
 */

import { getLogger } from "@std/log";
import { Pidfile } from "../core/pidfile.ts";
import { runService } from "../core/service.ts";
import { type ActivatedFd, takeActivatedFds } from "../core/activation.ts";
import { Proxy, type ProxyConfig, type ProxyOptions, readProxyConfig } from "../proxy/mod.ts";
import { setUpLogging } from "./logging.ts";
import type { Arguments } from "./parse.ts";
import { surviveFaults } from "./faults.ts";
import { version } from "./version.ts";

/** The names in LISTEN_FDNAMES for other sockets than the front. */
const REPLY_NAME = "reply";
const ADMIN_NAME = "admin";

function sockets(passed: readonly ActivatedFd[]): NonNullable<ProxyOptions["activated"]> {
  const named = (name: string) => passed.find((one) => one.name === name);
  const reply = named(REPLY_NAME);
  const admin = named(ADMIN_NAME);
  const fronts = passed.filter((one) => one !== reply && one !== admin);
  if (fronts.length > 1) throw new Error(`${fronts.length} sockets were passed for clients: one is served`);
  return { front: fronts[0]?.fd, reply: reply?.fd, admin: admin?.fd };
}

function tellStart(proxy: Proxy, { servicename, routes }: ProxyConfig): void {
  const { front, reply, admin } = proxy.status;
  const places = { front, ...(reply ? { reply } : {}), ...(admin ? { admin } : {}) };
  getLogger("proxy").info("serving", { servicename, ...places, routes: routes.length });
}

/**
 * Runs the gateway until it is told to stop.
 *
 * @param path The file of the configuration.
 * @param args The arguments of the command.
 * @returns The exit status.
 */
export async function runGateway(path: string, args: Arguments): Promise<number> {
  const activated = sockets(takeActivatedFds());
  const log = setUpLogging(args, "proxy");
  const config = readProxyConfig(path);
  surviveFaults("proxy");
  using stack = new DisposableStack();
  const logger = getLogger("proxy");
  let proxy: Proxy | undefined;
  await runService({
    async start() {
      proxy = await Proxy.start(config, { activated, configFile: path, version: await version() });
      const pidfile = args.get("pidfile");
      if (pidfile !== undefined) stack.use(Pidfile.create(pidfile));
      tellStart(proxy, config);
    },
    get status() {
      return `serving ${proxy?.url}`;
    },
    async reload() {
      try {
        log.reopen();
        const next = readProxyConfig(path);
        await proxy?.reload(next);
        logger.info("reloaded", { routes: next.routes.length });
      } catch (error) {
        logger.error("reload failed, the old configuration stays", { error: (error as Error).message });
      }
    },
    async stop(hurry) {
      if (!proxy) return;
      logger.info("stopping");
      await proxy.stop(hurry);
    },
  });
  return 0;
}
