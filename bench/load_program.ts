/** Runs the compiled load program against a daemon. */

import type { Daemon } from "./broker_daemon.ts";

/** What one run measured; the fields are those the program prints. */
export interface Measurement {
  pairs: number;
  seconds: number;
  pairs_per_s: number;
  p50_us: number;
  p99_us: number;
  max_us: number;
  errors: number;
  /** Pairs through which a byte was sent. */
  checks: number;
  /** Waiting connections that the daemon dropped during the run. */
  waiting_lost: number;
  /** Cores used, 1 being one core all the time. */
  load_cpu: number;
  daemon_cpu: number;
}

export interface Load {
  inFlight: number;
  waiting: number;
  seconds: number;
  warmup: number;
}

/** Where threads may run: wherever the kernel likes, or load and daemons on
 * different cores. */
export type Placement = "free" | "apart";

/** Keeps `load.inFlight` pairings in flight for `load.seconds`. */
export async function drive(
  program: string,
  daemon: Daemon,
  load: Load,
  placement: Placement,
): Promise<Measurement> {
  const args = [
    program,
    ...["--socket", daemon.socket],
    ...["--in-flight", `${load.inFlight}`],
    ...["--waiting", `${load.waiting}`],
    ...["--seconds", `${load.seconds}`],
    ...["--warmup", `${load.warmup}`],
    ...["--daemon-pid", `${daemon.pid}`],
  ];
  if (placement === "apart") {
    args.unshift("taskset", "-c", `${navigator.hardwareConcurrency - 1}`);
  }
  const result = await new Deno.Command(args[0], {
    args: args.slice(1),
    stderr: "inherit",
  }).output();
  if (!result.success) throw new Error(`the load on ${daemon.name} failed`);
  return JSON.parse(new TextDecoder().decode(result.stdout));
}

/** Binds every thread of the daemon to the cores that the load does not use. */
export async function placeApart(daemon: Daemon): Promise<void> {
  const others = `0-${Math.max(0, navigator.hardwareConcurrency - 2)}`;
  const result = await new Deno.Command("taskset", {
    args: ["-a", "-p", "-c", others, `${daemon.pid}`],
  }).output();
  if (!result.success) {
    throw new Error(`taskset failed on ${daemon.name}, pid ${daemon.pid}`);
  }
}

/** Keeps `count` connections waiting until disposed of. */
export async function hold(
  program: string,
  daemon: Daemon,
  count: number,
): Promise<AsyncDisposable> {
  const child = new Deno.Command(program, {
    args: [
      ...["--socket", daemon.socket],
      ...["--in-flight", "0"],
      ...["--waiting", `${count}`],
      ...["--seconds", "3600"],
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const first = await reader.read();
  if (first.done) {
    await child.status;
    throw new Error(`${daemon.name} did not take ${count} waiting connections`);
  }
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await reader.cancel();
      await child.status;
    },
  };
}
