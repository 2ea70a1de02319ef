/**
 * How the process of a request is started: decided before anything is done.
 *
 * @module
 */

import { groupId, primaryGroupOf, userId } from "../core/accounts.ts";
import { sealedFile } from "../core/sealed_file.ts";
import type { SoonOptions, SpawnOptions } from "../spawn/mod.ts";
import { fill, type Filling, holdsPayload, payloadArgument } from "./arguments.ts";
import { DEFAULT_ENVIRONMENT, type Injection, type ProxyConfig, type RouteConfig } from "./config.ts";
import { payloadOf } from "./payload.ts";
import type { FrontRequest } from "./request.ts";
import { asSent } from "./wire_text.ts";

/** Under which number a process finds the payload with `channel: file`. */
const PAYLOAD_FD = 3;

/** What is the same for all processes of a route. */
export interface RouteStart {
  /** Where it is started, as whom and with which limits. */
  readonly base: Omit<SoonOptions, "args" | "stdin">;
  /** The variables that do not depend on the request. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a process is started with; descriptors in it are the plan's, until it is disposed of. */
export interface StartPlan extends Disposable {
  /** The options for `spawn`, but for its output. */
  readonly options: SoonOptions;
}

function identityOf({ user, group }: Injection): Pick<SpawnOptions, "uid" | "gid"> {
  const uid = user === undefined ? undefined : userId(user);
  const gid = group === undefined ? (uid === undefined ? undefined : primaryGroupOf(uid)) : groupId(group);
  return { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
}

/** What the gateway itself was started with, as far as its processes may know. */
function inheritedEnvironment(passEnv: readonly string[]): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of [...DEFAULT_ENVIRONMENT, ...passEnv]) {
    const value = Deno.env.get(name);
    if (value !== undefined) env[name] = value;
  }
  return env;
}

/**
 * Prepares what is the same for all processes of a route.
 *
 * @param config What the gateway is told.
 * @param route The route.
 * @returns That.
 * @throws {Error} If there is no such user or group.
 */
export function prepareRoute(config: ProxyConfig, route: RouteConfig): RouteStart {
  const { inject, limits } = route;
  const program = inject.cmd[0].map((part) => part.kind === "text" ? part.text : "").join("");
  return {
    base: {
      command: program,
      ...identityOf(inject),
      ...(inject.namespaces ? { namespaces: inject.namespaces } : {}),
      ...(inject.wd === undefined ? {} : { wd: inject.wd }),
      rlimits: limits.rlimits,
      clearEnv: true,
      newSession: true,
      // Nothing is left running when the gateway itself is killed.
      deathSignal: "SIGKILL",
    },
    env: {
      ...inheritedEnvironment(config.passEnv),
      ...(config.reply ? { REPLY_SOCKET: config.reply.path } : {}),
    },
  };
}

/**
 * Tells where the answer to a request is expected.
 *
 * @param route The route.
 * @param id The request's id.
 * @returns A path at the reply socket.
 */
export function replyPath(route: RouteConfig, id: string): string {
  return (route.outtakePath ?? "/urhttp/{req_id}").replace("{req_id}", id);
}

/**
 * Decides how the process of a request is started.
 *
 * @param route Its route.
 * @param start What is the same for all.
 * @param request The request.
 * @returns The plan.
 * @throws {PayloadError} If the body is not what the route expects.
 * @throws {ArgumentError} If an argument cannot hold what the request puts into it.
 * @throws {SystemError} EMFILE, ENFILE, ENOMEM.
 */
export function planStart(route: RouteConfig, start: RouteStart, request: FrontRequest): StartPlan {
  const { cmd, channel, encoding, env } = route.inject;
  const filling: Filling = { request, payload: payloadOf(request, encoding) };
  const args = cmd.slice(1).map((template) => fill(template, filling));
  if (channel === "cmdline" && !cmd.some(holdsPayload)) args.push(payloadArgument(filling.payload));
  const variables: Record<string, string | Uint8Array> = { ...start.env };
  for (const name in env) variables[name] = fill(env[name], filling, name);
  variables.REQUEST_ID = request.id;
  variables.URIPATH = asSent(request.path);
  if (start.env.REPLY_SOCKET !== undefined) {
    variables.REPLY_URL = `http://localhost${replyPath(route, request.id)}`;
  }
  if (channel === "env") variables.PAYLOAD = payloadArgument(filling.payload, "PAYLOAD");
  if (channel === "file") variables.PAYLOAD_FILE = `/dev/fd/${PAYLOAD_FD}`;
  const file = channel === "file" || channel === "stdin" ? sealedFile("payload", filling.payload, "data") : undefined;
  return {
    options: {
      ...start.base,
      args,
      env: variables,
      ...(channel === "stdin" && file ? { stdin: file } : {}),
      ...(channel === "file" && file ? { fds: { [PAYLOAD_FD]: file } } : {}),
    },
    [Symbol.dispose]: () => file?.close(),
  };
}
