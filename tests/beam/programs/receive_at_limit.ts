/** Receives when no descriptor is left, and again when there are some; tells what came of it. */
import { Beam, BeamError, type BeamPairOptions, type Fd, SystemError } from "../../../mod.ts";
import { startReactor } from "../../../src/core/reactor.ts";
import { countOpen, openRuntimesOwn } from "../../core/open_descriptors.ts";

openRuntimesOwn();
startReactor();

type Outcome = (string | number | boolean)[];

const options: BeamPairOptions = JSON.parse(Deno.args[0]);

/** Runs something when only so many more descriptors can be opened. */
async function withRoomFor<Result>(room: number, run: () => Promise<Result>): Promise<Result> {
  const [beam, other] = Beam.pair();
  const copies: Fd[] = [];
  try {
    for (;;) copies.push(beam.fd.duplicate());
  } catch {
    // No descriptor is left.
  }
  for (const copy of copies.splice(0, room)) copy.close();
  try {
    return await run();
  } finally {
    for (const owned of [...copies, beam, other]) owned.close();
  }
}

/** What one message, or the attempt to receive it, came to. */
async function receive(beam: Beam): Promise<Outcome> {
  try {
    using message = await beam.receive();
    return message === null ? ["end"] : [message.data.length, message.fds.length, message.controlTruncated];
  } catch (error) {
    if (error instanceof BeamError) return [error.code, error.data?.length ?? "no data", beam.isOpen];
    if (error instanceof SystemError) return [error.code];
    throw error;
  }
}

/** Sends something, receives all of it at the limit, and a message with a descriptor when there is room again. */
async function attempt(room: number, sizes: [size: number, fds: number][]): Promise<[Outcome[], leaked: number]> {
  const [sender, receiver] = Beam.pair(options);
  for (const [size, fds] of sizes) {
    await sender.send(new Uint8Array(size), Array.from({ length: fds }, () => sender.fd));
  }
  const before = countOpen();
  const outcomes = await withRoomFor(room, async () => {
    const outcomes = [];
    for (const _size of sizes) outcomes.push(await receive(receiver));
    return outcomes;
  });
  // The memory of large messages stays with the receiver.
  const leaked = countOpen() - before;
  if (receiver.isOpen) {
    await sender.send("again", sender.fd);
    outcomes.push(await receive(receiver));
  }
  sender.close();
  receiver.close();
  return [outcomes, leaked];
}

/** Sends something large when there is no descriptor for its memory, and again when there is. */
async function attemptToSend(): Promise<Outcome[]> {
  const [sender, receiver] = Beam.pair(options);
  const sending = withRoomFor(0, () => sender.send(new Uint8Array(500_000)));
  const received = receive(receiver);
  const sent = await sending.then((): Outcome => ["sent"], (error): Outcome => [error.code]);
  const outcomes = [sent, await received];
  const before = countOpen();
  await sender.send(new Uint8Array(500_000), sender.fd);
  outcomes.push(await receive(receiver), [countOpen() - before]);
  sender.close();
  receiver.close();
  return outcomes;
}

const results: Record<string, unknown> = {
  one: await attempt(0, [[5, 1], [6, 0]]),
  ahead: await attempt(5, Array(30).fill([5, 1])),
};
if (options.framed || options.type === "seqpacket") {
  results.some = await attempt(20, [[5, 253], [6, 0]]);
  results.lots = await attempt(20, [[5, 600], [6, 0]]);
  results.large = await attempt(1, [[100_000, 3], [6, 0]]);
  results.memory = await attempt(0, [[100_000, 0]]);
  results.sender = await attemptToSend();
}
console.log(JSON.stringify(results));
