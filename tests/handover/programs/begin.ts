/** Wants to take over at a first address, and is the first at a second one. */
import { Handover, HandoverError } from "ipcx";

const [served, free] = Deno.args;
try {
  await Handover.begin(served);
} catch (error) {
  console.error(error instanceof HandoverError ? `${error.reason}: ${error.message}` : error);
}
const handover = await Handover.begin(free);
await handover.ready();
console.error("squats");
await handover.replaced;
