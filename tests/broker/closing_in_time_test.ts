import { assert } from "@std/assert";
import { UnixSocket } from "ipcx";
import { claim } from "../claim.ts";
import { EmbeddedBroker } from "./embedded_broker.ts";
import { assertPairedWith, RawClient } from "./raw_client.ts";

const MAX_MS = 10_000;

/** Sends a byte back and forth without a pause, so that something is ready all the time. */
class Traffic implements AsyncDisposable {
  #over = false;
  readonly #ends = UnixSocket.pair();
  readonly #players = this.#ends.map((end) => this.#play(end));

  async #play(end: UnixSocket): Promise<void> {
    while (!this.#over) {
      await end.send(".");
      await end.receive();
    }
    await end.send(".");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await Promise.all(this.#players);
    for (const end of this.#ends) end.close();
  }
}

claim("connections that are done with are closed soon, however busy the process is", async () => {
  using server = new EmbeddedBroker();
  await using _traffic = new Traffic();
  using one = await RawClient.ask(server.address, "k");
  using other = await RawClient.ask(server.address, "k");
  await assertPairedWith(one, other);
  const started = performance.now();
  await one.refusal();
  await other.refusal();
  const waited = performance.now() - started;
  assert(waited < MAX_MS, `${waited} ms`);
});
