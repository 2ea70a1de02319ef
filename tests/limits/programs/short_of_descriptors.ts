/**
 * Measures all limits, then again where there is room for so many descriptors
 * only: prints both as JSON.
 *
 * @module
 */

import { Fd, type Limit, probeLimits } from "ipcx";
import { native } from "../../../src/core/native.ts";

function fill(): Fd[] {
  const fds: Fd[] = [];
  for (;;) {
    const number = native.ipcx_duplicate(0);
    if (number < 0) return fds;
    fds.push(new Fd(number));
  }
}

const before = probeLimits();
const fds = fill();
for (const fd of fds.splice(0, Number(Deno.args[0]))) fd.close();
let short: Limit[];
try {
  short = probeLimits();
} finally {
  for (const fd of fds) fd.close();
}
console.log(JSON.stringify({ before, short }));
