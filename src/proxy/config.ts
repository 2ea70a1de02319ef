/**
 * What a gateway is told: where it listens, and which program answers which request.
 *
 * `readProxyConfig` makes this out of a file; the defaults are those of the file.
 *
 * @module
 */

import type { Namespaces, ResourceLimit } from "../spawn/mod.ts";

/** Where something is listened at. */
export interface ListenTarget {
  /** An IP address or host name with `port`, or a Unix socket: `/path`, `./path`, `@name`, `fd:N`. */
  address: string;
  /** The TCP port, 0–65535; 0 lets the kernel choose. */
  port?: number;
  /** The files of a certificate chain and its key, PEM, for TLS. */
  tls?: { cert: string; key: string };
}

/** The socket at which processes answer. */
export interface ReplySocket {
  /** Its path or abstract name. */
  path: string;
  /** The mode of its file, 0600 by default. */
  mode: number;
  /** Who owns its file, `user` or `user:group` or `:group`; by default who runs the gateway. */
  owner?: string;
}

/** What holds for all requests together. */
export interface ServiceLimits {
  /** How many processes run at once, 64 by default. */
  concurrency: number;
  /** How many requests may wait for one of them to end, 256 by default. */
  queue: number;
  /** How many clients may be connected, 1024 by default. */
  connections: number;
  /** Within how many milliseconds a request must have arrived, and for how many its client may read nothing, 60 000 by default. */
  requestTimeout: number;
  /** How many bytes of results of asynchronous requests are kept, 64 MiB by default. */
  results: number;
}

/** A control group of its own for each process (cgroups(7), version 2). */
export interface CgroupLimits {
  /** The control group below which they are made: a directory, or a path below the mount of cgroup v2. */
  parent: string;
  /** What is written into files of each, such as `{ "memory.max": "100M" }`. */
  settings: Readonly<Record<string, string>>;
}

/** What holds for the requests of one route. */
export interface RouteLimits {
  /** How many of its processes run at once; by default as many as in all. */
  concurrency: number;
  /** How many of its requests may wait, 64 by default. */
  queue: number;
  /** How many milliseconds one may wait, 10 000 by default. */
  queueTimeout: number;
  /** How many bytes a request body may have, 1 MiB by default. */
  body: number;
  /** How many bytes an answer may have, 16 MiB by default. */
  output: number;
  /** Resource limits of its processes (setrlimit(2)), by name. */
  rlimits: Readonly<Record<string, ResourceLimit>>;
  /** Control groups for its processes. */
  cgroup?: CgroupLimits;
}

/** Whether messages are checked against the OpenAPI document: refused, only reported in the log, or not looked at. */
export type Validation = "enforce" | "report" | "off";

/** How the body of a request reaches the process; `undefined`: only where a placeholder says so. */
export type Channel = "cmdline" | "stdin" | "env" | "file";

/** What the body of a request is made into. */
export type Encoding = "json" | "form" | "raw";

/** Part of an argument: text, or what stands for a part of the request. */
export type TemplatePart =
  | { kind: "text"; text: string }
  | { kind: "payload" }
  | { kind: "req_id" }
  | { kind: "path" | "query" | "header"; name: string };

/** An argument with placeholders: its parts in order. It stays one argument whatever they stand for. */
export type Template = readonly TemplatePart[];

/** How the process of a route is started. */
export interface Injection {
  /** The program and its arguments. */
  cmd: readonly [Template, ...Template[]];
  /** Its working directory; by default that of the gateway. */
  wd?: string;
  /** Its variables beside those that all have. */
  env: Readonly<Record<string, Template>>;
  /** How it gets the body. */
  channel?: Channel;
  /** What the body is made into, `"raw"` by default. */
  encoding: Encoding;
  /** After how many milliseconds it is told to end, 1000 by default. */
  timeout: number;
  /** After how many further milliseconds it is killed, 2000 by default. */
  grace: number;
  /** Whether it answers one request (`"once"`, the default) or one after another. */
  mode: "once" | "worker";
  /** How many workers there are, 1 by default. */
  workers: number;
  /** As whom it runs: a user's name or number. */
  user?: string;
  /** Its group; by default that of the user. */
  group?: string;
  /** The namespaces it is started in. */
  namespaces?: Namespaces;
}

/** One verb of one path. */
export interface RouteConfig {
  /** The path with its placeholders, such as `/pets/{petId}`. */
  path: string;
  /** The verb, in capitals. */
  method: string;
  /** Where it stands, as `file:line:column`, for messages. */
  place: string;
  /** The program. */
  inject: Injection;
  /** Whether the process answers at the reply socket or on its standard output. */
  answer: "outtake" | "stdout";
  /** The path of `outtake` with `{req_id}` in it, such as `/uri/{req_id}`. */
  outtakePath?: string;
  /** Whether standard output is the body, or begins with a head as in CGI (RFC 3875, 6). */
  output: "body" | "cgi";
  /** The media type of an answer that names none. */
  contentType?: string;
  /** Check of requests. */
  validateIn: Validation;
  /** Check of answers. */
  validateOut: Validation;
  /** Whether what the process prints is logged. */
  logStdout: boolean;
  /** Whether answers tell what the process has used. */
  stats: boolean;
  /** Whether the client is answered at once and asks for the result later. */
  async: boolean;
  /** For how many milliseconds a result is kept, 600 000 by default. */
  resultTtl: number;
  /** Whether a client that goes away ends its process. */
  cancel: boolean;
  /** Who may answer at the reply socket. */
  replyFrom: "anyone" | "descendants";
  /** Limits. */
  limits: RouteLimits;
}

/** All that a gateway is told. */
export interface ProxyConfig {
  /** The service's name, `"urocket"` by default. */
  servicename: string;
  /** Where clients connect, 127.0.0.1:8080 by default. */
  front: ListenTarget;
  /** Where processes answer; needed if any does so. */
  reply?: ReplySocket;
  /** Where metrics and the page are to be had. */
  admin?: ListenTarget;
  /** The OpenAPI document, as an absolute path. */
  openapi?: string;
  /** Whether answers have the texts of the first URocket. */
  strictCompat: boolean;
  /** Whether each request is logged. */
  accessLog: boolean;
  /** Variables of the gateway that processes get, too, beside {@linkcode DEFAULT_ENVIRONMENT}. */
  passEnv: readonly string[];
  /** For how many milliseconds running requests may go on when the gateway stops, 10 000 by default. */
  grace: number;
  /** Limits for all together. */
  limits: ServiceLimits;
  /** Which program answers what. */
  routes: readonly RouteConfig[];
}

/** The variables of the gateway that every process gets. */
export const DEFAULT_ENVIRONMENT: readonly string[] = ["PATH", "HOME", "LANG", "USER", "TMPDIR"];

/** What a file need not say. */
export const DEFAULTS = {
  servicename: "urocket",
  address: "127.0.0.1",
  port: 8080,
  grace: 10_000,
  concurrency: 64,
  queue: 256,
  connections: 1024,
  requestTimeout: 60_000,
  results: 64 * 1024 * 1024,
  routeQueue: 64,
  queueTimeout: 10_000,
  body: 1024 * 1024,
  output: 16 * 1024 * 1024,
  timeout: 1000,
  killGrace: 2000,
  resultTtl: 600_000,
  workers: 1,
} as const;
