/**
 * Beams with copying between them.
 *
 * @module
 */

import { Beam, type BeamPairOptions, copy } from "ipcx";
import { pipeWith, textsOf } from "./descriptors.ts";

/** A sender, a receiver, and the beams between them; all closed at the end of a `using` block. */
export class Chain implements Disposable {
  /** Where messages go in. */
  readonly sender: Beam;
  /** Where they come out. */
  readonly receiver: Beam;
  /** What each hop copies from and to. */
  readonly hops: [from: Beam, to: Beam][] = [];

  /** Makes a chain of pairs, each with its way to speak. */
  constructor(first: BeamPairOptions, ...others: BeamPairOptions[]) {
    const [sender, end] = Beam.pair(first);
    this.sender = sender;
    let last = end;
    for (const options of others) {
      const [to, next] = Beam.pair(options);
      this.hops.push([last, to]);
      last = next;
    }
    this.receiver = last;
  }

  /** Copies over every hop, until the end of what is sent. */
  copy(): Promise<unknown> {
    return Promise.all(this.hops.map(([from, to]) => copy(from, to)));
  }

  /** Closes all. */
  [Symbol.dispose](): void {
    for (const beam of [this.sender, this.receiver, ...this.hops.flat()]) beam.close();
  }
}

/** Sends a message, with a pipe for each text that holds it. */
export async function sendWith(beam: Beam, data: string, ...texts: string[]): Promise<void> {
  using fds = new DisposableStack();
  await beam.send(data, texts.map((text) => fds.use(pipeWith(text))));
}

/** Receives all messages, and reads their pipes. */
export async function textsFrom(beam: Beam): Promise<[string, string[]][]> {
  const messages: [string, string[]][] = [];
  for await (const message of beam) messages.push([message.text, textsOf(message)]);
  return messages;
}
