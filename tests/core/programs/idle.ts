/**
 * Awaits a hundred sockets for a second, expecting something now and then if told
 * so, and tells how much processor time that took.
 */
import { expectEvent } from "../../../src/core/reactor.ts";
import { UnixSocket } from "../../../src/core/socket.ts";

function ticks(): number {
  const fields = Deno.readTextFileSync("/proc/self/stat").split(") ")[1].split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

const pairs = Array.from({ length: 100 }, () => UnixSocket.pair());
const receiving = pairs.map(([left]) => left.receive());
// The runtime's own start, its collector above all, is not what is measured.
await new Promise((resolve) => setTimeout(resolve, 300));
const before = ticks();
const expecting = Deno.args.includes("expecting") ? setInterval(() => expectEvent(0.4), 20) : undefined;
await new Promise((resolve) => setTimeout(resolve, 1000));
clearInterval(expecting);
const used = ticks() - before;
for (const [, right] of pairs) await right.send("x");
const served = (await Promise.all(receiving)).filter((message) => message?.text === "x").length;
for (const socket of pairs.flat()) socket.close();
console.log(JSON.stringify({ ticks: used, served }));
