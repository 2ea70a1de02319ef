/**
 * Where each subcommand is: its entry in the table and its code, each loaded when
 * it is needed, so that a subcommand starts with what it uses.
 *
 * @module
 */

import type { CommandSpec } from "./command_spec.ts";
import type { Arguments } from "./parse.ts";

/** What every file of a subcommand exports. */
export interface Command {
  /** Runs it; returns its exit status. */
  run(args: Arguments): number | Promise<number>;
}

/** A subcommand. */
export interface CommandLoader {
  /** Its entry in the table. */
  spec(): Promise<CommandSpec>;
  /** Its code. */
  command(): Promise<Command>;
}

/** All of them by name, in the order of the table. */
export const LOADERS: Readonly<Record<string, CommandLoader>> = {
  spawn: {
    spec: async () => (await import("./spawn_table.ts")).SPAWN,
    command: () => import("./spawn.ts"),
  },
  nsexec: {
    spec: async () => (await import("./spawn_table.ts")).NSEXEC,
    command: () => import("./nsexec.ts"),
  },
  broker: {
    spec: async () => (await import("./broker_table.ts")).BROKER,
    command: () => import("./broker.ts"),
  },
  "one-socket": {
    spec: async () => (await import("./broker_table.ts")).ONE_SOCKET,
    command: () => import("./one_socket.ts"),
  },
  brokerctl: {
    spec: async () => (await import("./broker_table.ts")).BROKERCTL,
    command: () => import("./brokerctl.ts"),
  },
  pair: {
    spec: async () => (await import("./broker_table.ts")).PAIR,
    command: () => import("./pair.ts"),
  },
  beam: {
    spec: async () => (await import("./beam_table.ts")).BEAM,
    command: () => import("./beam.ts"),
  },
  send: {
    spec: async () => (await import("./packets_table.ts")).SEND,
    command: () => import("./send.ts"),
  },
  recv: {
    spec: async () => (await import("./packets_table.ts")).RECV,
    command: () => import("./recv.ts"),
  },
  lock: {
    spec: async () => (await import("./lock_table.ts")).LOCK,
    command: () => import("./lock.ts"),
  },
  hold: {
    spec: async () => (await import("./hold_table.ts")).HOLD,
    command: () => import("./hold.ts"),
  },
  limits: {
    spec: async () => (await import("./limits_table.ts")).LIMITS,
    command: () => import("./limits.ts"),
  },
  doctor: {
    spec: async () => (await import("./doctor_table.ts")).DOCTOR,
    command: () => import("./doctor.ts"),
  },
  sockets: {
    spec: async () => (await import("./sockets_table.ts")).SOCKETS,
    command: () => import("./sockets.ts"),
  },
  proxy: {
    spec: async () => (await import("./proxy_table.ts")).PROXY,
    command: () => import("./proxy.ts"),
  },
  completions: {
    spec: async () => (await import("./completions_table.ts")).COMPLETIONS,
    command: () => import("./completions.ts"),
  },
};
