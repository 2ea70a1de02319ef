/**
 * `ipcx brokerctl`: asks a broker's control socket and prints the answer.
 *
 * @module
 */

import type { BrokerStatus, ClientInfo } from "../broker/broker.ts";
import { askControl, type ControlAnswer } from "../broker/control_client.ts";
import { UnixAddress } from "../core/address.ts";
import { SystemError } from "../core/errors.ts";
import { defaultBrokerAddress, defaultControlAddress } from "../broker/defaults.ts";
import { elapsed } from "./elapsed.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { BROKERCTL } from "./broker_table.ts";
import { type Column, table } from "./text_table.ts";
import { count } from "./values.ts";

/** What to ask for, and how to show the answer to a person. */
interface Question {
  method: string;
  path: string;
  body?: unknown;
  show(answer: string): string;
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
    ["uptime", elapsed(status.uptime)],
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
      elapsed(client.seconds),
      client.key ?? "-",
    ]),
  );
}

function say(text: (answer: Record<string, unknown>) => string): (answer: string) => string {
  return (answer) => `${text(JSON.parse(answer))}\n`;
}

function questionFor(words: readonly string[]): Question {
  const [word, argument, ...rest] = words;
  if (word === "kick" && (argument === undefined || rest.length > 0)) {
    throw new UsageError("kick takes the number of one client");
  }
  const surplus = word === "kick" || word === "log-level" ? rest[0] : argument;
  const question = questions(word, argument);
  if (surplus !== undefined) throw new UsageError(`unexpected '${surplus}'`);
  return question;
}

function questions(word: string | undefined, argument: string): Question {
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
      return {
        method: "POST",
        path: "/drain",
        show: say(({ clients }) => `draining, ${clients} ${clients === 1 ? "client" : "clients"} left`),
      };
    case "shutdown":
      return { method: "POST", path: "/shutdown", show: say(() => "stopping") };
    case "metrics":
      return { method: "GET", path: "/metrics", show: (answer) => answer };
    case "log-level":
      return argument === undefined
        ? { method: "GET", path: "/log-level", show: say(({ level }) => `${level}`) }
        : { method: "PUT", path: "/log-level", body: { level: argument }, show: say(({ level }) => `${level}`) };
  }
  if (word === undefined) throw new UsageError("what is to be done?");
  throw new UsageError(`there is no '${word}'`, { written: word, known: BROKERCTL.words! });
}

function clientNumber(text: string): number {
  try {
    return count(text);
  } catch (error) {
    throw new UsageError(`kick: ${(error as Error).message}`);
  }
}

function controlFrom(args: Arguments): string {
  const socket = args.get("socket", UnixAddress.parse);
  const control = args.get("control", UnixAddress.parse);
  return `${control ?? defaultControlAddress(`${socket ?? defaultBrokerAddress()}`)}`;
}

async function ask(control: string, question: Question): Promise<ControlAnswer> {
  try {
    const answer = await askControl(control, question.method, question.path, question.body);
    if (question.path !== "/metrics" || answer.status >= 400) JSON.parse(answer.text);
    return answer;
  } catch (error) {
    if (error instanceof SystemError) throw error;
    if (control.startsWith("@") && ["EPIPE", "ECONNRESET"].includes((error as { code?: string }).code ?? "")) {
      throw new Error(
        `${control} closed the connection: at an abstract name only root and the broker's user are let in`,
      );
    }
    throw new Error(`what answers at ${control} is no broker's control socket (${(error as Error).message})`);
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
  const { status, text } = await ask(controlFrom(args), question);
  if (status >= 400) throw new Error(JSON.parse(text).error);
  const shown = args.has("json") && question.path !== "/metrics" ? text : question.show(text);
  await new Blob([shown]).stream().pipeTo(Deno.stdout.writable, { preventClose: true });
  return 0;
}
