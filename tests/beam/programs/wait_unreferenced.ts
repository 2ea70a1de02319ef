/** Waits for messages, a hang-up and room, none of which will come; ends at once if nobody is kept by that. */
import { Beam } from "../../../mod.ts";

const [left, right] = Beam.pair({ framed: true });
if (Deno.args[0] === "unref") left.unref();
let sent = 0;
const fill = async (): Promise<void> => {
  for (;; sent++) await left.send(new Uint8Array(10_000));
};
if (Deno.args[0] !== "nothing") {
  left.receive();
  left.hangup();
  fill();
}
setTimeout(() => {
  console.log(sent > 0 || Deno.args[0] === "nothing" ? "waits" : "has not sent");
  if (Deno.args[0] === "ref") setTimeout(() => right.close(), 100);
}, 50);
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  console.log("told");
});
