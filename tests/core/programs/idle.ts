/** Awaits a hundred sockets for a second, and tells how much processor time that took. */
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
await new Promise((resolve) => setTimeout(resolve, 1000));
const used = ticks() - before;
for (const [, right] of pairs) await right.send("x");
const served = (await Promise.all(receiving)).filter((message) => message?.text === "x").length;
for (const socket of pairs.flat()) socket.close();
console.log(JSON.stringify({ ticks: used, served }));
