/**
 * `ipcx brokerctl`: asks a broker's control socket and prints the answer.
 *
 * @module
 */

import type { BrokerStatus, ClientInfo } from "../broker/broker.ts";
import { askControl } from "../broker/control_client.ts";
import { defaultBrokerAddress, defaultControlAddress } from "../broker/defaults.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { type Column, table } from "./text_table.ts";
import { count } from "./values.ts";

/** What to ask for, and how to show the answer to a person. */
interface Question {
  method: string;
  path: string;
  body?: unknown;
  show(answer: string): string;
}

function seconds(value: number): string {
  if (value < 60) return `${value.toFixed(1)} s`;
  if (value < 3600) return `${(value / 60).toFixed(1)} min`;
  return `${(value / 3600).toFixed(1)} h`;
}

function counts(byReason: Record<string, number>): string {
  const parts = Object.entries(byReason).map(([reason, number]) => `${number} ${reason}`);
  return parts.length > 0 ? parts.join(", ") : "none";
}

function showStatus(answer: string): string {
  const status = JSON.parse(answer) as BrokerStatus & { pid: number; logLevel: string };
  return table([["", "left"], ["", "left"]], [
    ["pid", `${status.pid}`],
    ["sockets", status.sockets.join(" ")],
    ["uptime", seconds(status.uptime)],
    ["state", status.draining ? "draining" : "serving"],
    ["clients", `${status.clients} of ${status.limits.maxClients}, ${status.waiting} waiting`],
    ["accepted", `${status.accepted}`],
    ["paired", `${status.paired}`],
    ["gone", `${status.gone}`],
    ["refused", counts(status.refused)],
    ["protocol errors", counts(status.protocolErrors)],
    ["log level", status.logLevel],
  ]);
}

const CLIENT_COLUMNS: readonly Column[] = [
  ["ID", "right"],
  ["PID", "right"],
  ["UID", "right"],
  ["STATE", "left"],
  ["MODE", "left"],
  ["FOR", "right"],
  ["KEY", "left"],
];

function showClients(answer: string): string {
  const clients = JSON.parse(answer) as ClientInfo[];
  return table(
    CLIENT_COLUMNS,
    clients.map((client) => [
      `${client.id}`,
      `${client.pid}`,
      `${client.uid}`,
      client.state,
      client.mode ?? "-",
      seconds(client.seconds),
      client.key ?? "-",
    ]),
  );
}

function say(text: (answer: Record<string, unknown>) => string): (answer: string) => string {
  return (answer) => `${text(JSON.parse(answer))}\n`;
}

function questionFor(words: readonly string[]): Question {
  const [word, argument, ...rest] = words;
  const takes = { kick: 1, "log-level": argument === undefined ? 0 : 1 }[word ?? ""] ?? 0;
  if (rest.length > 0 || (argument === undefined) !== (takes === 0)) {
    throw new UsageError(word === "kick" ? "kick takes the number of one client" : `unexpected '${argument}'`);
  }
  switch (word) {
    case "status":
      return { method: "GET", path: "/status", show: showStatus };
    case "clients":
      return { method: "GET", path: "/clients", show: showClients };
    case "kick":
      return {
        method: "DELETE",
        path: `/clients/${clientNumber(argument)}`,
        show: say(({ disconnected }) => `disconnected client ${disconnected}`),
      };
    case "drain":
      return { method: "POST", path: "/drain", show: say(({ clients }) => `draining, ${clients} clients left`) };
    case "shutdown":
      return { method: "POST", path: "/shutdown", show: say(() => "stopping") };
    case "metrics":
      return { method: "GET", path: "/metrics", show: (answer) => answer };
    case "log-level":
      return argument === undefined
        ? { method: "GET", path: "/log-level", show: say(({ level }) => `${level}`) }
        : { method: "PUT", path: "/log-level", body: { level: argument }, show: say(({ level }) => `${level}`) };
  }
  throw new UsageError(word === undefined ? "what is to be done?" : `there is no '${word}'`);
}

function clientNumber(text: string): number {
  try {
    return count(text);
  } catch (error) {
    throw new UsageError(`kick: ${(error as Error).message}`);
  }
}

/**
 * Runs `ipcx brokerctl`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  const question = questionFor(args.words);
  const control = args.get("control") ?? defaultControlAddress(args.get("socket") ?? defaultBrokerAddress());
  const { status, text } = await askControl(control, question.method, question.path, question.body);
  if (status >= 400) throw new Error(JSON.parse(text).error);
  const shown = args.has("json") && question.path !== "/metrics" ? text : question.show(text);
  await new Blob([shown]).stream().pipeTo(Deno.stdout.writable, { preventClose: true });
  return 0;
}
