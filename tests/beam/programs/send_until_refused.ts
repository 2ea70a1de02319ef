/** Sends descriptors that nobody receives until the kernel refuses one more, then receives them. */
import { Beam, BeamError, type BeamPairOptions, SystemError } from "../../../mod.ts";

const options: BeamPairOptions = JSON.parse(Deno.args[0]);
const many = Number(Deno.args[1]);

function codeOf(error: unknown): string {
  if (error instanceof BeamError || error instanceof SystemError) return error.code;
  throw error;
}

const [sender, receiver] = Beam.pair(options);
let sent = 0;
let refused = "";
while (refused === "") {
  await sender.send("x", sender.fd).then(() => sent++, (error) => refused = codeOf(error));
}
let received = 0;
for (; received < sent; received++) (await receiver.receive())![Symbol.dispose]();
await sender.send("again", sender.fd);
using again = (await receiver.receive())!;
const outcome = { sent, refused, again: again.fds.length, many: "", later: "", atReceiver: "" };
if (many > 0) {
  const fds = Array.from({ length: many }, () => sender.fd);
  outcome.many = await sender.send("many", fds).then(() => "sent", codeOf);
  outcome.later = await sender.send("later").then(() => "sent", codeOf);
  outcome.atReceiver = await receiver.receive().then((message) => message?.text ?? "end", codeOf);
}
console.log(JSON.stringify(outcome));
