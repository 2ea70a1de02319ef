/**
 * Benchmark of the broker, alone or against a peer that already runs:
 *
 *     deno task bench:broker [--peer-socket PATH]
 *
 * | option | default | |
 * | --- | --- | --- |
 * | `--peer-socket ADDR` | | a daemon to compare with; its output should go to /dev/null |
 * | `--peer-waiting-max N` | 800 | waiting connections the peer can take |
 * | `--our-socket ADDR` | | a broker of ours that already runs, instead of one started here |
 * | `--seconds S` | 3 | length of one measurement |
 * | `--warmup S` | 1 | load before it |
 * | `--rounds N` | 5 | measurements of each row and daemon |
 * | `--in-flight N,…` | 1,8,32 | pairings at a time |
 * | `--waiting N,…` | 0,800,15000 | connections nobody answers |
 * | `--placement apart` | free | load and daemons on different cores: 1 in flight depends much on where the kernel puts them |
 * | `--quick` | | no memory, no idleness |
 * | `--json` | | JSON instead of a table |
 *
 * The exit status is 1 when a pairing failed or a waiting connection was lost.
 */

import { parseArgs } from "@std/cli/parse-args";
import { attach, type Daemon, running, startOurs } from "./broker_daemon.ts";
import { type Footprint, measureFootprint } from "./broker_footprint.ts";
import { type Plan, runMatrix } from "./broker_matrix.ts";
import { complaints, renderReport, type Result } from "./broker_report.ts";
import { compileLoad } from "./compile.ts";
import { placeApart } from "./load_program.ts";
import { describeMachine } from "./machine.ts";

interface Options {
  plan: Plan;
  ours?: Daemon;
  peer?: Daemon;
  quick: boolean;
  json: boolean;
}

async function parse(args: string[]): Promise<Options> {
  const given = parseArgs(args, {
    string: [
      ...["peer-socket", "peer-waiting-max", "our-socket", "placement"],
      ...["seconds", "warmup", "rounds", "in-flight", "waiting"],
    ],
    boolean: ["quick", "json"],
    default: {
      "peer-waiting-max": "800",
      "placement": "free",
      "seconds": "3",
      "warmup": "1",
      "rounds": "5",
      "in-flight": "1,8,32",
      "waiting": "0,800,15000",
    },
  });
  const number = (name: string, least: number): number => {
    const value = Number(given[name]);
    if (!(value >= least)) {
      throw new UsageError(`--${name} needs a number from ${least}`);
    }
    return value;
  };
  const numbers = (name: string, least: number): number[] =>
    `${given[name]}`.split(",").map((text) => {
      if (/^\d+$/.test(text) && Number(text) >= least) return Number(text);
      throw new UsageError(`--${name} needs whole numbers from ${least}`);
    });
  const peerWaitingMax = number("peer-waiting-max", 0);
  const placement = given.placement;
  if (placement !== "free" && placement !== "apart") {
    throw new UsageError("--placement is free or apart");
  }
  return {
    plan: {
      inFlight: numbers("in-flight", 1),
      waiting: numbers("waiting", 0),
      rounds: number("rounds", 1),
      seconds: number("seconds", 0.1),
      warmup: number("warmup", 0),
      placement,
    },
    ours: given["our-socket"] ? await running("ours", given["our-socket"], Infinity) : undefined,
    peer: given["peer-socket"] ? await running("peer", given["peer-socket"], peerWaitingMax) : undefined,
    quick: Boolean(given.quick),
    json: Boolean(given.json),
  };
}

class UsageError extends Error {}

async function measure({ plan, ours, peer, quick }: Options): Promise<Result> {
  const program = compileLoad();
  await using own = ours ? attach(ours) : await startOurs();
  const daemons: Daemon[] = peer ? [own, peer] : [own];
  const progress = (text: string) => console.error(text);
  if (plan.placement === "apart") {
    for (const daemon of daemons) await placeApart(daemon);
  }
  const footprints: Footprint[] = [];
  for (const daemon of quick ? [] : daemons) {
    footprints.push(
      await measureFootprint(program, daemon, plan.waiting, progress),
    );
  }
  const rows = await runMatrix(program, plan, own, peer, progress);
  const machine = await describeMachine(daemons);
  return { machine, plan, footprints, rows };
}

async function main(args: string[]): Promise<number> {
  try {
    const options = await parse(args);
    const result = await measure(options);
    console.log(
      options.json ? JSON.stringify(result, null, 2) : renderReport(result),
    );
    return complaints(result.rows).length > 0 ? 1 : 0;
  } catch (error) {
    console.error(
      `bench/broker.ts: ${error instanceof Error ? error.message : error}`,
    );
    return error instanceof UsageError ? 2 : 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
