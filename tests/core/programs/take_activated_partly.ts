/** Is started with fewer sockets than announced, and tells how many stay open. */
import { takeActivatedFds } from "../../../src/core/activation.ts";
import { openNumbers, targetOf } from "../open_descriptors.ts";

const sockets = (): string[] =>
  openNumbers().filter((number) => number >= 3).map(targetOf).filter((to) => to.startsWith("socket:"));
const given = [3, 4].map(targetOf);
try {
  takeActivatedFds();
  console.log("no error");
} catch (error) {
  console.log(`${(error as Error).name}, ${sockets().filter((target) => given.includes(target)).length} open`);
}
